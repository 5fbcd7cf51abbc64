// What a calendar's machine is told, and how it stands in the journal: format byte 1 and CBOR, but
// for empty payloads, the engine's own timer input, and pages: format byte 2 and the compact
// encoding of base/bytes.h (number of the pull, items).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "domain/calendar_event.h"
#include "sync/calendar_state.h"
#include "sync/write_rows.h"

namespace tidemark::sync {

// From the account: this calendar exists, is selected, and this is what it is like.
struct CalendarConfigured {
  CalendarIdentity identity;
  CalendarSchedule schedule;
  std::optional<PassMode> sync;  // and sync it now
};
// From the account: stop, keep the mirror.
struct CalendarPaused {
  Pause reason = Pause::deselected;
};
// From the account: it is gone, confirmed by a listing that was asked for at that time (records of
// before version 3 of the account's machine do not say when).
struct CalendarRemoved {
  std::optional<WallTime> looked;
};
// From the account: discovery, begun after it was asked for, still lists the calendar.
struct CalendarPresent {};
struct SyncNow {
  PassMode mode = PassMode::incremental;
};

// A canonical event with the instants its time row needs.
struct PlacedEvent {
  CalendarEvent event;
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;  // kOpenEnd: for ever
  bool operator==(const PlacedEvent&) const = default;
};

struct PageItem {
  enum class Kind : std::uint8_t { body, deleted, unchanged, pending, quarantined };
  Kind kind = Kind::body;
  std::string href;
  std::string etag;
  std::string bytes;                // body, quarantined (empty when they could not be had)
  std::string body_hash;            // body: first 16 bytes of their SHA-256
  std::string reason;               // quarantined
  std::vector<PlacedEvent> events;  // body
  // body: for each override that the mirror has and the body has not, what the master says of that
  // instance now. An override missing here is no instance of the series any more.
  std::vector<CalendarEvent> reverted;
  bool operator==(const PageItem&) const = default;
};

// The server says that something has changed. What, a pass finds out.
struct CalendarNotified {};

struct Page {
  Sequence pull = 0;
  std::vector<PageItem> items;
};
struct PullDone {
  Sequence pull = 0;
  std::string cursor;
  bool last = true;
  bool complete_listing = false;
  bool suspicious = false;
  std::vector<PageItem> items;  // the rest of them
};
struct PullFailed {
  Sequence pull = 0;
  Error error;
};
struct CalendarTimer {
  std::string name;
};
struct NewsTimer {};   // the notifications have been waited for
struct Continue {};    // from itself: the next bounded piece of finishing or removing
struct ReportDone {};  // the summary of a pass was logged

// A command, from outside; refused at once for what can be known at once.
struct WriteRequested {
  WriteKind kind = WriteKind::create;
  std::string event;     // update, remove: the event's external id
  std::string if_match;  // the version that is to be changed: its etag, else its source_hash
  EventChanges changes;  // create, update
};
// The server has taken the change, or had taken it already: the resource as it now is.
struct WriteDone {
  Sequence effect = 0;
  PageItem item;
  bool mixed = false;  // others may have changed it, too
};
// The server has another version, and nothing was changed: the resource as it is there.
struct WriteConflicted {
  Sequence effect = 0;
  PageItem item;
};
struct WriteFailed {
  Sequence effect = 0;
  Error error;
};
struct WriteRetry {};  // the first waiting command may be tried again
struct WriteDeadline {
  Sequence write = 0;
};

using CalendarInput =
    std::variant<CalendarConfigured, CalendarPaused, CalendarRemoved, CalendarPresent, SyncNow,
                 CalendarNotified, Page, PullDone, PullFailed, CalendarTimer, NewsTimer, Continue,
                 ReportDone, WriteRequested, WriteDone, WriteConflicted, WriteFailed, WriteRetry,
                 WriteDeadline>;

namespace input_type {
inline constexpr std::string_view kConfigured = "calendar.configured";
inline constexpr std::string_view kPaused = "calendar.paused";
inline constexpr std::string_view kRemoved = "calendar.removed";
inline constexpr std::string_view kPresent = "calendar.present";
inline constexpr std::string_view kSyncNow = "calendar.sync";
inline constexpr std::string_view kNotified = "calendar.notified";
inline constexpr std::string_view kPage = "pull.page";
inline constexpr std::string_view kPullDone = "pull.done";
inline constexpr std::string_view kPullFailed = "pull.failed";
inline constexpr std::string_view kContinue = "calendar.continue";
inline constexpr std::string_view kReportDone = "report.done";
inline constexpr std::string_view kWriteTypes = "write.";  // how those of writes begin
inline constexpr std::string_view kWriteRequested = "write.requested";
inline constexpr std::string_view kWriteDone = "write.done";
inline constexpr std::string_view kWriteConflicted = "write.conflicted";
inline constexpr std::string_view kWriteFailed = "write.failed";
}  // namespace input_type

// Of the two timers of a calendar the one whose firing is a NewsTimer.
inline constexpr std::string_view kNewsTimer = "news";

std::string encode(const CalendarConfigured& input);
std::string encode(const CalendarPaused& input);
std::string encode(const CalendarRemoved& input);
std::string encode(const SyncNow& input);
std::string encode(const Page& input);
std::string encode(const PullDone& input);
std::string encode(const PullFailed& input);
Result<CalendarInput> decode_calendar_input(std::string_view type, std::string_view payload);

// Shared with the account's inputs.
Json error_json(const Error& error);
Error error_from_json(const Json& value);
Errc errc_named(std::string_view text);  // the inverse of name(); Errc::internal when unknown

// What the executor "pull" is asked to do.
struct PullOrder {
  std::string account;
  std::string calendar;  // public id
  std::string remote_id;
  PassMode mode = PassMode::initial;
  std::string cursor;
  std::uint64_t generation = 0;
  bool first = true;  // the first pull of its pass
};
std::string encode(const PullOrder& order);
Result<PullOrder> decode_pull_order(std::string_view bytes);

// What the executor "sync_report" logs and counts when a pass has ended.
struct PassReport {
  std::string connector;  // "<provider>:<account>"
  std::string calendar;   // public id
  std::string name;
  std::string mode;
  std::uint64_t latency_ms = 0;
  std::uint64_t fetched = 0;
  std::uint64_t created = 0;
  std::uint64_t updated = 0;
  std::uint64_t deleted = 0;
  std::uint64_t resources = 0;
  std::uint64_t quarantined = 0;
};
std::string encode(const PassReport& report);
Result<PassReport> decode_pass_report(std::string_view bytes);

}  // namespace tidemark::sync
