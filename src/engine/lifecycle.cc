// The thread that turns the loop, and how it ends.
#include <pthread.h>

#include <algorithm>

#include "engine/engine_impl.h"
#include "engine/engine_limits.h"

namespace tidemark {
namespace {

constexpr milliseconds kFirstRetryPause{20};
constexpr milliseconds kLongestRetryPause{1000};
// The longest nap while a timer is set: the injected clock may jump, and nobody tells.
constexpr milliseconds kLongestNap{500};

}  // namespace

void Engine::start() {
  const std::lock_guard lock(impl_->mutex_);
  if (impl_->threaded_ || impl_->stopping_) return;
  impl_->threaded_ = true;
  impl_->thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "engine");  // for top, perf and core dumps
    impl_->run(Impl::Mode::overlapping);
  });
}

void Engine::Impl::run(Mode mode) {
  while (true) {
    std::uint64_t seen = 0;
    {
      const std::lock_guard lock(mutex_);
      seen = arrivals_;
      const bool done = inbox_.empty() && abandoned_.empty() && published_.running == 0 &&
                        flight_ == Flight::none;
      if (stopping_ && (done || std::chrono::steady_clock::now() >= stop_deadline_)) return;
    }
    const auto turned = turn(mode);
    if (wait_while_committing(!turned.full && !turned.retry_soon)) continue;
    if (turned.retry_soon || !turned.did_something) wait_for_work(seen, turned.retry_soon);
  }
}

// For the commit in flight, or until there is enough to step meanwhile. False: nothing is in
// flight.
bool Engine::Impl::wait_while_committing(bool collect) {
  std::unique_lock lock(mutex_);
  if (flight_ == Flight::none) return false;
  collecting_ = collect;
  wake_.wait(lock, [&] {
    return flight_ != Flight::committing || (collect && inbox_.size() >= engine::kWorthWaking);
  });
  collecting_ = false;
  return true;
}

void Engine::Impl::wait_for_work(std::uint64_t seen, bool retry) {
  std::unique_lock lock(mutex_);
  using SteadyTime = std::chrono::steady_clock::time_point;
  SteadyTime until = SteadyTime::max();
  const auto nap = [&](milliseconds pause) {
    until = std::min(until, std::chrono::steady_clock::now() + pause);
  };
  if (retry) {
    retry_pause_ = std::clamp(retry_pause_ * 2, kFirstRetryPause, kLongestRetryPause);
    nap(retry_pause_);
  } else {
    retry_pause_ = milliseconds{0};
  }
  if (published_.next_timer && !stopping_) {
    nap(std::clamp(*published_.next_timer - clock_.now(), milliseconds{retry ? 20 : 0},
                   kLongestNap));
  }
  const bool was_stopping = stopping_;
  if (was_stopping) until = std::min(until, stop_deadline_);
  const auto something_new = [&] {
    const bool left = !retry && !inbox_.empty();
    return arrivals_ != seen || left || !abandoned_.empty() || stopping_ != was_stopping;
  };
  asleep_ = true;
  if (until == SteadyTime::max()) {
    wake_.wait(lock, something_new);
  } else {
    wake_.wait_until(lock, until, something_new);
  }
  asleep_ = false;
}

void Engine::Impl::stop(std::chrono::milliseconds deadline) {
  {
    std::unique_lock lock(mutex_);
    if (stopping_) {
      news_.wait(lock, [&] { return finished_; });
      return;
    }
    stopping_ = true;
    stop_deadline_ = std::chrono::steady_clock::now() + deadline;
    port_->stopping = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) {
    thread_.join();
  } else {
    run(Mode::one_by_one);
  }
  finish();
}

void Engine::Impl::finish() {
  // A submitter may be turning the loop: what it puts back must not come after the end.
  std::unique_lock turn(turn_mutex_, std::defer_lock);
  if (!turned_by_me()) {
    turn.lock();
    owner_ = std::this_thread::get_id();
    finish_started();
    owner_ = std::thread::id();
  }
  Works left;
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    left = inbox_.take(inbox_.size(), SIZE_MAX);
  }
  for (auto& work : left) {
    work->answer(fail(Errc::cancelled, "the engine stopped before this input was stepped"));
  }
  metrics_.flush();
  port_->close();
  news_.notify_all();
}

}  // namespace tidemark
