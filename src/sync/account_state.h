// The durable state of one account's sync, and its rows: 'k' + remote id -> AccountCalendar.
// CBOR behind format byte 1.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "sync/calendar_state.h"

namespace tidemark::sync {

// What is configured, without any secret.
struct AccountSetup {
  std::string provider;
  std::vector<std::string> calendars;  // globs over names and ids
  CalendarSchedule schedule;
  std::chrono::milliseconds discover{std::chrono::minutes(15)};
  std::string fingerprint;  // of all that is configured but the secrets
  std::string mend;         // what to do when the server refuses the credentials
  bool write = false;       // events may be changed through us
  std::string push{};       // the address to be notified of changes; empty: polling does all
  bool operator==(const AccountSetup&) const = default;
};

enum class AccountHealth : std::uint8_t { fresh, ok, retrying, needs_credentials, failing };
std::string_view to_text(AccountHealth health);

struct AccountIdle {
  bool operator==(const AccountIdle&) const = default;
};
struct Discovering {
  Sequence effect = 0;  // of the step that asked for it
  bool operator==(const Discovering&) const = default;
};
using AccountPhase = std::variant<AccountIdle, Discovering>;

// "Sync these": served when the next discovery has ended.
struct SyncWish {
  PassMode mode = PassMode::incremental;
  std::vector<std::string> patterns;  // globs; "*": all
  bool operator==(const SyncWish&) const = default;
};

struct AccountState {
  bool exists = false;
  bool configured = false;  // false: it was, once; its mirrors are kept
  AccountSetup setup;
  AccountPhase phase;
  AccountHealth health = AccountHealth::fresh;
  std::string hint;             // for the next discovery
  bool look_closely = false;    // the next discovery must not use the hint
  bool discover_again = false;  // asked for while one was running
  std::uint64_t calendars = 0;  // selected ones
  std::uint32_t failures = 0;   // in a row
  std::uint32_t refusals = 0;   // of the credentials, since somebody last touched the account
  std::optional<SyncWish> wish;
  std::optional<WallTime> last_attempt;
  std::optional<WallTime> last_discovery;
  std::optional<WallTime> next_discovery;
  std::string error_code;
  std::string error;
  bool operator==(const AccountState&) const = default;
};

std::string encode(const AccountState& state);
Result<AccountState> decode_account_state(std::string_view bytes);

// A calendar that discovery has listed.
struct AccountCalendar {
  std::string id;  // public
  std::string name;
  std::string color;
  bool read_only = false;
  bool selected = false;
  bool started = false;       // its machine exists
  std::uint32_t strikes = 0;  // signs in a row that it is gone; two are proof
  bool asked = false;         // its machine waits to hear whether it exists
  std::string told;           // digest of the configuration its machine was last told; empty: none
  std::string watched{};      // the address it is watched with, as its watch was told; empty: none
  bool operator==(const AccountCalendar&) const = default;
};
inline constexpr char kCalendarRow = 'k';
std::string encode(const AccountCalendar& row);
Result<AccountCalendar> decode_account_calendar(std::string_view bytes);

}  // namespace tidemark::sync
