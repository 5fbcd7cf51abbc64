// The machine of one endpoint: what it is configured to get, how far it has got, and what happens
// to deliveries that fail. It sends nothing itself: the deliverer (deliverer.h) reads its state,
// sends, and tells it how that went.
//
// Events it emits, with source "endpoint:<id>", never delivered to the endpoint they are about:
//   endpoint.disabled        {"endpoint", "url", "reason"}
//   delivery.dead_lettered   {"endpoint", "event_id", "event_type", "attempts", "status", "error"},
//                            not for events that are such news themselves
#pragma once

#include <string_view>

#include "delivery/endpoint_inputs.h"
#include "delivery/endpoint_state.h"
#include "engine/machine.h"

namespace tidemark::delivery {

inline constexpr std::string_view kNoticeExecutor = "delivery_notice";
inline constexpr std::string_view kSecretTimer = "secrets";
inline constexpr std::string_view kEndpointDisabled = "endpoint.disabled";
inline constexpr std::string_view kDeadLettered = "delivery.dead_lettered";

inline constexpr std::size_t kMaxLogRows = 1000;       // older ones are erased
inline constexpr std::uint64_t kMaxWaiting = 1000;     // more, and nothing new is begun
inline constexpr std::uint64_t kMaxDead = 1'000'000;   // more, and the oldest are dropped
inline constexpr std::size_t kMaxEndpointSecrets = 5;  // that sign at once

struct EndpointMachine {
  static constexpr std::string_view kind = kEndpointKind;
  static constexpr std::uint32_t version = 2;
  using State = EndpointState;
  using Input = EndpointInput;

  static std::string encode(const State& state) { return delivery::encode(state); }
  static Result<State> decode_state(std::string_view bytes) { return decode_endpoint_state(bytes); }
  static Result<Input> decode_input(std::string_view type, std::string_view payload) {
    return decode_endpoint_input(type, payload);
  }
  // Errc::not_found for an endpoint that does not exist, conflict for one that does and should not,
  // limit_exceeded for too many secrets.
  static Result<Transition<State>> step(const StepContext& context, State state,
                                        const Input& input);
};

}  // namespace tidemark::delivery
