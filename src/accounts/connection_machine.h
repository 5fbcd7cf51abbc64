// What is known of an account besides its sync: that it was added at run time and how it is set up,
// and how far a person's consent has come. One instance per account.
//
//   connect.begun --> waiting for the person --> connect.done: a refresh token is kept
//                                            \-> connect.failed: why it is not
//
// No secret is in it: they come with the inputs (Input::secrets) and lie in table secret.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "engine/engine.h"
#include "engine/machine.h"

namespace tidemark::accounts {

inline constexpr std::string_view kAccountAdded = "account.added";
inline constexpr std::string_view kAccountRemoved = "account.removed";
inline constexpr std::string_view kAccountConnected = "account.connected";

struct PendingConsent {
  std::string state_hash;  // hex SHA-256 of the state parameter
  std::string redirect_uri;
  WallTime expires{};
  bool operator==(const PendingConsent&) const = default;
};

// The state. CBOR behind "v": 1.
struct Connection {
  std::string source;  // "<provider>:<account>", of its events
  Json definition;     // of an account that was added at run time (account_codec.h); else null
  std::optional<PendingConsent> pending;
  std::optional<WallTime> connected_at;
  std::string error_code;  // of the last attempt to connect
  std::string error;
  bool operator==(const Connection&) const = default;

  bool added() const { return !definition.is_null(); }
};

struct ConnectionMachine {
  static constexpr std::string_view kind = "connection";
  static constexpr std::uint32_t version = 1;

  using State = Connection;
  struct Added {
    std::string source;
    Json definition;
  };
  struct Removed {};
  struct Begun {
    std::string source;
    std::string state_hash;
    std::string redirect_uri;
    std::chrono::seconds lifetime{};
  };
  struct Done {
    std::string state_hash;
  };
  struct Failed {
    std::string state_hash;
    Error error;
  };
  struct Rotated {};  // the provider has handed out another refresh token
  using Input = std::variant<Added, Removed, Begun, Done, Failed, Rotated>;

  static std::string encode(const State& state);
  static Result<State> decode_state(std::string_view bytes);
  static Result<Input> decode_input(std::string_view type, std::string_view payload);
  // conflict: added twice; a consent that nobody waits for any more. not_found: removed, and was
  // never added.
  static Result<Transition<State>> step(const StepContext& context, State state,
                                        const Input& input);
};

InstanceId connection_instance(std::string_view tenant, std::string_view account);
tidemark::Input connection_input(std::string_view tenant, std::string_view account,
                                 const ConnectionMachine::Input& what);

// Names of an account's secrets: "account/<id>/...".
enum class AccountSecret { client_secret, refresh_token, service_account, password, verifier };
std::string secret_name(std::string_view account, AccountSecret which);

}  // namespace tidemark::accounts
