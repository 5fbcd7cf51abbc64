#include <algorithm>
#include <limits>

#include "sync/icalendar/canonical.h"
#include "sync/icalendar/icalendar.h"
#include "sync/icalendar/recurrence.h"

namespace tidemark::icalendar {
namespace {

constexpr std::int64_t kReaderZoneSeconds = 14 * 3600;
// A COUNT that takes more steps than this is treated as endless: the span only has to contain.
constexpr std::uint64_t kCountSteps = 20'000;
// Enough for the 400 years after which a rule without a time is known to have none.
constexpr std::uint64_t kFirstTimeSteps = 400'000;
const LocalSeconds kEarliest = at_midnight(std::chrono::year{1} / 1 / 1);

class Span {
 public:
  // The instance at that time of the event's own clock.
  // The instance at that time of the event's own clock.
  void add(const Recurrence& recurrence, LocalSeconds local,
           std::optional<std::int64_t> exact_seconds = std::nullopt) {
    include(recurrence.start_at(local));
    include(recurrence.end_at(local, exact_seconds));
  }
  void add_endless() { endless_ = true; }

  TimeRange range() const {
    if (first_ > last_) return TimeRange{};
    TimeRange range{to_wall_time(first_), std::nullopt};
    if (!endless_) range.to = to_wall_time(last_);
    return range;
  }

 private:
  void include(const CalendarTime& time) {
    const std::int64_t instant = time.utc ? to_seconds(*time.utc) : local_of(time);
    const std::int64_t margin = time.utc ? 0 : kReaderZoneSeconds;
    first_ = std::min(first_, instant - margin);
    last_ = std::max(last_, instant + margin);
  }

  std::int64_t first_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t last_ = std::numeric_limits<std::int64_t>::min();
  bool endless_ = false;
};

void add_rule(const Recurrence& recurrence, const RuleInUse& rule, Span& span) {
  const LocalSeconds start = recurrence.start().local;
  if (rule.until) {
    if (*rule.until > start) span.add(recurrence, *rule.until);
    return;
  }
  RuleIterator times(rule.rule, recurrence.start(), start, std::nullopt,
                     rule.rule.count ? kCountSteps : kFirstTimeSteps);
  if (!rule.rule.count) {
    if (times.next() || times.exhausted()) span.add_endless();
    return;
  }
  LocalSeconds last = start;
  while (const auto time = times.next()) last = *time;
  span.add(recurrence, last);
  if (times.exhausted()) span.add_endless();
}

}  // namespace

TimeRange span_of(std::string_view resource_bytes, const std::vector<CalendarEvent>& events) {
  std::string written;
  if (!is_icalendar(resource_bytes)) resource_bytes = written = write_events(events);
  const auto document = Document::parse(resource_bytes, Limits{});
  // Bytes that cannot be read say nothing about when: no range is excluded.
  if (!document) return TimeRange{to_wall_time(kEarliest), std::nullopt};
  Span span;
  ZoneResolver zones(*document);
  const VeventIndex index(*document, zones);
  for (const CalendarEvent& event : events) {
    const Recurrence recurrence(index, event, zones);
    const LocalSeconds start = local_of(event.start);
    span.add(recurrence, start);
    for (const ExtraDate& extra : recurrence.extra_dates()) {
      span.add(recurrence, extra.start, extra.exact_seconds);
    }
    for (const RuleInUse& rule : recurrence.rules()) add_rule(recurrence, rule, span);
    // A change of this and all later instances may move the last of them past the master's end.
    if (recurrence.and_all_later()) span.add_endless();
  }
  return span.range();
}

}  // namespace tidemark::icalendar
