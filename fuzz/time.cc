// Times, durations, sizes, schedules and recurrence rules from people and calendars.
#include "base/text.h"
#include "delivery/retry_schedule.h"
#include "net/http.h"
#include "sync/icalendar/rule.h"
#include "sync/icalendar/times.h"
#include "target.h"

namespace tidemark::fuzz {
namespace {

void check_settings(std::string_view text) {
  if (const auto time = parse_rfc3339(text)) {
    const auto again = parse_rfc3339(format_rfc3339(*time));
    require(again == *time, "a time comes back");
  }
  if (const auto duration = parse_duration(text)) {
    require(parse_duration(format_duration(*duration)) == *duration, "a duration comes back");
    require(duration->count() >= 0, "a duration has no sign");
  }
  if (const auto size = parse_size(text)) static_cast<void>(format_size(*size));
  if (const auto schedule = delivery::parse_retry_schedule(text)) {
    require(!schedule->delays.empty() && schedule->delays.size() <= delivery::kMaxAttempts,
            "attempts are limited");
    for (const auto delay : schedule->delays) {
      require(delay >= milliseconds{0} && delay <= delivery::kLongestRetryDelay,
              "delays are limited");
    }
  }
  require(is_valid_utf8(to_valid_utf8(text)), "any text becomes UTF-8");
  require(!is_valid_utf8(text) || to_valid_utf8(text) == text, "UTF-8 stays as it is");
  if (const auto wait = retry_after({{"Retry-After", std::string(text)}}, WallTime{})) {
    require(*wait >= std::chrono::seconds{0} && *wait <= std::chrono::days{7},
            "a wait is reasonable");
  }
}

void check_calendar_values(std::string_view text) {
  namespace ical = icalendar;
  if (const auto time = ical::parse_time_value(text)) {
    require(time->local <= kLastLocalSecond, "years have four digits");
    const auto shown =
        time->is_date ? format_date(time->local) : format_date_time(time->local);
    require(ical::parse_formatted(shown) == time->local, "a local time comes back");
  }
  if (const auto duration = ical::parse_duration_value(text)) {
    require(std::abs(duration->days) <= 36'600, "durations are limited");
  }
  if (const auto offset = ical::parse_utc_offset(text)) {
    require(std::abs(*offset) < kSecondsPerDay, "offsets are less than a day");
  }
}

void check_rule(std::string_view text) {
  namespace ical = icalendar;
  const auto rule = ical::Rule::parse(text);
  if (!rule || rule->unsupported) return;
  constexpr LocalSeconds kStart = 1'735'689'600;  // 2025-01-01
  constexpr std::uint64_t kSteps = 20'000;
  ical::RuleIterator all(*rule, {kStart, false}, kStart, std::nullopt, kSteps);
  std::vector<LocalSeconds> times;
  while (times.size() < 50) {
    const auto time = all.next();
    if (!time) break;
    require(*time >= kStart && *time <= kLastLocalSecond, "times are after DTSTART");
    require(times.empty() || *time > times.back(), "times ascend");
    times.push_back(*time);
  }
  require(all.steps() <= 2 * kSteps, "a rule comes to an end");
  if (times.size() < 10 || all.exhausted()) return;
  // Jumping ahead leaves nothing out.
  ical::RuleIterator later(*rule, {kStart, false}, times[5], std::nullopt, kSteps);
  std::optional<LocalSeconds> time;
  do {
    time = later.next();
  } while (time && *time < times[5]);
  for (std::size_t i = 5; i < times.size() && time; ++i, time = later.next()) {
    require(*time == times[i], "a jump leads to the same times");
  }
}

// Against the simplest matcher there is.
bool matches_simply(std::string_view pattern, std::string_view text) {
  std::vector<bool> reached(text.size() + 1, false);
  reached[0] = true;
  for (const char each : pattern) {
    std::vector<bool> next(text.size() + 1, false);
    for (std::size_t i = 0; i <= text.size(); ++i) {
      if (each == '*') {
        next[i] = reached[i] || (i > 0 && next[i - 1]);
      } else {
        next[i] = i > 0 && reached[i - 1] && (each == '?' || each == text[i - 1]);
      }
    }
    reached = std::move(next);
  }
  return reached[text.size()];
}

void check_glob(std::string_view bytes) {
  if (bytes.size() > 200) return;
  const std::size_t half = bytes.find(' ');
  if (half == std::string_view::npos) return;
  const auto pattern = bytes.substr(0, half);
  const auto text = bytes.substr(half + 1);
  require(glob_match(pattern, text) == matches_simply(pattern, text), "both matchers agree");
}

}  // namespace

TIDEMARK_FUZZ_TARGET(time) {
  check_settings(bytes);
  check_calendar_values(bytes);
  check_rule(bytes);
  check_glob(bytes);
}

}  // namespace tidemark::fuzz
