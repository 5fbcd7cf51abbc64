#include "engine/waiter.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace tidemark::engine {
namespace {

// Measured: waking one of so many keeps the loop free and still has the inbox filled soon.
constexpr std::size_t kGroup = 8;

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

void block(std::atomic<std::uint32_t>& word, std::uint32_t expected, const timespec* timeout) {
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, timeout, nullptr, 0);
}

void wake_one(std::atomic<std::uint32_t>& word) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace

void Waiter::answer(Result<Receipt> result) {
  result_ = std::move(result);
  wake();
}

void Waiter::wake() {
  if (state_.exchange(kAnswered, std::memory_order_acq_rel) == kBlocked) wake_one(state_);
}

bool Waiter::wait_for(std::chrono::milliseconds timeout) {
  std::uint32_t state = kEmpty;
  state_.compare_exchange_strong(state, kBlocked, std::memory_order_acquire);
  if (!answered()) {
    const timespec time{timeout.count() / 1000, timeout.count() % 1000 * 1'000'000};
    block(state_, kBlocked, &time);
  }
  return answered();
}

Result<Receipt> Waiter::wait() {
  std::uint32_t state = kEmpty;
  state_.compare_exchange_strong(state, kBlocked, std::memory_order_acquire);
  while (!answered()) block(state_, kBlocked, nullptr);
  for (Waiter* next : next_) {
    if (next != nullptr) next->wake();
  }
  return std::move(result_);
}

void WakeTree::add(Waiter& waiter, Result<Receipt> result) {
  waiter.result_ = std::move(result);
  waiters_.push_back(&waiter);
}

void WakeTree::wake() {
  for (std::size_t leader = 0; leader < waiters_.size(); leader += kGroup) {
    const std::size_t size = std::min(kGroup, waiters_.size() - leader);
    // The others of the group hang below the leader as in a binary heap.
    for (std::size_t i = 1; i < size; ++i) {
      waiters_[leader + (i - 1) / 2]->next_[(i - 1) % 2] = waiters_[leader + i];
    }
    waiters_[leader]->wake();
  }
  waiters_.clear();
}

}  // namespace tidemark::engine
