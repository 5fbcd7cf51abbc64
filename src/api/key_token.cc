#include "api/key_token.h"

#include <algorithm>
#include <cstdint>

#include "base/random.h"

namespace tidemark {
namespace {

constexpr std::string_view kPrefix = "tm_";
constexpr std::string_view kBase62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kIdLength = 12;
constexpr std::size_t kSecretLength = 43;  // 43 * log2(62) = 256.03 bits
constexpr std::size_t kChecksumLength = 6;
constexpr std::size_t kTokenLength =
    kPrefix.size() + kIdLength + 1 + kSecretLength + kChecksumLength;

// CRC-32 as in ISO 3309 (zlib's): the keys are short, so a table is not worth its lines.
std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (char c : bytes) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

std::string checksum(std::string_view text) {
  std::uint32_t value = crc32(text);
  std::string out(kChecksumLength, '0');
  for (auto digit = out.rbegin(); digit != out.rend(); ++digit) {
    *digit = kBase62[value % kBase62.size()];
    value /= static_cast<std::uint32_t>(kBase62.size());
  }
  return out;
}

// Uniform letters: bytes that would favour the first letters are drawn again.
Result<std::string> random_letters(std::size_t count, std::string_view alphabet) {
  const std::size_t fair = 256 - 256 % alphabet.size();
  std::string out;
  while (out.size() < count) {
    TM_ASSIGN(const std::string bytes, random_bytes(count));
    for (char c : bytes) {
      const auto byte = static_cast<std::uint8_t>(c);
      if (byte < fair && out.size() < count) out += alphabet[byte % alphabet.size()];
    }
  }
  return out;
}

bool all_base62(std::string_view text) {
  return text.find_first_not_of(kBase62) == std::string_view::npos;
}

}  // namespace

Result<NewKey> make_key_token() {
  // Ids are read aloud and typed, so without capitals.
  TM_ASSIGN(std::string id, random_letters(kIdLength, "0123456789abcdefghijklmnopqrstuvwxyz"));
  TM_ASSIGN(const std::string secret, random_letters(kSecretLength, kBase62));
  std::string token = std::string(kPrefix) + id + "_" + secret;
  token += checksum(token);
  return NewKey{std::move(id), Secret(std::move(token)), sha256(secret)};
}

std::optional<ParsedKey> parse_key_token(std::string_view token) {
  if (token.size() != kTokenLength || !token.starts_with(kPrefix)) return std::nullopt;
  const auto body = token.substr(0, kTokenLength - kChecksumLength);
  const auto id = token.substr(kPrefix.size(), kIdLength);
  const auto secret = body.substr(kPrefix.size() + kIdLength + 1);
  if (token[kPrefix.size() + kIdLength] != '_' || !is_key_id(id) || !all_base62(secret) ||
      checksum(body) != token.substr(body.size())) {
    return std::nullopt;
  }
  return ParsedKey{std::string(id), sha256(secret)};
}

bool is_key_id(std::string_view id) {
  return id.size() == kIdLength && all_base62(id);
}

}  // namespace tidemark
