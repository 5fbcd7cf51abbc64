// The durable state of one calendar's sync: small (the mirror itself is in rows), CBOR, format 1.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/result.h"

namespace tidemark::sync {

enum class PassMode : std::uint8_t {
  initial,      // everything, into an empty mirror
  incremental,  // what changed since the cursor
  reconcile,    // everything is listed, what differs is fetched
  full,         // everything is listed and fetched
};
std::string_view to_text(PassMode mode);
std::optional<PassMode> pass_mode_from(std::string_view text);

// Who the calendar is, in events and status.
struct CalendarIdentity {
  std::string provider;
  std::string account;
  std::string id;  // public
  std::string remote_id;
  std::string name;
  std::string color;
  bool read_only = false;  // says the server
  bool write = false;      // says the configuration: events may be changed through us
  bool operator==(const CalendarIdentity&) const = default;
};

struct CalendarSchedule {
  bool scheduled = false;  // false: nothing happens unless asked for
  std::chrono::milliseconds poll{60'000};
  std::chrono::milliseconds reconcile{std::chrono::hours(24)};
  std::chrono::milliseconds confirm_after{30'000};
  bool operator==(const CalendarSchedule&) const = default;
};

// What the mirror holds.
struct MirrorCounts {
  std::uint64_t resources = 0;
  std::uint64_t events = 0;
  std::uint64_t quarantined = 0;
  std::uint64_t pending = 0;
  std::uint64_t deletion_rows = 0;  // of any pass: an abandoned pass leaves some
  std::uint64_t creation_rows = 0;
  std::uint64_t ahead = 0;  // resources that may be newer than the cursor
  bool operator==(const MirrorCounts&) const = default;
};

// One comparison of the mirror with the server, over any number of pulls and crashes.
struct Pass {
  PassMode mode = PassMode::initial;
  bool confirming = false;  // the second look at a calendar that suddenly listed nothing
  std::uint64_t generation = 0;
  std::string cursor;  // for its next pull; at its end, for the next pass
  WallTime started{};
  std::uint64_t pulls = 0;
  std::uint64_t items = 0;
  std::uint64_t items_in_pull = 0;
  std::uint64_t fetched = 0;  // bodies
  bool complete_listing = false;
  bool suspicious = false;
  bool partial = false;                  // some items of a pull that then failed are in
  std::uint64_t seen = 0;                // resources whose generation is this pass's
  std::uint64_t deferred_deletions = 0;  // of this pass
  std::uint64_t created = 0;             // events told
  std::uint64_t updated = 0;
  std::uint64_t deleted = 0;
  // Interrupted by a write: whose work its next pull is. Empty otherwise.
  std::string correlation_id{};
  bool operator==(const Pass&) const = default;
};

// Phases.
struct Idle {
  bool operator==(const Idle&) const = default;
};
struct Pulling {
  Pass pass;
  Sequence pull = 0;  // of the step that asked for the pull
  bool operator==(const Pulling&) const = default;
};
struct Waiting {  // a pass that failed and goes on where it was
  Pass pass;
  bool operator==(const Waiting&) const = default;
};
enum class FinishStage : std::uint8_t { sweep, deletions, creations, pending, ahead };
struct Finishing {
  Pass pass;
  FinishStage stage = FinishStage::sweep;
  std::string from;  // row key to go on at
  bool operator==(const Finishing&) const = default;
};
// Everything was about to be deleted: the account is asked whether the calendar still exists, some
// time passes, and a second complete listing decides.
struct Confirming {
  bool present = false;  // the account has seen it again
  bool waited = false;
  bool operator==(const Confirming&) const = default;
};
struct Removing {
  bool revive = false;    // it came back meanwhile: begin anew instead of ending
  bool reported = false;  // all rows are gone; only the report is awaited
  std::uint64_t deleted = 0;
  bool operator==(const Removing&) const = default;
};
// The account has said that the calendar is gone while a command was under way.
struct AwaitedRemoval {
  bool listed = false;  // a listing lacked it, which may be too old
  bool revive = false;  // it came back meanwhile
  bool operator==(const AwaitedRemoval&) const = default;
};
// A command changes the server; no pull runs meanwhile, so nothing it brings can be older than
// that.
struct Writing {
  Sequence effect = 0;       // of the step that asked for it
  Sequence write = 0;        // the command
  std::optional<Pass> pass;  // goes on afterwards
  bool resting = false;      // the pass has failed and goes on when its timer says so
  std::optional<AwaitedRemoval> removal{};  // follows the command instead of the pass
  bool operator==(const Writing&) const = default;
};
using CalendarPhase =
    std::variant<Idle, Pulling, Waiting, Finishing, Confirming, Removing, Writing>;

// The commands in their rows (write_rows.h).
struct WriteQueue {
  std::uint64_t waiting = 0;  // the one under way included
  std::uint64_t finished = 0;
  std::uint32_t failures = 0;          // of the first, in a row
  std::optional<WallTime> not_before;  // the first is tried again then
  bool operator==(const WriteQueue&) const = default;
};

enum class Health : std::uint8_t { fresh, ok, retrying, failing, suspended };
enum class Pause : std::uint8_t { none, deselected, credentials };

struct CalendarState {
  CalendarIdentity identity;  // empty id: the instance does not exist
  CalendarSchedule schedule;
  CalendarPhase phase;
  Health health = Health::fresh;
  Pause pause = Pause::none;
  std::uint64_t generation = 0;
  Sequence content = 0;  // the last step that changed a resource's bytes
  std::string cursor;    // where the next incremental pass begins; set by a finished pass only
  MirrorCounts counts;
  WriteQueue writes;
  std::optional<WallTime> last_sync;
  std::optional<WallTime> next_sync;
  std::optional<WallTime> last_shown;  // the server has shown a resource to a command
  std::optional<WallTime> last_reconcile;
  std::optional<WallTime> reconcile_due;
  std::optional<PassMode> requested;  // asked for while a pass ran
  std::optional<WallTime> news;       // the first notification that no pass has followed yet
  PassMode last_mode = PassMode::initial;
  std::uint32_t failures = 0;
  std::uint32_t stale_in_a_row = 0;  // the cursor was refused although the pass had just begun
  std::string error_code;
  std::string error;
  bool operator==(const CalendarState&) const = default;
};

std::string encode(const CalendarState& state);
Result<CalendarState> decode_calendar_state(std::string_view bytes);

}  // namespace tidemark::sync
