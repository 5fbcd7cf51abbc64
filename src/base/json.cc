#include "base/json.h"

template class nlohmann::basic_json<>;

namespace tidemark {
namespace {

// Counted before parsing, so that hostile nesting cannot exhaust the stack.
bool too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  bool escaped = false;
  for (char c : text) {
    if (in_string) {
      if (escaped) {
        escaped = false;
      } else if (c == '\\') {
        escaped = true;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxJsonDepth) return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  if (too_deep(text)) return fail(Errc::parse_error, "JSON is nested deeper than 64 levels");
  try {
    return Json::parse(text);
  } catch (const Json::exception& e) {
    return fail(Errc::parse_error, std::string("not valid JSON: ") + e.what());
  }
}

std::string dump_json(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_cbor(const Json& value) {
  std::string bytes;
  Json::to_cbor(value, bytes);
  return bytes;
}

Result<Json> from_cbor(std::string_view bytes) {
  try {
    return Json::from_cbor(bytes.begin(), bytes.end());
  } catch (const Json::exception& e) {
    return fail(Errc::parse_error, std::string("not valid CBOR: ") + e.what());
  }
}

}  // namespace tidemark
