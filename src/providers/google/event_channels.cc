#include "providers/google/event_channels.h"

#include <charconv>
#include <optional>
#include <string_view>

#include "base/json.h"
#include "net/url.h"
#include "providers/google/json_members.h"

namespace tidemark::google {
namespace {

// An int64, which Google writes as text.
std::optional<WallTime> read_time(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return WallTime{milliseconds{value}};
}

}  // namespace

Result<Watch> EventChannels::watch(const WatchOrder& order) {
  ApiRequest request;
  request.path = "/calendars/" + percent_encode_segment(order.calendar_id) + "/events/watch";
  request.doing = "watching " + order.calendar_id;
  const Json wanted = {{"id", order.channel},
                       {"type", "web_hook"},
                       {"address", order.address},
                       {"token", order.token.reveal()},
                       {"expiration", order.expires.time_since_epoch().count()}};
  request.method = "POST";
  request.body = dump_json(wanted);
  TM_ASSIGN(const Json channel, api_.call(request));
  if (text(channel, "resourceId").empty()) {
    return fail(Errc::protocol_error, "account " + api_.settings().id + ": " + request.doing +
                                          ": the answer names no resource");
  }
  return Watch{text(channel, "resourceId"),
               read_time(text(channel, "expiration")).value_or(order.expires)};
}

Result<void> EventChannels::stop(const std::string& channel, const std::string& resource) {
  ApiRequest request;
  request.path = "/channels/stop";
  request.doing = "stopping a notification channel";
  request.method = "POST";
  request.body = dump_json({{"id", channel}, {"resourceId", resource}});
  const auto stopped = api_.call(request);
  if (!stopped && stopped.error().code != Errc::not_found) return fail(stopped.error());
  return {};
}

}  // namespace tidemark::google
