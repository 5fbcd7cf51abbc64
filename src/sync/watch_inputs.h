// What the machine of a calendar's notification channels is told, by the account's machine and by
// the executor "watch", and what it orders. Format byte 1 and CBOR.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace tidemark::sync {

// From the account: watch it, or go on doing so. Said again, it means: try at once.
struct WatchWanted {
  std::string account;
  std::string calendar;  // public id
  std::string remote_id;
  std::string address;
};
// From the account: stop all channels.
struct WatchUnwanted {};
struct WatchDone {
  Sequence effect = 0;
  std::string resource;
  WallTime expires{};
};
struct WatchFailed {  // asking or stopping
  Sequence effect = 0;
  Error error;
};
struct WatchStopped {
  Sequence effect = 0;
};
struct WatchTimer {};

using WatchInput =
    std::variant<WatchWanted, WatchUnwanted, WatchDone, WatchFailed, WatchStopped, WatchTimer>;

namespace input_type {
inline constexpr std::string_view kWatchWanted = "watch.wanted";
inline constexpr std::string_view kWatchUnwanted = "watch.unwanted";
inline constexpr std::string_view kWatchDone = "watch.done";
inline constexpr std::string_view kWatchFailed = "watch.failed";
inline constexpr std::string_view kWatchStopped = "watch.stopped";
}  // namespace input_type

std::string encode(const WatchWanted& input);
std::string encode(const WatchDone& input);
std::string encode(const WatchFailed& input);
std::string encode(const WatchStopped& input);
Result<WatchInput> decode_watch_input(std::string_view type, std::string_view payload);

// What the executor "watch" is asked to do. The channel's token is not in it: it is made from the
// process's key when the order is carried out, and is the same each time.
struct ChannelOrder {
  bool stops = false;
  std::string account;
  std::string calendar;  // public id
  std::string remote_id;
  std::string channel;
  std::string resource;  // stops
  // Else:
  std::string address;
  WallTime expires{};
  bool renews = false;  // another channel serves already
};
std::string encode(const ChannelOrder& order);
Result<ChannelOrder> decode_channel_order(std::string_view bytes);

}  // namespace tidemark::sync
