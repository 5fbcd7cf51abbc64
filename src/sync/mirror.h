// The mirror as everyone but its own machine sees it: calendars, their state, their events.
// Read-only, thread-safe, works on a live store or a snapshot. All lists are ordered and bounded.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "domain/calendar_event.h"
#include "store/store.h"

namespace tidemark {

// Where an account stands, as a user reads it in `status`.
struct AccountStatus {
  std::string tenant;
  std::string id;
  std::string provider;
  std::string state;  // "new", "ok", "retrying", "needs_credentials", "failing"
  std::optional<WallTime> last_discovery{};
  std::optional<WallTime> next_discovery{};
  std::string error_code{};
  std::string error{};  // plain words and the command that mends it
  std::string mend{};   // that command's part of it, when the credentials are refused
  std::uint64_t calendars = 0;
  bool discovering = false;  // right now; not part of the JSON
};
Json to_json(const AccountStatus& status);

struct CalendarStatus {
  std::string id;  // "cal_" + 20 hex digits, derived from tenant, account and remote id
  std::string tenant;
  std::string account;
  std::string provider;
  std::string remote_id;  // the provider's own address (CalDAV: the collection's URL)
  std::string name;
  std::string color;
  bool read_only = false;  // says the server
  bool write = false;      // says the configuration: events may be changed through us
  std::uint64_t writes_waiting = 0;
  // "new", "syncing", "ok", "retrying", "suspended", "confirming" (it suddenly listed nothing),
  // "removing", "failing"
  std::string state;
  std::string mode{};    // of the running or last pass: "initial", "incremental", "reconcile"
  std::string cursor{};  // opaque; the provider's sync token is inside
  std::uint64_t generation = 0;
  std::uint64_t resources = 0;
  std::uint64_t events = 0;
  std::uint64_t quarantined = 0;
  std::uint64_t pending = 0;            // announced, body not yet fetched
  std::optional<WallTime> last_sync{};  // last pass that ended well
  std::optional<WallTime> next_sync{};
  std::optional<WallTime> last_reconcile{};
  std::uint32_t failures = 0;  // in a row
  std::string error_code{};
  std::string error{};
  std::optional<WallTime> watched_until{};  // the server tells of changes at least until then
  std::string watch_error{};                // what stands in the way of watching it, if anything
};
Json to_json(const CalendarStatus& status);

struct QuarantinedResource {
  std::string href;
  std::string reason;
  std::string etag;
  std::string bytes;  // as the server sent them; may be no text at all
};

Result<std::vector<AccountStatus>> list_accounts(const StoreView& view, std::string_view tenant);
// tenant empty: all tenants (the operator).
Result<std::vector<CalendarStatus>> list_calendars(const StoreView& view, std::string_view tenant);
// By id, or "account/name", or a name that only one calendar has. Errc::not_found (the message
// lists what there is) or Errc::conflict (ambiguous).
Result<CalendarStatus> find_calendar(const StoreView& view, std::string_view tenant,
                                     std::string_view id_or_name);

struct EventQuery {
  std::optional<WallTime> from{};
  std::optional<WallTime> to{};
  bool expand = false;       // instances instead of masters; needs `from` and `to`
  std::string zone = "UTC";  // how floating and all-day times are read
  std::size_t limit = 100;   // at most kMaxEventPage
  std::string page{};        // next_page of the previous answer; opaque
};
inline constexpr std::size_t kMaxEventPage = 1000;

struct EventPage {
  std::vector<CalendarEvent> events;  // ascending by start
  std::string next_page{};            // empty: that was all
};
Result<EventPage> query_events(const StoreView& view, const CalendarStatus& calendar,
                               const EventQuery& query);

// The whole calendar as one iCalendar file, resources by href.
Result<std::string> export_calendar(const StoreView& view, const CalendarStatus& calendar);
// Changes whenever export_calendar()'s answer may have changed; cheap.
Result<std::string> export_etag(const StoreView& view, const CalendarStatus& calendar);

Result<std::vector<QuarantinedResource>> list_quarantined(const StoreView& view,
                                                          const CalendarStatus& calendar,
                                                          std::size_t limit);
// Raw resources, ascending by href: what tests compare with the server.
Result<void> for_each_resource(
    const StoreView& view, const CalendarStatus& calendar,
    const std::function<bool(std::string_view href, std::string_view etag, std::string_view bytes)>&
        visitor);

}  // namespace tidemark
