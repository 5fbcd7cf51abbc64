// The history of each tenant's data key as a state machine: that it was made, and which master key
// wraps it since when. Names and times only; the wrapped key itself comes with the input
// (Input::secrets) and lies in table secret.
//
// The state decides who is first: of two who make a data key at once, or wrap one anew from the
// same master key, the second is refused, and with its step its wrapped key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/result.h"
#include "engine/engine.h"
#include "engine/machine.h"
#include "vault/key_id.h"

namespace tidemark {

struct VaultMachine {
  static constexpr std::string_view kind = "vault";
  static constexpr std::uint32_t version = 1;

  // CBOR {"v": 1, "data_key", "master_key" (ids, 16 hex digits), "created_at", "wrapped_at" (RFC
  // 3339)}.
  struct Wrapped {
    KeyId data_key;
    KeyId master_key;
    WallTime created_at{};
    WallTime wrapped_at{};
  };
  struct State {
    std::optional<Wrapped> key;  // nothing: not made yet
  };
  struct Made {
    KeyId data_key;
    KeyId master_key;
  };
  struct WrappedAnew {
    KeyId data_key;
    KeyId from;
    KeyId to;
  };
  using Input = std::variant<Made, WrappedAnew>;

  static std::string encode(const State& state);
  static Result<State> decode_state(std::string_view bytes);
  static Result<Input> decode_input(std::string_view type, std::string_view payload);
  // Errc::conflict: there is a data key already, or it is not wrapped by `from` any more.
  static Result<Transition<State>> step(const StepContext& context, State state,
                                        const Input& input);
};

// All tenants' instances start with this.
inline constexpr std::string_view kVaultInstances = "vault/";
InstanceId vault_instance(std::string_view tenant);
tidemark::Input data_key_made_input(std::string_view tenant, const VaultMachine::Made& made,
                                    SealedSecret wrapped);
tidemark::Input data_key_wrapped_anew_input(std::string_view tenant,
                                            const VaultMachine::WrappedAnew& change,
                                            SealedSecret wrapped);

}  // namespace tidemark
