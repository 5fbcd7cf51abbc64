// JSON and CBOR, without exceptions. nlohmann::json is a vocabulary type here, like tl::expected:
// it may appear in any header, always by this name.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

// Instantiated once, in json.cc: every other file compiles a third faster for it.
extern template class nlohmann::basic_json<>;

namespace tidemark {

// Object keys are sorted, so equal values have equal bytes.
using Json = nlohmann::json;

inline constexpr std::size_t kMaxJsonDepth = 64;

// Errc::parse_error with line, column and reason; depth above kMaxJsonDepth is refused.
Result<Json> parse_json(std::string_view text);

// Compact text. Bytes that are not UTF-8 are replaced by U+FFFD, never thrown about.
std::string dump_json(const Json& value);

// Appends the text as a JSON string. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// How deeply objects and arrays nest in the text: 0 for a scalar.
std::size_t json_depth(std::string_view text);

// A JSON value as its text: for what is written once and handed on unread. Holds "{}" at first.
class JsonText {
 public:
  JsonText() = default;
  explicit JsonText(const Json& value) : text_(dump_json(value)) {}
  // The text is taken as it is: the caller wrote valid JSON.
  static JsonText of(std::string text) {
    JsonText out;
    out.text_ = std::move(text);
    return out;
  }

  const std::string& text() const { return text_; }
  // Null when the text cannot be read.
  Json value() const { return parse_json(text_).value_or(Json()); }
  bool operator==(const JsonText&) const = default;

 private:
  std::string text_ = "{}";
};

// CBOR (RFC 8949), definite lengths, the encoding of every stored value.
std::string to_cbor(const Json& value);
Result<Json> from_cbor(std::string_view bytes);

}  // namespace tidemark
