#include "sync/icalendar/times.h"

#include <algorithm>

#include "base/text.h"

namespace tidemark::icalendar {
namespace {

constexpr std::int64_t kLongestDurationDays = 36'525;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Exactly `count` digits from the front.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

std::optional<std::int64_t> take_number(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  if (count == 0 || count > 9) return std::nullopt;
  return take_digits(text, count);
}

std::optional<LocalSeconds> make_date(int year, int month, int day) {
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (year < 1 || !date.ok()) return std::nullopt;
  return at_midnight(date);
}

std::optional<LocalSeconds> make_clock(int hour, int minute, int second) {
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return hour * 3600 + minute * 60 + std::min(second, 59);
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<TimeValue> parse_time_value(std::string_view text) {
  text = trim(text);
  const auto year = take_digits(text, 4);
  const auto month = year ? take_digits(text, 2) : std::nullopt;
  const auto day = month ? take_digits(text, 2) : std::nullopt;
  if (!day) return std::nullopt;
  const auto date = make_date(*year, *month, *day);
  if (!date) return std::nullopt;
  if (text.empty()) return TimeValue{*date, true, false};
  if (!take(text, 'T') && !take(text, 't')) return std::nullopt;
  const auto hour = take_digits(text, 2);
  const auto minute = hour ? take_digits(text, 2) : std::nullopt;
  const auto second = minute ? take_digits(text, 2) : std::nullopt;
  if (!second) return std::nullopt;
  const auto clock = make_clock(*hour, *minute, *second);
  const bool utc = take(text, 'Z') || take(text, 'z');
  if (!clock || !text.empty()) return std::nullopt;
  return TimeValue{*date + *clock, false, utc};
}

std::optional<Duration> parse_duration_value(std::string_view text) {
  text = trim(text);
  const bool negative = take(text, '-');
  if (!negative) take(text, '+');
  if (!take(text, 'P')) return std::nullopt;
  Duration duration;
  bool in_time = false;
  bool any = false;
  while (!text.empty()) {
    if (!in_time && take(text, 'T')) {
      in_time = true;
      continue;
    }
    const auto number = take_number(text);
    if (!number || text.empty()) return std::nullopt;
    const char unit = text.front();
    text.remove_prefix(1);
    if (!in_time && unit == 'W')
      duration.days += *number * 7;
    else if (!in_time && unit == 'D')
      duration.days += *number;
    else if (in_time && unit == 'H')
      duration.seconds += *number * 3600;
    else if (in_time && unit == 'M')
      duration.seconds += *number * 60;
    else if (in_time && unit == 'S')
      duration.seconds += *number;
    else
      return std::nullopt;
    any = true;
    if (duration.days > kLongestDurationDays ||
        duration.seconds > kLongestDurationDays * kSecondsPerDay) {
      return std::nullopt;
    }
  }
  if (!any) return std::nullopt;
  if (negative) duration = Duration{-duration.days, -duration.seconds};
  return duration;
}

std::optional<std::int32_t> parse_utc_offset(std::string_view text) {
  text = trim(text);
  const bool negative = take(text, '-');
  if (!negative && !take(text, '+')) return std::nullopt;
  const auto hours = take_digits(text, 2);
  const auto minutes = hours ? take_digits(text, 2) : std::nullopt;
  if (!minutes) return std::nullopt;
  const auto seconds = text.empty() ? std::optional<int>(0) : take_digits(text, 2);
  if (!seconds || !text.empty()) return std::nullopt;
  if (*hours > 23 || *minutes > 59 || *seconds > 59) return std::nullopt;
  const std::int32_t offset = *hours * 3600 + *minutes * 60 + *seconds;
  return negative ? -offset : offset;
}

std::optional<LocalSeconds> parse_formatted(std::string_view text) {
  std::string compact{text};
  std::erase(compact, '-');
  std::erase(compact, ':');
  const auto value = parse_time_value(compact);
  if (!value || value->is_utc) return std::nullopt;
  return value->local;
}

}  // namespace tidemark::icalendar
