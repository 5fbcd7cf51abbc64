#include "support/google/push_channels.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/sha256.h"
#include "base/text.h"
#include "net/url.h"
#include "support/google/google_error.h"

namespace tidemark::test::google {
namespace {

using std::chrono::milliseconds;

// JSON has int64 as text; Google also reads a number.
std::optional<std::int64_t> whole_number(const Json& object, const char* field) {
  const auto found = object.find(field);
  if (found == object.end()) return std::nullopt;
  if (found->is_number_integer()) return found->get<std::int64_t>();
  const std::string text = found->is_string() ? found->get<std::string>() : std::string();
  const bool digits =
      !text.empty() && text.size() < 16 &&
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  return digits ? std::stoll(text) : -1;
}

std::string text_of(const Json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool is_channel_id(const std::string& id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("-_+/=").find(c) != std::string_view::npos;
  });
}

// RFC 9110 section 5.6.7: "Tue, 19 Nov 2013 01:13:52 GMT".
std::string http_date(WallTime time) {
  static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::string text = format_rfc3339(time);  // 2013-11-19T01:13:52.000Z
  return std::string(kDays[std::chrono::weekday(day).c_encoding()]) + ", " + text.substr(8, 2) +
         " " + kMonths[static_cast<unsigned>(date.month()) - 1] + " " + text.substr(0, 4) + " " +
         text.substr(11, 8) + " GMT";
}

}  // namespace

std::optional<HttpResponse> PushChannels::refusal(const Json& wanted) const {
  const std::string id = text_of(wanted, "id");
  const std::string type = text_of(wanted, "type");
  const std::string address = text_of(wanted, "address");
  if (id.empty()) return bad_request("required", "Missing channel id");
  if (!is_channel_id(id)) return bad_request("invalid", "Invalid channel id");
  if (type != "web_hook" && type != "webhook") {
    return bad_request("push.channelTypeNotSupported", "Unknown channel type");
  }
  if (text_of(wanted, "token").size() > 256)
    return bad_request("invalid", "Channel token too long");
  const auto url = parse_url(address);
  if (!url) return bad_request("push.invalidWebhookUrl", "Invalid WebHook callback: " + address);
  if (url->scheme != "https" && !accept_http) {
    return bad_request("push.webhookUrlNotHttps", "WebHook callback must be HTTPS: " + address);
  }
  if (channels_.contains(id)) {
    return bad_request("channelIdNotUnique", "Channel id " + id + " not unique");
  }
  return std::nullopt;
}

HttpResponse PushChannels::watch(const std::string& user, const std::string& calendar,
                                 const Json& wanted, WallTime now) {
  if (auto refused = refusal(wanted)) return *refused;
  Channel channel;
  channel.expiration = now + longest_life;
  const Json parameters = wanted.value("params", Json::object());
  if (const auto ttl = whole_number(parameters, "ttl")) {
    if (*ttl <= 0) return bad_request("invalid", "Invalid ttl value");
    channel.expiration = std::min(channel.expiration, now + std::chrono::seconds(*ttl));
  }
  if (const auto expiration = whole_number(wanted, "expiration")) {
    const WallTime asked{milliseconds(*expiration)};
    if (asked <= now) return bad_request("invalid", "Invalid expiration value");
    channel.expiration = std::min(channel.expiration, asked);
  }
  channel.id = text_of(wanted, "id");
  channel.token = text_of(wanted, "token");
  channel.address = text_of(wanted, "address");
  // The same for every channel on this resource.
  channel.resource_id = to_hex(sha256(user + "\n", calendar)).substr(0, 27);
  channel.resource_uri = "https://www.googleapis.com/calendar/v3/calendars/" +
                         percent_encode_segment(calendar) + "/events?alt=json";
  channel.user = user;
  channel.calendar = calendar;

  Json out = {{"kind", "api#channel"},
              {"id", channel.id},
              {"resourceId", channel.resource_id},
              {"resourceUri", channel.resource_uri},
              {"expiration", std::to_string(channel.expiration.time_since_epoch().count())}};
  if (!channel.token.empty()) out["token"] = channel.token;
  add_due(channels_[channel.id] = std::move(channel), "sync");
  return json_response(200, out);
}

HttpResponse PushChannels::stop(const std::string& user, const Json& channel, WallTime now) {
  const auto found = channels_.find(text_of(channel, "id"));
  if (found == channels_.end() || found->second.user != user || found->second.expiration <= now ||
      found->second.resource_id != text_of(channel, "resourceId")) {
    return not_found("Channel '" + text_of(channel, "id") + "' not found for project 'fake'");
  }
  found->second.expiration = now;
  return {204, {}, {}};
}

void PushChannels::add_due(Channel& channel, const std::string& state) {
  // 1 for the sync message, then growing but not by one.
  channel.last_message += channel.last_message == 0 ? 1 : 1 + channel.last_message % 7;
  due_.push_back({channel.id, state, channel.last_message});
}

void PushChannels::changed(const std::string& calendar, const std::string& state, WallTime now) {
  for (auto& [id, channel] : channels_) {
    if (channel.calendar == calendar && channel.expiration > now) add_due(channel, state);
  }
}

std::vector<HttpRequest> PushChannels::take(WallTime now) {
  std::vector<HttpRequest> out;
  for (const Due& due : std::exchange(due_, {})) {
    const Channel& channel = channels_.at(due.channel);
    if (channel.expiration <= now) continue;
    HttpRequest request;
    request.method = "POST";
    request.url = channel.address;
    request.headers = {{"Content-Type", "application/json; utf-8"},
                       {"User-Agent",
                        "APIs-Google; (+https://developers.google.com/webmasters/"
                        "APIs-Google.html)"},
                       {"X-Goog-Channel-ID", channel.id},
                       {"X-Goog-Channel-Expiration", http_date(channel.expiration)},
                       {"X-Goog-Resource-ID", channel.resource_id},
                       {"X-Goog-Resource-URI", channel.resource_uri},
                       {"X-Goog-Resource-State", due.state},
                       {"X-Goog-Message-Number", std::to_string(due.number)}};
    if (!channel.token.empty()) request.headers.emplace_back("X-Goog-Channel-Token", channel.token);
    out.push_back(std::move(request));
  }
  return out;
}

std::vector<Channel> PushChannels::live(const std::string& calendar, WallTime now) const {
  std::vector<Channel> out;
  for (const auto& [id, channel] : channels_) {
    if (channel.calendar == calendar && channel.expiration > now) out.push_back(channel);
  }
  return out;
}

}  // namespace tidemark::test::google
