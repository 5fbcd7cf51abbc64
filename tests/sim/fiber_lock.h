// A lock between fibers: whoever waits for it lets others go on.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "base/lock.h"
#include "sim/fibers.h"

namespace tidemark::sim {

class FiberLock final : public Lock {
 public:
  explicit FiberLock(Fibers& fibers) : fibers_(fibers) {}

  // In a killed process nobody waits any more.
  void lock() override {
    while (held_ && !fibers_.killed()) {
      waiting_.push_back(fibers_.waker());
      fibers_.wait_until([this] { return !held_; });
    }
    held_ = true;
  }
  void unlock() override {
    held_ = false;
    for (const auto& wake : std::exchange(waiting_, {})) wake();
  }

 private:
  Fibers& fibers_;
  bool held_ = false;
  std::vector<std::function<void()>> waiting_;
};

}  // namespace tidemark::sim
