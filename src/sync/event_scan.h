// Walking the time rows of a calendar for a range, and what the two kinds of queries share.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "sync/icalendar/icalendar.h"
#include "sync/mirror.h"
#include "sync/rows.h"

namespace tidemark::sync {

// A query with its range in ms and its page token decoded.
struct EventRange {
  std::optional<std::int64_t> from_ms;
  std::optional<std::int64_t> to_ms;
  bool expand = false;
  std::string zone;
  std::size_t limit = 0;
  std::string after;  // sort key of the last event of the previous page; empty: from the beginning
};
// invalid_argument: a range that ends before it begins, an unknown zone, a page token that is none
// of ours or of another kind of query, expand without a range.
Result<EventRange> read_query(const EventQuery& query);
std::string page_token(const EventRange& range, std::string_view sort_key);

// What orders events, across levels: see sync/rows.h.
std::string sort_key_of(std::int64_t start_ms, std::string_view href, std::string_view rid);
std::int64_t start_of(std::string_view sort_key);

struct ScannedEvent {
  std::string_view key;  // of the time row
  std::string_view value;
  std::int64_t start_ms = 0;
  TimeRowHead head;
};
// Visits the events of one level that may overlap the range, ascending by start, from the first
// whose start is at least `earliest_ms` and, when `after_key` is not empty, whose sort key is
// greater. The margin for floating times is applied here. The visitor returns false to stop.
// Returns the level to go on with, which may be several further: those without rows are passed
// over; kTimeLevels when there is none.
Result<std::uint8_t> scan_level(const StoreView& view, const InstanceId& calendar,
                                std::uint8_t level, const EventRange& range,
                                std::optional<std::int64_t> earliest_ms, std::string_view after_key,
                                const std::function<bool(const ScannedEvent&)>& visitor);

// The same test as icalendar::expand()'s: touching the range's beginning is not overlapping it.
bool overlaps(const EventRange& range, std::int64_t start_ms, std::int64_t end_ms);

icalendar::TimeRange time_range(const EventRange& range);

// The bytes behind a resource's good events; nothing when it has just been deleted.
Result<std::optional<std::string>> read_body(const StoreView& view, const InstanceId& calendar,
                                             std::string_view href);

// A resource's good events, master first; none when it has just been deleted.
Result<std::vector<CalendarEvent>> resource_events(const StoreView& view,
                                                   const InstanceId& calendar,
                                                   std::string_view href);

// query_events() with expand.
Result<EventPage> query_instances(const StoreView& view, const InstanceId& calendar,
                                  const EventRange& range);

}  // namespace tidemark::sync
