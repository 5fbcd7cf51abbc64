// What an account's machine is told, by the service, by its calendars' machines and by the executor
// "discover". Format byte 1 and CBOR.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "providers/calendar_provider.h"
#include "sync/account_state.h"

namespace tidemark::sync {

struct AccountConfigured {
  AccountSetup setup;
};
struct AccountUnconfigured {};
struct AccountSync {
  SyncWish wish;
};
// From a calendar: does it still exist? `missing`: its pull was answered with not_found, which is
// one of the two signs that removal takes; `alive`: it was to be removed, but has been read since
// that was looked up; otherwise only an answer is wanted.
struct CalendarCheck {
  std::string remote_id;
  bool missing = false;
  bool alive = false;
};
// From a calendar: a pull was refused with unauthorized.
struct CredentialsRefused {
  Error error;
};
struct Discovered {
  Sequence effect = 0;
  Discovery discovery;
};
struct DiscoverFailed {
  Sequence effect = 0;
  Error error;
};
struct AccountTimer {
  std::string name;
};

using AccountInput =
    std::variant<AccountConfigured, AccountUnconfigured, AccountSync, CalendarCheck,
                 CredentialsRefused, Discovered, DiscoverFailed, AccountTimer>;

namespace input_type {
inline constexpr std::string_view kAccountConfigured = "account.configured";
inline constexpr std::string_view kAccountUnconfigured = "account.unconfigured";
inline constexpr std::string_view kAccountSync = "account.sync";
inline constexpr std::string_view kCalendarCheck = "calendar.check";
inline constexpr std::string_view kCredentialsRefused = "credentials.refused";
inline constexpr std::string_view kDiscovered = "discover.done";
inline constexpr std::string_view kDiscoverFailed = "discover.failed";
}  // namespace input_type

std::string encode(const AccountConfigured& input);
std::string encode(const AccountSync& input);
std::string encode(const CalendarCheck& input);
std::string encode(const CredentialsRefused& input);
std::string encode(const Discovered& input);
std::string encode(const DiscoverFailed& input);
Result<AccountInput> decode_account_input(std::string_view type, std::string_view payload);

// What the executor "discover" is asked to do.
struct DiscoverOrder {
  std::string account;
  std::string hint;
};
std::string encode(const DiscoverOrder& order);
Result<DiscoverOrder> decode_discover_order(std::string_view bytes);

Json setup_json(const AccountSetup& setup);
AccountSetup setup_from_json(const Json& value);  // a spoilt one has no provider
std::vector<std::string> texts_from_json(const Json& list);

}  // namespace tidemark::sync
