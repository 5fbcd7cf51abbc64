// The rows of a calendar's machine instance: its mirror. Every value starts with a format byte (1).
//
// key                                             value after the format byte
// 'i' href                                        index row, see IndexRow (base/bytes.h)
// 'b' href                                        the resource's bytes as the server sent them
// 't' u8 level, i64 start, text href, raw rid     time row: signed end, u8 flags, event
// 'u' text uid key, raw href                      nothing: which hrefs hold a UID
// 'q' href                                        quarantine: CBOR [etag, reason, bytes]
// 'p' href                                        pending: CBOR [etag, generation]
// 'd' href                                        nothing: deletion deferred to the end of the pass
// 'c' href                                        nothing: creation deferred to the end of the pass
// 'a' href                                        ahead: CBOR [generation, there, etag]
//
// u8, i64, text and raw are those of store/key.h. A rid is a recurrence id, empty for a master.
// Tests hold golden copies of all of them; a letter, once used, is never reused.
//
// Time rows make range queries cheap without an interval tree: an event lies at the level whose
// span fits it, so a query looks at each level from (range start - that level's span) on and meets
// few events that ended before. All times are milliseconds since 1970 UTC; floating and all-day
// ones are read as UTC here, and whoever asks widens the range by kFloatingMargin.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/calendar_event.h"
#include "engine/machine.h"

namespace tidemark::sync {

inline constexpr std::string_view kCalendarKind = "calendar";
inline constexpr std::string_view kAccountKind = "account";

// "cal_" + 20 hex digits of SHA-256(tenant, 0, account, 0, remote id).
std::string public_calendar_id(std::string_view tenant, std::string_view account,
                               std::string_view remote_id);
InstanceId account_instance(std::string_view tenant, std::string_view account);
InstanceId calendar_instance(std::string_view tenant, std::string_view account,
                             std::string_view public_id);
// The parts of an instance id made by the two above; nothing for any other.
struct InstanceParts {
  std::string tenant;
  std::string account;
  std::string calendar;  // empty for an account
};
std::optional<InstanceParts> parse_instance(const InstanceId& instance);

inline constexpr char kIndexRow = 'i';
inline constexpr char kBodyRow = 'b';
inline constexpr char kTimeRow = 't';
inline constexpr char kUidRow = 'u';
inline constexpr char kQuarantineRow = 'q';
inline constexpr char kPendingRow = 'p';
inline constexpr char kDeletionRow = 'd';
inline constexpr char kCreationRow = 'c';
inline constexpr char kAheadRow = 'a';

std::string href_key(char letter, std::string_view href);
// A UID longer than 255 bytes is keyed by its SHA-256.
std::string uid_prefix(std::string_view uid);
std::string uid_key(std::string_view uid, std::string_view href);
// The value of rows that hold nothing.
inline constexpr std::string_view kNothing{"\x01", 1};

inline constexpr std::int64_t kOpenEnd = std::numeric_limits<std::int64_t>::max();
inline constexpr std::uint8_t kTimeLevels = 8;
inline constexpr std::chrono::hours kFloatingMargin{15};

// The longest span of each level in ms: 4^level days, the last one has no bound.
std::int64_t level_span_ms(std::uint8_t level);
std::uint8_t level_of(std::int64_t start_ms, std::int64_t end_ms);

struct TimeKey {
  std::uint8_t level = 0;
  std::int64_t start_ms = 0;
  std::string href;
  std::string recurrence_id;
  bool operator==(const TimeKey&) const = default;
};
std::string encode(const TimeKey& key);
std::optional<TimeKey> decode_time_key(std::string_view key);

// What orders events in a query: the time key without its letter and level.
std::string_view sort_key(std::string_view time_key);

struct TimeRow {
  std::int64_t end_ms = 0;
  bool alone = false;  // the only event of its resource, and not recurring: its own instance
  CalendarEvent event;
};
std::string encode(const TimeRow& row);
Result<TimeRow> decode_time_row(std::string_view bytes);
// Only the fields in front: what a scan needs to pass an event over, or to take it as it is,
// without decoding it. Flags: 1 alone, 2 recurring, 4 fixed.
struct TimeRowHead {
  std::int64_t end_ms = 0;
  bool alone = false;
  bool recurring = false;
  bool fixed = false;  // its instants do not depend on who reads it
};
std::optional<TimeRowHead> decode_time_head(std::string_view bytes);
bool has_fixed_times(const CalendarEvent& event);

// One event of a resource, as its index row knows it: enough to compare and to find its time row.
struct IndexedEvent {
  std::string recurrence_id;
  std::string hash;  // the canonical event's source_hash
  std::uint8_t level = 0;
  std::int64_t start_ms = 0;
  bool operator==(const IndexedEvent&) const = default;
};

struct IndexRow {
  std::string etag;              // of what was last seen, empty: none or weak
  std::uint64_t generation = 0;  // the pass that last saw it
  std::uint64_t deleted_in = 0;  // the pass that is about to delete it; 0: none
  std::string uid;               // of its good events; empty when there never were any
  bool announced = true;         // false: its `created` is deferred to the end of the pass
  bool quarantined = false;      // the latest bytes are in a quarantine row
  std::string body_hash;         // first 16 bytes of the SHA-256 of the body row's bytes
  std::vector<IndexedEvent> events;
  bool operator==(const IndexRow&) const = default;
};
// text etag, generation, deleted_in, text uid, u8 flags (1 announced, 2 quarantined),
// text body hash, number of events and for each: text rid, text hash, u8 level, signed start.
std::string encode(const IndexRow& row);
Result<IndexRow> decode_index_row(std::string_view bytes);

struct QuarantineRow {
  std::string etag;
  std::string reason;
  std::string bytes;
};
std::string encode(const QuarantineRow& row);
Result<QuarantineRow> decode_quarantine_row(std::string_view bytes);

struct PendingRow {
  std::string etag;
  std::uint64_t generation = 0;
};
std::string encode(const PendingRow& row);
Result<PendingRow> decode_pending_row(std::string_view bytes);

// A resource whose version in the mirror was asked for by itself, so that it may be newer than what
// the cursor speaks of.
struct AheadRow {
  std::uint64_t generation = 0;  // the pass that ran or had last run when it was taken
  // What the cursor speaks of.
  bool there = true;
  std::string etag;  // empty: none or weak
  bool operator==(const AheadRow&) const = default;
};
std::string encode(const AheadRow& row);
Result<AheadRow> decode_ahead_row(std::string_view bytes);

std::string encode_body(std::string_view bytes);
Result<std::string_view> decode_body(std::string_view row);  // borrows from row

}  // namespace tidemark::sync
