// Dates, times and durations of RFC 5545 3.3, read strictly, and the arithmetic on local times.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace tidemark::icalendar {

// A wall clock reading as seconds since 1970-01-01T00:00:00 on that same clock: arithmetic on it is
// nominal (a day is 86,400 seconds), it becomes an instant only through a zone.
using LocalSeconds = std::int64_t;

inline constexpr LocalSeconds kSecondsPerDay = 86'400;
inline constexpr LocalSeconds kLastLocalSecond = 253'402'300'799;  // 9999-12-31T23:59:59

struct TimeValue {
  LocalSeconds local = 0;
  bool is_date = false;
  bool is_utc = false;  // ended with Z
};

// "20251216", "20251216T120000", "20251216T120000Z". Years 1 to 9999; a leap second counts as :59.
// Nothing for anything else, impossible dates included.
std::optional<TimeValue> parse_time_value(std::string_view text);

struct Duration {
  std::int64_t days = 0;     // nominal: weeks and days
  std::int64_t seconds = 0;  // exact: hours, minutes and seconds
};

// "P1DT2H", "-PT15M", "P2W". At most 100 years either way.
std::optional<Duration> parse_duration_value(std::string_view text);

// "+0530", "-080000": seconds east of UTC, less than a day.
std::optional<std::int32_t> parse_utc_offset(std::string_view text);

std::string format_date(LocalSeconds local);       // 2025-12-16
std::string format_date_time(LocalSeconds local);  // 2025-12-16T12:00:00
// The reverse of both; nothing for other text.
std::optional<LocalSeconds> parse_formatted(std::string_view text);

LocalSeconds start_of_day(LocalSeconds local);
std::chrono::year_month_day date_of(LocalSeconds local);
LocalSeconds at_midnight(std::chrono::year_month_day date);

inline WallTime to_wall_time(std::int64_t seconds) {
  return WallTime{std::chrono::seconds{seconds}};
}
inline std::int64_t to_seconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace tidemark::icalendar
