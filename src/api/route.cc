#include "api/route.h"

#include <charconv>

#include "api/suggest.h"
#include "base/text.h"

namespace tidemark {
namespace {

// The first segment, and what comes after the slash behind it; nothing: it was the last.
std::string_view take_segment(std::optional<std::string_view>& path) {
  const auto slash = path->find('/');
  const auto segment = path->substr(0, slash);
  path = slash == std::string_view::npos ? std::nullopt : std::optional(path->substr(slash + 1));
  return segment;
}

// One part of a pattern against one part of a path.
bool match_segment(std::string_view pattern, std::string_view segment,
                   std::map<std::string, std::string>& captures) {
  if (!pattern.starts_with('{')) return pattern == segment;
  const auto close = pattern.find('}');
  const auto suffix = pattern.substr(close + 1);
  if (segment.size() <= suffix.size() || !segment.ends_with(suffix)) return false;
  captures.emplace(pattern.substr(1, close - 1), segment.substr(0, segment.size() - suffix.size()));
  return true;
}

}  // namespace

std::optional<std::map<std::string, std::string>> match_route(std::string_view pattern,
                                                              std::string_view path) {
  std::map<std::string, std::string> captures;
  std::optional<std::string_view> patterns = pattern;
  std::optional<std::string_view> segments = path;
  while (patterns && segments) {
    if (!match_segment(take_segment(patterns), take_segment(segments), captures)) {
      return std::nullopt;
    }
  }
  if (patterns || segments) return std::nullopt;
  return captures;
}

std::string Call::text(const std::string& name) const {
  return request_.query_value(name).value_or("");
}

std::optional<WallTime> Call::time(const std::string& name) const {
  const auto value = request_.query_value(name);
  if (!value) return std::nullopt;
  const auto time = parse_rfc3339(*value);
  return time ? std::optional(*time) : std::nullopt;
}

std::int64_t Call::integer(const std::string& name, std::int64_t preset) const {
  const auto value = request_.query_value(name);
  if (!value) return preset;
  std::int64_t number = preset;
  std::from_chars(value->data(), value->data() + value->size(), number);
  return number;
}

bool Call::boolean(const std::string& name) const {
  const auto value = request_.query_value(name);
  return value && *value != "false";
}

ServerResponse json_response(const Json& value, int status) {
  ServerResponse response;
  response.status = status;
  response.body = dump_json(value);
  return response;
}

ServerResponse list_response(Json items, const std::string& next_page) {
  // Not by an initialiser list, which would copy every item.
  Json list = Json::object();
  list["items"] = std::move(items);
  list["next_page"] = next_page.empty() ? Json(nullptr) : Json(next_page);
  return json_response(list);
}

Result<Json> json_object(const ServerRequest& request) {
  if (trim(request.body).empty()) return Json::object();
  auto parsed = parse_json(request.body);
  if (!parsed) return fail(Errc::invalid_argument, "the body is " + parsed.error().message);
  if (!parsed->is_object()) return fail(Errc::invalid_argument, "the body must be a JSON object");
  return std::move(*parsed);
}

Result<Json> json_body(const ServerRequest& request, const std::vector<std::string>& keys) {
  TM_ASSIGN(Json body, json_object(request));
  for (const auto& [key, value] : body.items()) {
    bool known = false;
    for (const auto& wanted : keys) known = known || wanted == key;
    if (!known) {
      return fail(Errc::invalid_argument, "unknown key \"" + to_valid_utf8(key.substr(0, 64)) +
                                              "\" in the body" + suggestion(key, keys));
    }
    if (!value.is_string() && !value.is_null()) {
      return fail(Errc::invalid_argument, "\"" + key + "\" in the body must be a string");
    }
  }
  return body;
}

}  // namespace tidemark
