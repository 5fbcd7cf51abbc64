// Readings of a wall clock, and the arithmetic on them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/clock.h"

namespace tidemark {

// A wall clock reading as seconds since 1970-01-01T00:00:00 on that same clock: arithmetic on it is
// nominal (a day is 86,400 seconds), it becomes an instant only through a zone.
using LocalSeconds = std::int64_t;

inline constexpr LocalSeconds kSecondsPerDay = 86'400;
inline constexpr LocalSeconds kLastLocalSecond = 253'402'300'799;  // 9999-12-31T23:59:59

std::string format_date(LocalSeconds local);       // 2025-12-16
std::string format_date_time(LocalSeconds local);  // 2025-12-16T12:00:00

LocalSeconds start_of_day(LocalSeconds local);
std::chrono::year_month_day date_of(LocalSeconds local);
LocalSeconds at_midnight(std::chrono::year_month_day date);

inline WallTime to_wall_time(std::int64_t seconds) {
  return WallTime{std::chrono::seconds{seconds}};
}
inline std::int64_t to_seconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace tidemark
