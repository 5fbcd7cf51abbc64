// Dates, times and durations of RFC 5545 3.3, read strictly.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "zones/local_time.h"

namespace tidemark::icalendar {

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

// What format_date() and format_date_time() wrote; nothing for other text.
std::optional<LocalSeconds> parse_formatted(std::string_view text);

}  // namespace tidemark::icalendar
