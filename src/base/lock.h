// A lock whose holder may wait for the network. A mutex, but where everything runs in one thread:
// there, whoever waits for it has to let others go on.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

namespace tidemark {

// For std::lock_guard.
class Lock {
 public:
  virtual ~Lock() = default;
  virtual void lock() = 0;
  virtual void unlock() = 0;
};

class MutexLock final : public Lock {
 public:
  void lock() override { mutex_.lock(); }
  void unlock() override { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

using LockFactory = std::function<std::unique_ptr<Lock>()>;

}  // namespace tidemark
