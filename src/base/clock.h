// Time enters Tidemark only through a Clock, so that a test or a simulation owns it.
#pragma once

#include <chrono>

namespace tidemark {

// Milliseconds since 1970-01-01T00:00:00Z, leap seconds ignored (POSIX time).
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
using std::chrono::milliseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() const = 0;  // thread-safe
};

class SystemClock final : public Clock {
 public:
  WallTime now() const override;
};

}  // namespace tidemark
