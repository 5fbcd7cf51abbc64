#include "sync/watch_state.h"

#include <algorithm>

#include "sync/json_fields.h"

namespace tidemark::sync {
namespace {

Json channel_json(const WatchChannel& channel) {
  return Json{{"id", channel.id},
              {"address", channel.address},
              {"standing", static_cast<std::uint64_t>(channel.standing)},
              {"since", time_json(channel.since)},
              {"renew", time_json(channel.renew)},
              {"expires", time_json(channel.expires)}};
}

WatchChannel read_channel(const JsonFields& state, const Json& value) {
  const JsonFields fields(value);
  const std::uint64_t standing = fields.number("standing");
  if (!fields.ok() || standing > static_cast<std::uint64_t>(Standing::live)) state.spoil();
  return {fields.text("id"),
          fields.text("address"),
          static_cast<Standing>(standing),
          fields.time("since").value_or(WallTime{}),
          fields.time("renew").value_or(WallTime{}),
          fields.time("expires").value_or(WallTime{})};
}

}  // namespace

const WatchChannel* WatchState::serving() const {
  const auto found = std::find_if(channels.rbegin(), channels.rend(), [&](const auto& channel) {
    return channel.standing == Standing::live && channel.address == address;
  });
  return found == channels.rend() ? nullptr : &*found;
}

const WatchChannel* WatchState::find(std::string_view channel) const {
  const auto found = std::find_if(channels.begin(), channels.end(),
                                  [&](const auto& one) { return one.id == channel; });
  return found == channels.end() ? nullptr : &*found;
}

std::string encode(const WatchState& state) {
  Json channels = Json::array();
  for (const auto& channel : state.channels) channels.push_back(channel_json(channel));
  Json value{{"account", state.account},
             {"calendar", state.calendar},
             {"remote_id", state.remote_id},
             {"address", state.address},
             {"channels", std::move(channels)},
             {"resource", state.resource},
             {"failures", state.failures},
             {"retry", time_json(state.retry)},
             {"wake", time_json(state.wake)},
             {"error_code", state.error_code},
             {"error", state.error}};
  if (state.busy) {
    value["busy"] = {{"effect", state.busy->effect},
                     {"channel", state.busy->channel},
                     {"stops", state.busy->stops}};
  }
  return stored_json(value);
}

Result<WatchState> decode_watch_state(std::string_view bytes) {
  TM_ASSIGN(const Json value, read_stored_json(bytes, "watch state"));
  const JsonFields fields(value);
  WatchState state;
  state.account = fields.text("account");
  state.calendar = fields.text("calendar");
  state.remote_id = fields.text("remote_id");
  state.address = fields.text("address");
  for (const auto& channel : fields.list("channels")) {
    state.channels.push_back(read_channel(fields, channel));
  }
  state.resource = fields.text("resource");
  if (fields.has("busy")) {
    const JsonFields busy(fields.object("busy"));
    state.busy = WatchBusy{busy.number("effect"), busy.text("channel"), busy.flag("stops")};
    if (!busy.ok()) fields.spoil();
  }
  state.failures = static_cast<std::uint32_t>(fields.number("failures"));
  state.retry = fields.time("retry");
  state.wake = fields.time("wake");
  state.error_code = fields.text("error_code");
  state.error = fields.text("error");
  if (!fields.ok()) return fail(Errc::corrupt, "watch state: a field is missing or ill-typed");
  return state;
}

}  // namespace tidemark::sync
