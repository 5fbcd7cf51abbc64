#include "engine/timer_queue.h"

#include <algorithm>

#include "base/mutation.h"
#include "engine/keys.h"

namespace tidemark::engine {
namespace {

constexpr std::size_t kMaxInFlight = 256;

}  // namespace

std::string TimerQueue::key_of(const Work& work) {
  return timer_due_key(*work.timer_due, work.input.instance.value, work.input.payload);
}

Result<void> TimerQueue::recover() {
  count_ = 0;
  if (mutated(Mutation::timers_forgotten_on_recovery)) return {};
  return store_.scan(Table::timer, timer_due_prefix(), {},
                     [&](std::string_view key, std::string_view) {
                       if (count_++ == 0) {
                         if (const auto timer = parse_timer_due_key(key)) added(timer->due);
                       }
                       return true;
                     });
}

void TimerQueue::look_from(WallTime due, WallTime wake_at) {
  scan_from_ = std::min(scan_from_, due);
  wake_at_ = wake_at_ ? std::min(*wake_at_, wake_at) : wake_at;
}

void TimerQueue::added(WallTime due) {
  look_from(due, due);
}

void TimerQueue::count_changed(std::ptrdiff_t delta) {
  count_ = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(count_) + delta);
}

Result<std::vector<std::unique_ptr<Work>>> TimerQueue::take_due(WallTime now) {
  std::vector<std::unique_ptr<Work>> due;
  if (mutated(Mutation::timer_fires_early)) now += milliseconds{500};
  if (!wake_at_ || *wake_at_ > now) return due;
  WallTime from = WallTime::max();
  std::optional<WallTime> wake_at;
  const auto look = [&](WallTime at, WallTime wake) {
    from = std::min(from, at);
    wake_at = wake_at ? std::min(*wake_at, wake) : wake;
  };
  TM_TRY(store_.scan(Table::timer, timer_due_prefix(), timer_due_from(scan_from_),
                     [&](std::string_view key, std::string_view) {
                       const auto timer = parse_timer_due_key(key);
                       if (!timer || in_flight_.contains(key)) return true;
                       const auto deferral = deferred_.find(key);
                       if (deferral != deferred_.end() && deferral->second.until > now) {
                         look(timer->due, deferral->second.until);
                         return true;
                       }
                       if (timer->due > now || in_flight_.size() + due.size() >= kMaxInFlight) {
                         look(timer->due, timer->due);
                         return false;
                       }
                       auto work = std::make_unique<Work>();
                       work->source = Work::Source::timer;
                       work->input.instance.value = timer->instance;
                       work->input.type = kTimerFired;
                       work->input.payload = timer->name;
                       work->timer_due = timer->due;
                       due.push_back(std::move(work));
                       return true;
                     }));
  for (const auto& work : due) in_flight_.insert(key_of(*work));
  scan_from_ = from;
  wake_at_ = wake_at;
  return due;
}

void TimerQueue::settle(const Work& work) {
  const auto key = key_of(work);
  in_flight_.erase(key);
  deferred_.erase(key);
}

void TimerQueue::give_back(const Work& work) {
  in_flight_.erase(key_of(work));
  look_from(*work.timer_due, *work.timer_due);
}

void TimerQueue::defer(const Work& work, WallTime now) {
  const auto key = key_of(work);
  in_flight_.erase(key);
  auto& deferral = deferred_[key];
  const int doublings = std::min(deferral.failures++, 12);
  const auto pause =
      std::min<milliseconds>(std::chrono::seconds(1) * (1 << doublings), std::chrono::hours(1));
  deferral.until = now + pause;
  look_from(*work.timer_due, deferral.until);
}

}  // namespace tidemark::engine
