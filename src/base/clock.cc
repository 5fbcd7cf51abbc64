#include "base/clock.h"

namespace tidemark {

WallTime SystemClock::now() const {
  return std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
}

}  // namespace tidemark
