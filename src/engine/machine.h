// What a state machine is to the engine: a pure function from (context, state, input) to a
// transition. The engine turns one transition into one atomic write; see engine/engine.h.
//
// A machine reads nothing but its arguments: no clock, no randomness, no other instance, no global.
// Given the same arguments it returns the same transition, today and in ten years: that is what
// audit and replay rest on. Changing what a machine does with an old input means a new `version`.
//
//   struct Counter {
//     static constexpr std::string_view kind = "counter";
//     static constexpr std::uint32_t version = 1;
//     struct State { int count = 0; };
//     using Input = std::variant<Increment, Reset>;
//     static std::string encode(const State&);
//     static Result<State> decode_state(std::string_view bytes);
//     static Result<Input> decode_input(std::string_view type, std::string_view payload);
//     static Result<Transition<State>> step(const StepContext&, State, const Input&);
//   };
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/result.h"

namespace tidemark {

// "<machine kind>/<tenant>/<rest>", at most 512 bytes. The tenant is part of the id, so that no
// key of one tenant can be built from another's.
struct InstanceId {
  std::string value;
  auto operator<=>(const InstanceId&) const = default;

  std::string_view kind() const;
  std::string_view tenant() const;
};
InstanceId make_instance_id(std::string_view kind, std::string_view tenant, std::string_view rest);

// The rows of one instance, changes of earlier steps of the same batch included. A read that fails
// on the disk yields nothing and spoils the step: the engine drops its transition and fails the
// input, so a machine need not handle it.
class RowReader {
 public:
  virtual ~RowReader() = default;
  virtual std::optional<std::string> get(std::string_view key) const = 0;
  // Ascending from the first key >= from among those that start with prefix; false stops.
  virtual void scan(
      std::string_view prefix, std::string_view from,
      const std::function<bool(std::string_view key, std::string_view value)>& visitor) const = 0;
};

struct StepContext {
  Sequence sequence = 0;  // of the record this step will write
  WallTime now{};
  std::string_view tenant;
  const InstanceId& instance;
  std::string_view correlation_id;
  const RowReader& rows;
};

struct RowChange {
  std::string key;
  std::optional<std::string> value;  // nothing: erase
  // The machine knows that there was no such row before the step, which spares reading it where
  // rows are remembered. Believed.
  bool is_new = false;
};

// Something to do outside, after the commit, at least once. Says what, never how.
struct EffectRequest {
  std::string executor;  // which EffectExecutor
  std::string host;      // limit group within the executor: usually the account or upstream host
  std::string payload;   // the executor's own encoding; never a secret
  // Whose work it is, and its results', when that is not this step's: a step that ends one thing
  // may begin another that has waited for it. Empty: the step's own.
  std::string correlation_id{};
};

// One timer per (instance, name): setting it again replaces it. Fires once, as an input of type
// kTimerFired whose payload is the name.
struct TimerChange {
  std::string name;
  std::optional<WallTime> due;  // nothing: cancel
  bool new_cause = false;       // true: what it sets off gets a correlation id of its own
};
inline constexpr std::string_view kTimerFired = "timer.fired";

// A message to another instance: delivered exactly once, in the order sent.
struct Message {
  InstanceId to;
  std::string type;
  std::string payload;
};

// An event for the feed; the engine adds id, time, tenant, correlation and causation.
struct EmittedEvent {
  std::string type;
  int version = 1;
  std::string source;
  std::string dedupe_key;
  JsonText payload;  // an object
};

template <class S>
struct Transition {
  S state;
  std::vector<RowChange> rows{};
  std::vector<EffectRequest> effects{};
  std::vector<TimerChange> timers{};
  std::vector<Message> messages{};
  std::vector<EmittedEvent> events{};
  // The instance is done: its state and timers go, its rows must already be gone. Its journal
  // stays.
  bool end = false;
  // Secrets of the instance's tenant to erase, by name; see SealedSecret in engine/engine.h. An end
  // drops none by itself.
  std::vector<std::string> dropped_secrets{};
};

template <class M>
concept Machine = requires(const StepContext& context, typename M::State state,
                           const typename M::Input& input, std::string_view bytes) {
  { M::kind } -> std::convertible_to<std::string_view>;
  { M::version } -> std::convertible_to<std::uint32_t>;
  { M::encode(state) } -> std::same_as<std::string>;
  { M::decode_state(bytes) } -> std::same_as<Result<typename M::State>>;
  { M::decode_input(bytes, bytes) } -> std::same_as<Result<typename M::Input>>;
  { M::step(context, state, input) } -> std::same_as<Result<Transition<typename M::State>>>;
};

// The same machine with its types erased, as the engine's registry holds it. Built by erase<M>().
struct AnyMachine {
  std::string_view kind;
  std::uint32_t version = 0;
  // state: encoded, empty for an instance that does not exist yet (State{} is its state).
  std::function<Result<Transition<std::string>>(const StepContext&, std::string_view state,
                                                std::string_view type, std::string_view payload)>
      step;
  // Of these rows every value is kept, so that they can be read as they were (engine/as_of.h).
  // Null: of none.
  bool (*remembers)(std::string_view row_key) = nullptr;
};

// A machine has history when it says of which rows: static bool remembers(std::string_view
// row_key).
template <class M>
constexpr auto remembers_of() -> bool (*)(std::string_view) {
  if constexpr (requires { M::remembers(std::string_view()); }) {
    return &M::remembers;
  } else {
    return nullptr;
  }
}

template <Machine M>
AnyMachine erase() {
  return {M::kind, M::version,
          [](const StepContext& context, std::string_view state_bytes, std::string_view type,
             std::string_view payload) -> Result<Transition<std::string>> {
            typename M::State state{};
            if (!state_bytes.empty()) {
              TM_ASSIGN(state, M::decode_state(state_bytes));
            }
            TM_ASSIGN(auto input, M::decode_input(type, payload));
            TM_ASSIGN(auto typed, M::step(context, std::move(state), input));
            return Transition<std::string>{M::encode(typed.state),
                                           std::move(typed.rows),
                                           std::move(typed.effects),
                                           std::move(typed.timers),
                                           std::move(typed.messages),
                                           std::move(typed.events),
                                           typed.end,
                                           std::move(typed.dropped_secrets)};
          },
          remembers_of<M>()};
}

}  // namespace tidemark
