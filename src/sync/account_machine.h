// The machine of one account: finds its calendars, starts and stops their machines, and owns the
// question whether the credentials work.
//
// A calendar is gone only after two signs: two discoveries that do not list it, or a not_found of
// its own and one discovery. Refused credentials stop the whole account; it is tried again by
// itself after 15 minutes, then ever more rarely, so that a wrong password locks nobody out.
//
// It also says which calendars are to be watched (sync/watch_machine.h): those that are selected,
// as long as there is an address to be notified at.
#pragma once

#include <string>
#include <string_view>

#include "engine/machine.h"
#include "sync/account_inputs.h"
#include "sync/account_state.h"
#include "sync/rows.h"

namespace tidemark::sync {

inline constexpr std::string_view kDiscoverExecutor = "discover";
inline constexpr std::string_view kDiscoverTimer = "discover";
inline constexpr std::size_t kMaxCalendars = 1000;  // of one account

// Does a calendar match one of the globs, by its name, remote id or public id?
bool is_selected(const std::vector<std::string>& globs, std::string_view name,
                 std::string_view remote_id, std::string_view public_id);

// Events of an account, version 1: {"account": {"provider", "id"}}; the first with "error_code",
// "error" and "mend", which says what to do.
inline constexpr std::string_view kNeedsAuthorization = "account.needs_authorization";
inline constexpr std::string_view kAuthorizedAgain = "account.authorized_again";

struct AccountMachine {
  static constexpr std::string_view kind = kAccountKind;
  static constexpr std::uint32_t version = 3;
  using State = AccountState;
  using Input = AccountInput;

  static std::string encode(const State& state) { return sync::encode(state); }
  static Result<State> decode_state(std::string_view bytes) { return decode_account_state(bytes); }
  static Result<Input> decode_input(std::string_view type, std::string_view payload) {
    return decode_account_input(type, payload);
  }
  static Result<Transition<State>> step(const StepContext& context, State state,
                                        const Input& input);
};

}  // namespace tidemark::sync
