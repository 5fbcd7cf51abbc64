// Names of keys: what may be stored, logged and shown of them.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace tidemark {

inline constexpr std::size_t kKeyIdBytes = 8;

// The first 8 bytes of SHA-256(label || key): it tells whether two keys are the same one, and
// nothing else of a random key of 256 bits.
struct KeyId {
  std::array<char, kKeyIdBytes> bytes{};

  auto operator<=>(const KeyId&) const = default;
  std::string_view view() const { return {bytes.data(), bytes.size()}; }
  std::string text() const;  // 16 lower-case hexadecimal digits
};

// Each kind of key has a label of its own, so that one key used as two kinds shows two names.
KeyId key_id_of(std::string_view label, const Secret& key);
// From exactly 8 bytes.
Result<KeyId> key_id_from(std::string_view bytes);
// From text().
Result<KeyId> parse_key_id(std::string_view text);

}  // namespace tidemark
