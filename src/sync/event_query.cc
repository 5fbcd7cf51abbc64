// query_events() without expansion: masters, singles and overrides as they are stored.
#include <algorithm>

#include "sync/event_scan.h"
#include "sync/mirror.h"

namespace tidemark {
namespace {

using sync::EventRange;
using sync::ScannedEvent;

// Decoded only once it is known to be on the page: most of what the levels offer is not.
struct Found {
  std::string key;  // sort key
  std::string row;
};

class MasterQuery {
 public:
  MasterQuery(const StoreView& view, const InstanceId& calendar, const EventRange& range)
      : view_(view), calendar_(calendar), range_(range) {}

  Result<EventPage> run() {
    for (std::uint8_t level = 0; level < sync::kTimeLevels;) {
      TM_ASSIGN(level, collect(level));
    }
    std::sort(found_.begin(), found_.end(),
              [](const Found& left, const Found& right) { return left.key < right.key; });
    EventPage page;
    if (found_.size() > range_.limit) {
      found_.resize(range_.limit);
      page.next_page = page_token(range_, found_.back().key);
    }
    page.events.reserve(found_.size());
    for (const auto& found : found_) {
      TM_ASSIGN(auto row, sync::decode_time_row(found.row));
      page.events.push_back(std::move(row.event));
    }
    return page;
  }

 private:
  // One more than the page holds of each level: enough whatever the other levels have. Returns the
  // next level.
  Result<std::uint8_t> collect(std::uint8_t level) {
    std::size_t taken = 0;
    std::optional<Error> error;
    auto next = scan_level(
        view_, calendar_, level, range_, range_.from_ms, range_.after,
        [&](const ScannedEvent& scanned) {
          const auto wanted = is_wanted(scanned);
          if (!wanted) {
            error = wanted.error();
            return false;
          }
          if (!*wanted) return true;
          found_.push_back({std::string(sync::sort_key(scanned.key)), std::string(scanned.value)});
          return ++taken <= range_.limit;
        });
    if (error) return fail(*error);
    return next;
  }

  Result<bool> is_wanted(const ScannedEvent& scanned) {
    if (!range_.from_ms && !range_.to_ms) return true;
    const bool as_stored = sync::overlaps(range_, scanned.start_ms, scanned.head.end_ms);
    if (scanned.head.recurring || scanned.head.fixed || range_.zone == "UTC") return as_stored;
    // Floating or all-day near the range's edge: its instants are the reader's.
    const auto key = sync::decode_time_key(scanned.key);
    if (!key) return as_stored;
    TM_ASSIGN(const auto row, sync::decode_time_row(scanned.value));
    TM_ASSIGN(const auto bytes, sync::read_body(view_, calendar_, key->href));
    if (!bytes) return as_stored;
    const auto expansion =
        icalendar::expand(*bytes, {row.event},
                          {.range = time_range(range_), .zone = range_.zone, .max_instances = 1});
    return expansion ? !expansion->instances.empty() : as_stored;
  }

  const StoreView& view_;
  const InstanceId& calendar_;
  const EventRange& range_;
  std::vector<Found> found_;
};

}  // namespace

Result<EventPage> query_events(const StoreView& view, const CalendarStatus& calendar,
                               const EventQuery& query) {
  TM_ASSIGN(const EventRange range, sync::read_query(query));
  const InstanceId instance =
      sync::calendar_instance(calendar.tenant, calendar.account, calendar.id);
  if (range.expand) return query_instances(view, instance, range);
  return MasterQuery(view, instance, range).run();
}

}  // namespace tidemark
