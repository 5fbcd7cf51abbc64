#include "base/ids.h"

#include <algorithm>
#include <array>

namespace tidemark {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kUlidLength = 26;

using Bytes = std::array<std::uint8_t, 16>;

// A ULID is 128 bits written as 26 digits of 5 bits, the first of which holds 3.
std::string encode(const Bytes& bytes) {
  std::string text(kUlidLength, '0');
  unsigned buffer = 0;
  int bits = 2;  // two leading zero bits make 130 = 26 * 5
  std::size_t out = 0;
  for (std::uint8_t byte : bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text[out++] = kAlphabet[(buffer >> bits) & 31U];
    }
  }
  return text;
}

std::optional<Bytes> decode(std::string_view text) {
  if (text.size() != kUlidLength || text[0] > '7') return std::nullopt;
  Bytes bytes{};
  unsigned buffer = 0;
  int bits = -2;
  std::size_t out = 0;
  for (char c : text) {
    const auto digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    buffer = (buffer << 5) | static_cast<unsigned>(digit);
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[out++] = static_cast<std::uint8_t>(buffer >> bits);
    }
  }
  return bytes;
}

}  // namespace

std::string make_id(std::string_view prefix, WallTime time, Position position) {
  const auto since_epoch = std::max<std::int64_t>(0, time.time_since_epoch().count());
  auto stamp = static_cast<std::uint64_t>(since_epoch);
  Bytes bytes{};
  for (int i = 5; i >= 0; --i, stamp >>= 8) bytes[static_cast<std::size_t>(i)] = stamp & 0xFF;
  auto sequence = position.sequence;
  for (int i = 13; i >= 6; --i, sequence >>= 8)
    bytes[static_cast<std::size_t>(i)] = sequence & 0xFF;
  bytes[14] = static_cast<std::uint8_t>(position.index >> 8);
  bytes[15] = static_cast<std::uint8_t>(position.index & 0xFF);
  return std::string(prefix) + encode(bytes);
}

std::optional<Position> parse_id(std::string_view prefix, std::string_view id) {
  if (!id.starts_with(prefix)) return std::nullopt;
  const auto bytes = decode(id.substr(prefix.size()));
  if (!bytes) return std::nullopt;
  Position position;
  for (std::size_t i = 6; i < 14; ++i) position.sequence = (position.sequence << 8) | (*bytes)[i];
  position.index = static_cast<std::uint16_t>(((*bytes)[14] << 8) | (*bytes)[15]);
  return position;
}

}  // namespace tidemark
