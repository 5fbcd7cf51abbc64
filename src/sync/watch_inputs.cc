#include "sync/watch_inputs.h"

#include "engine/machine.h"
#include "sync/calendar_inputs.h"
#include "sync/json_fields.h"

namespace tidemark::sync {
namespace {

tl::unexpected<Error> unreadable(std::string_view type) {
  return fail(Errc::invalid_argument, std::string(type) + ": a field is missing or ill-typed");
}

template <class T>
Result<WatchInput> checked(const JsonFields& fields, std::string_view type, T input) {
  if (!fields.ok()) return unreadable(type);
  return input;
}

}  // namespace

std::string encode(const WatchWanted& input) {
  return stored_json({{"account", input.account},
                      {"calendar", input.calendar},
                      {"remote_id", input.remote_id},
                      {"address", input.address}});
}

std::string encode(const WatchDone& input) {
  return stored_json({{"effect", input.effect},
                      {"resource", input.resource},
                      {"expires", time_json(input.expires)}});
}

std::string encode(const WatchFailed& input) {
  return stored_json({{"effect", input.effect}, {"error", error_json(input.error)}});
}

std::string encode(const WatchStopped& input) {
  return stored_json(Json{{"effect", input.effect}, {"version", 1U}});
}

Result<WatchInput> decode_watch_input(std::string_view type, std::string_view payload) {
  if (type == kTimerFired) return WatchTimer{};
  if (type == input_type::kWatchUnwanted) return WatchUnwanted{};
  TM_ASSIGN(const Json value, read_stored_json(payload, type));
  const JsonFields fields(value);
  if (type == input_type::kWatchWanted) {
    return checked(fields, type,
                   WatchWanted{fields.text("account"), fields.text("calendar"),
                               fields.text("remote_id"), fields.text("address")});
  }
  if (type == input_type::kWatchDone) {
    return checked(fields, type,
                   WatchDone{fields.number("effect"), fields.text("resource"),
                             fields.time("expires").value_or(WallTime{})});
  }
  if (type == input_type::kWatchFailed) {
    return checked(fields, type,
                   WatchFailed{fields.number("effect"), error_from_json(fields.object("error"))});
  }
  if (type == input_type::kWatchStopped) {
    return checked(fields, type, WatchStopped{fields.number("effect")});
  }
  return fail(Errc::invalid_argument, "a watch knows no input \"" + std::string(type) + "\"");
}

std::string encode(const ChannelOrder& order) {
  return stored_json({{"stops", order.stops},
                      {"account", order.account},
                      {"calendar", order.calendar},
                      {"remote_id", order.remote_id},
                      {"channel", order.channel},
                      {"resource", order.resource},
                      {"address", order.address},
                      {"expires", time_json(order.expires)},
                      {"renews", order.renews}});
}

Result<ChannelOrder> decode_channel_order(std::string_view bytes) {
  TM_ASSIGN(const Json value, read_stored_json(bytes, "channel order"));
  const JsonFields fields(value);
  ChannelOrder order{fields.flag("stops"),    fields.text("account"),
                     fields.text("calendar"), fields.text("remote_id"),
                     fields.text("channel"),  fields.text("resource"),
                     fields.text("address"),  fields.time("expires").value_or(WallTime{}),
                     fields.flag("renews")};
  if (!fields.ok()) return unreadable("channel order");
  return order;
}

}  // namespace tidemark::sync
