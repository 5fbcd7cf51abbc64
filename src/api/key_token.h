// API keys as their owner holds them: "tm_<id>_<secret><checksum>".
//
// id: 12 characters, public, finds the key. secret: 43 characters of base62, 256 random bits.
// checksum: CRC-32 of what stands before it as 6 characters of base62, so that a secret scanner
// (or we, before any lookup) can tell a real key from a typing error.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "base/sha256.h"

namespace tidemark {

struct NewKey {
  std::string id;
  Secret token;   // shown once
  Sha256 hash{};  // what is stored: of the token's secret
};
Result<NewKey> make_key_token();

struct ParsedKey {
  std::string id;
  Sha256 hash{};
};
// Nothing when the text is no key or its checksum is wrong.
std::optional<ParsedKey> parse_key_token(std::string_view token);

bool is_key_id(std::string_view id);

}  // namespace tidemark
