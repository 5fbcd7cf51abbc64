// query_events() with expansion: the instances of series, and everything else that is an instance
// of its own.
#include <algorithm>
#include <map>
#include <set>

#include "engine/journal.h"
#include "sync/event_scan.h"

namespace tidemark::sync {
namespace {

// Instances before the page's first one that overlap it have to be passed over.
constexpr std::size_t kExtraInstances = 1000;

class InstanceQuery {
 public:
  InstanceQuery(const StoreView& view, const InstanceId& calendar, const EventRange& range)
      : view_(view), calendar_(calendar), range_(range) {
    earliest_ms_ = *range.from_ms;
    // No instance of this page begins before the last one of the previous page.
    if (!range.after.empty()) earliest_ms_ = std::max(earliest_ms_, start_of(range.after));
  }

  Result<EventPage> run() {
    for (std::uint8_t level = 0; level < kTimeLevels;) {
      TM_ASSIGN(level, collect(level));
    }
    EventPage page;
    for (auto& [key, event] : found_) {
      if (page.events.size() == range_.limit) {
        page.next_page = page_token(range_, last_key_);
        break;
      }
      page.events.push_back(std::move(event));
      last_key_ = key;
    }
    return page;
  }

 private:
  // Returns the next level.
  Result<std::uint8_t> collect(std::uint8_t level) {
    Result<void> outcome;
    auto next = scan_level(view_, calendar_, level, range_, earliest_ms_, {},
                           [&](const ScannedEvent& scanned) {
                             if (is_beyond_page(scanned.start_ms)) return false;
                             outcome = take(scanned);
                             return outcome.has_value();
                           });
    TM_TRY(std::move(outcome));
    return next;
  }

  // Nothing that begins this late, even where clocks run ahead, can displace what is found.
  bool is_beyond_page(std::int64_t start_ms) const {
    if (found_.size() <= range_.limit) return false;
    constexpr std::int64_t kMarginMs =
        std::chrono::duration_cast<std::chrono::milliseconds>(kFloatingMargin).count();
    return start_ms > start_of(found_.rbegin()->first) + kMarginMs;
  }

  Result<void> take(const ScannedEvent& scanned) {
    auto key = decode_time_key(scanned.key);
    if (!key) return fail(Errc::corrupt, "a time row's key cannot be decoded");
    if (scanned.head.alone) {
      const bool as_stored = scanned.head.fixed || range_.zone == "UTC";
      if (as_stored && !overlaps(range_, scanned.start_ms, scanned.head.end_ms)) return {};
      TM_ASSIGN(auto row, decode_time_row(scanned.value));
      if (as_stored) {
        add(scanned.start_ms, key->href, std::move(row.event));
        return {};
      }
      return expand_resource(key->href, {std::move(row.event)});
    }
    if (!expanded_.insert(key->href).second) return {};
    TM_ASSIGN(auto events, resource_events(view_, calendar_, key->href));
    return expand_resource(key->href, events);
  }

  Result<void> expand_resource(const std::string& href, const std::vector<CalendarEvent>& events) {
    if (events.empty()) return {};
    TM_ASSIGN(const auto bytes, read_body(view_, calendar_, href));
    if (!bytes) return {};
    icalendar::ExpandOptions options;
    options.range = time_range(range_);
    options.range.from = WallTime{milliseconds{earliest_ms_}};
    options.zone = range_.zone;
    options.max_instances = range_.limit + kExtraInstances;
    auto expansion = icalendar::expand(*bytes, events, options);
    if (!expansion) return {};  // what can be mirrored but not expanded has no instances to show
    for (auto& instance : expansion->instances) {
      const std::int64_t start_ms = instance.start.time_since_epoch().count();
      if (overlaps(range_, start_ms, instance.end.time_since_epoch().count())) {
        add(start_ms, href, std::move(instance.event));
      }
    }
    return {};
  }

  void add(std::int64_t start_ms, const std::string& href, CalendarEvent event) {
    std::string key = sort_key_of(start_ms, href, event.recurrence_id);
    if (!range_.after.empty() && key <= range_.after) return;
    found_.emplace(std::move(key), std::move(event));
    if (found_.size() > range_.limit + 1) found_.erase(std::prev(found_.end()));
  }

  const StoreView& view_;
  const InstanceId& calendar_;
  const EventRange& range_;
  std::int64_t earliest_ms_ = 0;
  std::map<std::string, CalendarEvent> found_;  // by sort key; at most one more than the page holds
  std::set<std::string> expanded_;              // hrefs of series and of resources with overrides
  std::string last_key_;
};

}  // namespace

Result<EventPage> query_instances(const StoreView& view, const InstanceId& calendar,
                                  const EventRange& range) {
  return InstanceQuery(view, calendar, range).run();
}

}  // namespace tidemark::sync
