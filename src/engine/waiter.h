// Where callers block until their inputs are durable, and how many of them are woken at once.
// Waking a thread costs as much as a small step, so the loop wakes one of each group, and who is
// woken wakes two more of it before going on.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"

namespace tidemark::engine {

// One caller's place. Answered once; may be gone as soon as the answer is seen.
class Waiter {
 public:
  Waiter() = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  void answer(Result<Receipt> result);
  bool answered() const { return state_.load(std::memory_order_acquire) == kAnswered; }
  // False when the time passed without an answer.
  bool wait_for(std::chrono::milliseconds timeout);
  // To be called once by everyone who was answered, too: others may wait to be woken by it.
  Result<Receipt> wait();

 private:
  friend class WakeTree;
  static constexpr std::uint32_t kEmpty = 0;
  static constexpr std::uint32_t kBlocked = 1;
  static constexpr std::uint32_t kAnswered = 2;
  void wake();

  // A futex word. Waking it needs its address only, so the waiter may be gone by then.
  std::atomic<std::uint32_t> state_ = kEmpty;
  Result<Receipt> result_{};
  std::array<Waiter*, 2> next_{};
};

// Answers many waiters with little to do for the caller.
class WakeTree {
 public:
  void add(Waiter& waiter, Result<Receipt> result);
  // None of the added is answered before this.
  void wake();

 private:
  std::vector<Waiter*> waiters_;
};

}  // namespace tidemark::engine
