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

// CBOR (RFC 8949), definite lengths, the encoding of every stored value.
std::string to_cbor(const Json& value);
Result<Json> from_cbor(std::string_view bytes);

}  // namespace tidemark
