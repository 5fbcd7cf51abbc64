// Time that moves only when a test says so. Thread-safe.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace tidemark::test {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start = WallTime{std::chrono::milliseconds{1'765'886'400'000}})
      : now_(start.time_since_epoch().count()) {}

  WallTime now() const override { return WallTime{std::chrono::milliseconds{now_.load()}}; }
  void advance(std::chrono::milliseconds by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_;
};

}  // namespace tidemark::test
