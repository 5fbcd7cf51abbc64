// API keys as a state machine: made and revoked by journaled steps that hold hashes, never keys.
//
// All keys are rows of one instance that belongs to the operator, who alone manages them: a request
// names a key's id, not its tenant, so the id must be enough to find it.
//
// Row: key id -> CBOR {"v": 1, "tenant", "name", "hash" (hex SHA-256), "created_at", "expires_at"
// (RFC 3339, null: never)}.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/sha256.h"
#include "engine/engine.h"
#include "engine/machine.h"
#include "store/store.h"

namespace tidemark {

// No configured tenant can have this name: '~' is not allowed in one.
inline constexpr std::string_view kOperatorTenant = "~operator";
inline constexpr std::size_t kMaxKeys = 10'000;
inline constexpr std::size_t kMaxKeyNameBytes = 200;

struct KeyRecord {
  std::string id;
  std::string tenant;
  std::string name;
  std::string hash;  // 64 hex digits
  WallTime created_at{};
  std::optional<WallTime> expires_at{};
};
Json to_json(const KeyRecord& record);  // without the hash

struct KeyMachine {
  static constexpr std::string_view kind = "api_keys";
  static constexpr std::uint32_t version = 1;

  struct State {
    std::uint64_t keys = 0;
  };
  struct Create {
    KeyRecord record;  // created_at is the step's time
  };
  struct Revoke {
    std::string id;
  };
  using Input = std::variant<Create, Revoke>;

  static std::string encode(const State& state);
  static Result<State> decode_state(std::string_view bytes);
  static Result<Input> decode_input(std::string_view type, std::string_view payload);
  // Errc::limit_exceeded, conflict (the id exists) or not_found (nothing to revoke).
  static Result<Transition<State>> step(const StepContext& context, State state,
                                        const Input& input);
};

InstanceId key_instance();
tidemark::Input create_key_input(const KeyRecord& record);
tidemark::Input revoke_key_input(const std::string& id);

// Nothing when there is none.
Result<std::optional<KeyRecord>> find_key(const StoreView& view, const std::string& id);
// By id; tenant empty: all.
Result<std::vector<KeyRecord>> list_keys(const StoreView& view, std::string_view tenant);

}  // namespace tidemark
