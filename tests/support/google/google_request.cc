#include "support/google/google_request.h"

#include <algorithm>

#include "base/text.h"
#include "net/url.h"

namespace tidemark::test::google {
namespace {

std::string decode(const std::string& text) {
  return percent_decode(text).value_or(text);
}

std::string form_decode(std::string text) {
  std::replace(text.begin(), text.end(), '+', ' ');
  return decode(text);
}

std::string calendar_route(const std::string& method, const std::vector<std::string>& path) {
  static const std::map<std::string, std::string> kOneEvent = {{"GET", "events.get"},
                                                               {"PUT", "events.update"},
                                                               {"PATCH", "events.patch"},
                                                               {"DELETE", "events.delete"}};
  if (path == std::vector<std::string>{"calendar", "v3", "users", "me", "calendarList"}) {
    return method == "GET" ? "calendarList.list" : "unknown";
  }
  if (path == std::vector<std::string>{"calendar", "v3", "channels", "stop"}) {
    return method == "POST" ? "channels.stop" : "unknown";
  }
  if (path.size() < 5 || path[2] != "calendars" || path[4] != "events") return "unknown";
  if (path.size() == 5 && method == "GET") return "events.list";
  if (path.size() == 5 && method == "POST") return "events.insert";
  if (path.size() != 6) return "unknown";
  if (path[5] == "watch" && method == "POST") return "events.watch";
  const auto found = kOneEvent.find(method);
  return found == kOneEvent.end() ? "unknown" : found->second;
}

}  // namespace

Parameters read_form(std::string_view text) {
  Parameters out;
  if (text.empty()) return out;
  for (const std::string& pair : split(text, '&')) {
    const std::size_t equals = pair.find('=');
    const std::string name = form_decode(pair.substr(0, equals));
    out[name] = equals == std::string::npos ? "" : form_decode(pair.substr(equals + 1));
  }
  return out;
}

std::string write_form(const Parameters& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    out += (out.empty() ? "" : "&") + percent_encode_segment(name) + "=";
    // A segment may hold these as they are, a form's value may not.
    for (const char c : percent_encode_segment(value)) {
      if (c == '+')
        out += "%2B";
      else if (c == '&')
        out += "%26";
      else if (c == '=')
        out += "%3D";
      else
        out += c;
    }
  }
  return out;
}

std::optional<std::string> Request::parameter(const std::string& name) const {
  const auto found = query.find(name);
  if (found == query.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> Request::bearer() const {
  constexpr std::string_view kScheme = "bearer ";
  const auto value = find_header(headers, "Authorization");
  if (!value || value->size() <= kScheme.size() ||
      to_lower_ascii(value->substr(0, kScheme.size())) != kScheme) {
    return std::nullopt;
  }
  return std::string(trim(std::string_view(*value).substr(kScheme.size())));
}

std::optional<Json> Request::json() const {
  auto value = parse_json(body);
  if (!value || !value->is_object()) return std::nullopt;
  return *value;
}

std::optional<Request> read_request(const HttpRequest& request) {
  const auto url = parse_url(request.url);
  if (!url) return std::nullopt;
  Request out;
  out.method = request.method;
  out.endpoint = url->origin() + url->path;
  // Split before decoding: an encoded slash belongs to its segment.
  for (const std::string& segment : split(std::string_view(url->path).substr(1), '/')) {
    out.path.push_back(decode(segment));
  }
  out.query = read_form(url->query);
  out.headers = request.headers;
  out.body = request.body;
  return out;
}

std::string route_of(const Request& request) {
  const auto& path = request.path;
  if (path.size() >= 2 && path[0] == "calendar" && path[1] == "v3") {
    return calendar_route(request.method, path);
  }
  const bool post = request.method == "POST";
  if (path == std::vector<std::string>{"o", "oauth2", "v2", "auth"}) {
    return request.method == "GET" ? "oauth.auth" : "unknown";
  }
  if (path == std::vector<std::string>{"token"}) return post ? "oauth.token" : "unknown";
  if (path == std::vector<std::string>{"revoke"}) return post ? "oauth.revoke" : "unknown";
  return "unknown";
}

}  // namespace tidemark::test::google
