#include "sync/icalendar/rule.h"

#include <libical/ical.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "base/text.h"
#include "sync/icalendar/content_lines.h"

namespace tidemark::icalendar {
namespace {

constexpr std::size_t kLongestRule = 4'096;
constexpr std::int64_t kLargestInterval = 32'767;
constexpr std::int64_t kLargestCount = 1'000'000'000;

// The text of one part, such as "5" for INTERVAL.
std::optional<std::string_view> part(std::string_view rule, std::string_view name) {
  while (!rule.empty()) {
    const std::size_t end = std::min(rule.find(';'), rule.size());
    const std::string_view one = rule.substr(0, end);
    rule.remove_prefix(std::min(end + 1, rule.size()));
    const std::size_t equals = one.find('=');
    if (equals != std::string_view::npos &&
        equals_ignoring_case(trim(one.substr(0, equals)), name)) {
      return trim(one.substr(equals + 1));
    }
  }
  return std::nullopt;
}

// libical wraps numbers around; the text does not.
std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <std::size_t N>
std::vector<int> numbers(const short (&values)[N]) {
  std::vector<int> out;
  for (const short value : values) {
    if (value == ICAL_RECURRENCE_ARRAY_MAX) break;
    out.push_back(value);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

template <std::size_t N>
std::vector<Rule::Day> weekdays(const short (&values)[N]) {
  std::vector<Rule::Day> out;
  for (const short value : values) {
    if (value == ICAL_RECURRENCE_ARRAY_MAX) break;
    out.push_back(Rule::Day{icalrecurrencetype_day_day_of_week(value) - 1,
                            icalrecurrencetype_day_position(value)});
  }
  return out;
}

std::optional<Rule::Frequency> from_libical(icalrecurrencetype_frequency value) {
  switch (value) {
    case ICAL_SECONDLY_RECURRENCE: return Rule::Frequency::secondly;
    case ICAL_MINUTELY_RECURRENCE: return Rule::Frequency::minutely;
    case ICAL_HOURLY_RECURRENCE: return Rule::Frequency::hourly;
    case ICAL_DAILY_RECURRENCE: return Rule::Frequency::daily;
    case ICAL_WEEKLY_RECURRENCE: return Rule::Frequency::weekly;
    case ICAL_MONTHLY_RECURRENCE: return Rule::Frequency::monthly;
    case ICAL_YEARLY_RECURRENCE: return Rule::Frequency::yearly;
    case ICAL_NO_RECURRENCE: break;
  }
  return std::nullopt;
}

// False when a number is no number at all.
bool read_numbers(std::string_view text, Rule& rule) {
  if (const auto interval = part(text, "INTERVAL")) {
    const auto value = number(*interval);
    if (!value || *value < 1) return false;
    rule.interval = *value;
    if (*value > kLargestInterval) rule.unsupported = true;
  }
  if (const auto count = part(text, "COUNT")) {
    const auto value = number(*count);
    if (!value || *value < 1) return false;
    rule.count = *value;
    if (*value > kLargestCount) rule.unsupported = true;
  }
  if (const auto until = part(text, "UNTIL")) {
    rule.until = parse_time_value(*until);
    if (!rule.until) return false;
  }
  if (const auto scale = part(text, "RSCALE")) {
    rule.unsupported = rule.unsupported || !equals_ignoring_case(*scale, "GREGORIAN");
  }
  if (part(text, "SKIP")) rule.unsupported = true;
  return true;
}

}  // namespace

std::optional<Rule> Rule::parse(std::string_view text) {
  text = trim(text);
  if (text.empty() || text.size() > kLongestRule) return std::nullopt;
  Rule rule;
  if (!read_numbers(text, rule)) return std::nullopt;
  // RSCALE needs calendars that are never iterated here; the rest of such a rule is not read.
  if (rule.unsupported) return rule;
  const icalrecurrencetype parsed = icalrecurrencetype_from_string(std::string(text).c_str());
  const auto freq = from_libical(parsed.freq);
  if (!freq) return std::nullopt;
  rule.frequency = *freq;
  rule.week_start = parsed.week_start == ICAL_NO_WEEKDAY ? 1 : parsed.week_start - 1;
  rule.seconds = numbers(parsed.by_second);
  rule.minutes = numbers(parsed.by_minute);
  rule.hours = numbers(parsed.by_hour);
  rule.month_days = numbers(parsed.by_month_day);
  rule.year_days = numbers(parsed.by_year_day);
  rule.week_numbers = numbers(parsed.by_week_no);
  rule.months = numbers(parsed.by_month);
  rule.positions = numbers(parsed.by_set_pos);
  rule.days = weekdays(parsed.by_day);
  return rule;
}

}  // namespace tidemark::icalendar
