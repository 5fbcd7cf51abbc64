// The durable state of the notification channels of one calendar. CBOR behind format byte 1.
//
// It says what may exist at the server, never less: a channel is noted in the commit that orders
// it, and forgotten when the server has said that it is gone or when its time is over. So that at
// most two exist, at most two are noted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace tidemark::sync {

enum class Standing : std::uint8_t {
  asked,  // no answer yet, or none that says whether it exists
  lost,   // exists, as the server says of its id; its answer with the resource never came
  live,
};

struct WatchChannel {
  std::string id;
  std::string address;
  Standing standing = Standing::asked;
  WallTime since{};    // live
  WallTime renew{};    // live
  WallTime expires{};  // at the latest
  bool operator==(const WatchChannel&) const = default;
};

// The one effect on its way.
struct WatchBusy {
  Sequence effect = 0;  // of the step that ordered it
  std::string channel;
  bool stops = false;
  bool operator==(const WatchBusy&) const = default;
};

struct WatchState {
  std::string account;
  std::string calendar;  // public id; empty: the instance does not exist
  std::string remote_id;
  std::string address;                 // to be notified; empty: it is not to be watched any more
  std::vector<WatchChannel> channels;  // oldest first
  // The server's name for the calendar's events, once it is known: one for all channels on them.
  std::string resource;
  std::optional<WatchBusy> busy;
  std::uint32_t failures = 0;     // in a row
  std::optional<WallTime> retry;  // nothing is asked of the server before
  std::optional<WallTime> wake;   // the timer
  std::string error_code;
  std::string error;
  bool operator==(const WatchState&) const = default;

  // The channel that serves: the newest one to the wanted address. Null: none does.
  const WatchChannel* serving() const;
  const WatchChannel* find(std::string_view channel) const;
};

std::string encode(const WatchState& state);
Result<WatchState> decode_watch_state(std::string_view bytes);

}  // namespace tidemark::sync
