#include "vault/key_id.h"

#include <algorithm>

#include "base/hex.h"
#include "base/sha256.h"

namespace tidemark {

std::string KeyId::text() const {
  return to_hex_text(view());
}

KeyId key_id_of(std::string_view label, const Secret& key) {
  const Sha256 digest = sha256(label, key.reveal());
  KeyId id;
  std::copy_n(as_bytes(digest).begin(), kKeyIdBytes, id.bytes.begin());
  return id;
}

Result<KeyId> key_id_from(std::string_view bytes) {
  if (bytes.size() != kKeyIdBytes) return fail(Errc::parse_error, "a key's id has 8 bytes");
  KeyId id;
  std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  return id;
}

Result<KeyId> parse_key_id(std::string_view text) {
  const auto bytes = from_hex_text(text);
  if (!bytes || bytes->size() != kKeyIdBytes) {
    return fail(Errc::parse_error, "a key's id is 16 hexadecimal digits");
  }
  return key_id_from(*bytes);
}

}  // namespace tidemark
