// The machine of one calendar's notification channels: keeps the calendar watched as long as the
// account wants that, and leaves nothing behind (calendar rule 16).
//
// A channel is never renewed; a replacement is made a tenth of its life before it ends, both live
// for a minute, then the old one is stopped. Never do more than two exist. What the machine does
// next follows from what may exist (sync/watch_state.h), what is wanted and the time alone, after
// every input alike; one order is on its way at a time.
//
// A channel has one id for all attempts to make it. When an answer is lost, in a crash or on the
// network, the next attempt is either the first that counts or is told that the id is taken: then
// the channel exists, and another id is tried. Its resource, without which it could not be stopped,
// is that of any other channel on the same calendar, so the next answer tells it; this is how a
// lost channel is stopped even when nothing is to be watched any more. Should the answers of two
// channels in turn be lost, both are left to serve until the first ends: their notifications are
// accepted by their tokens.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/machine.h"
#include "sync/watch_inputs.h"
#include "sync/watch_state.h"

namespace tidemark::sync {

inline constexpr std::string_view kWatchKind = "calendar_watch";
inline constexpr std::string_view kWatchExecutor = "watch";
inline constexpr std::string_view kWatchTimer = "watch";
inline constexpr std::chrono::hours kWatchLifetime{7 * 24};  // the longest Google grants
inline constexpr std::chrono::minutes kWatchOverlap{1};
inline constexpr std::size_t kMaxChannels = 2;

InstanceId watch_instance(std::string_view tenant, std::string_view account,
                          std::string_view public_id);

// The id of the channel that the step orders, "<ULID>-<calendar's public id>": what a notification
// is for is known from its channel alone. At most 64 letters, digits, '-' and '_', as Google wants.
std::string channel_id(WallTime now, Position position, std::string_view calendar);
std::string_view calendar_of_channel(std::string_view channel);  // empty: no channel of ours

struct WatchMachine {
  static constexpr std::string_view kind = kWatchKind;
  static constexpr std::uint32_t version = 1;
  using State = WatchState;
  using Input = WatchInput;

  static std::string encode(const State& state) { return sync::encode(state); }
  static Result<State> decode_state(std::string_view bytes) { return decode_watch_state(bytes); }
  static Result<Input> decode_input(std::string_view type, std::string_view payload) {
    return decode_watch_input(type, payload);
  }
  static Result<Transition<State>> step(const StepContext& context, State state,
                                        const Input& input);
};

}  // namespace tidemark::sync
