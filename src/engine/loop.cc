// One turn of the loop: gather, step, have it committed.
#include <algorithm>

#include "base/log.h"
#include "base/mutation.h"
#include "engine/engine_impl.h"

namespace tidemark {

using engine::Outcome;

namespace {

constexpr std::size_t kDedupeSweep = 64;  // keys looked at per batch
// While a batch may leave before all that is waiting has been stepped.
constexpr std::size_t kTakenAtOnce = 32;

}  // namespace

Engine::Impl::Turned Engine::Impl::turn(Mode mode) {
  if (turned_by_me()) return {turn_as_owner(Mode::one_by_one), false};
  const std::lock_guard turn(turn_mutex_);
  return turn_locked(mode);
}

Engine::Impl::Turned Engine::Impl::turn_locked(Mode mode) {
  owner_ = std::this_thread::get_id();
  {
    const std::lock_guard lock(mutex_);
    turning_ = true;
  }
  retry_soon_ = false;
  const bool did_something = turn_as_owner(mode);
  const Turned turned{did_something, retry_soon_, full()};
  owner_ = std::thread::id();
  const std::lock_guard lock(mutex_);
  turning_ = false;
  if (idle_locked()) news_.notify_all();
  return turned;
}

bool Engine::Impl::turn_as_owner(Mode mode) {
  bool did_something = false;
  if (in_flight_ && (mode == Mode::one_by_one || has_returned())) {
    did_something = mode == Mode::one_by_one ? finish_started() : land(mode);
    // Failed: there may have to be a pause before anything is tried again.
    if (!did_something) return false;
  }
  const WallTime now = clock_.now();
  if (auto works = gather(now, mode); !works.empty()) step_all(std::move(works), now, mode);
  if (open_ && !in_flight_ && commit_open(mode)) did_something = true;
  if (start_effects()) did_something = true;
  const std::lock_guard lock(mutex_);
  publish_locked();
  return did_something;
}

Engine::Impl::Works Engine::Impl::gather(WallTime now, Mode mode) {
  std::vector<std::string> abandoned;
  bool stopping = false;
  {
    const std::lock_guard lock(mutex_);
    abandoned.swap(abandoned_);
    stopping = stopping_;
    limit_time_ = threaded_;
  }
  for (const auto& key : abandoned) {
    dispatcher_.parked(key);
    metrics_.effect_ended(key, "abandoned");
  }
  Works due;
  if (!stopping) {
    if (auto taken = timers_.take_due(now)) {
      due = *std::move(taken);
    } else {
      retry_soon_ = true;
      log::error("timers cannot be read and fire late",
                 {.error_code = name(taken.error().code), .detail = taken.error().message});
    }
  }
  const std::lock_guard lock(mutex_);
  for (auto& work : due) inbox_.push(std::move(work));
  return inbox_.take(room(mode), options_.max_batch_bytes);
}

// False: not now, something of its instance has to be tried again before it.
bool Engine::Impl::step_one(std::unique_ptr<Work>& work) {
  if (const auto held = held_.find(work->input.instance.value); held != held_.end()) {
    if (work->retried()) return false;
    work->result = fail(held->second);
    open_->items.push_back({std::move(work), Outcome::failed, true});
    return true;
  }
  const auto begun = std::chrono::steady_clock::now();
  const Outcome outcome = stepper_.step(*work);
  const auto took = std::chrono::steady_clock::now() - begun;
  open_->stepping += took;
  metrics_.step_took(work->input.instance.kind(), took);
  if (outcome == Outcome::failed && work->retried() && retryable(work->result.error().code)) {
    held_.emplace(work->input.instance.value, work->result.error());
    return false;
  }
  open_->items.push_back({std::move(work), outcome});
  return true;
}

// The clock has stepped back while the timer waited for a disk that failed. A machine may rely on
// it that its timer's time has come.
bool Engine::Impl::not_due_any_more(const Work& work, WallTime now) {
  if (!work.timer_due || *work.timer_due <= now) return false;
  if (mutated(Mutation::timer_fires_early) || mutated(Mutation::timer_fires_after_step_back)) {
    return false;
  }
  timers_.give_back(work);
  return true;
}

// Into the open batch. What does not get into it goes back to where it came from.
void Engine::Impl::step_all(Works works, WallTime now, Mode mode) {
  held_.clear();
  if (open_) {
    stepper_.go_on(now);
  } else {
    open_.emplace();
    open_->items.reserve(works.size());
    stepper_.begin(in_flight_ ? in_flight_->outcome.last : durable_, now);
    stepper_.sweep_dedupe(kDedupeSweep);
  }
  open_->now = now;
  Works later;
  // What arrives while the batch is being stepped still gets into it: fuller batches, fewer syncs.
  for (; !works.empty(); works = take_more(mode, later)) {
    for (auto& work : works) {
      if (not_due_any_more(*work, now)) continue;
      const bool over = !open_->items.empty() && full();
      if (over || !step_one(work)) later.push_back(std::move(work));
    }
  }
  put_back(std::move(later));
  for (const auto& [instance, error] : held_) {
    retry_soon_ = true;
    for (auto& work : refuse_behind({instance}, error)) {
      open_->items.push_back({std::move(work), Outcome::failed, true});
    }
  }
}

bool Engine::Impl::full() const {
  return open_ && (open_->items.size() >= options_.max_batch_inputs ||
                   stepper_.batch().bytes() > options_.max_batch_bytes ||
                   (limit_time_ && open_->stepping > options_.max_batch_stepping));
}

// How many inputs to take. Few at a time when the batch may leave before all of them are stepped.
std::size_t Engine::Impl::room(Mode mode) const {
  if (full()) return 0;
  const auto left = options_.max_batch_inputs - (open_ ? open_->items.size() : 0);
  return mode == Mode::overlapping ? std::min(left, kTakenAtOnce) : left;
}

Engine::Impl::Works Engine::Impl::take_more(Mode mode, const Works& later) {
  if (!later.empty() || full()) return {};
  if (mode == Mode::overlapping && !in_flight_ && ripe(*open_)) return {};
  const std::lock_guard lock(mutex_);
  if (flight_ == Flight::returned) return {};
  return inbox_.take(room(mode), options_.max_batch_bytes);
}

}  // namespace tidemark
