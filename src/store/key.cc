#include "store/key.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace tidemark {
namespace {

constexpr std::uint64_t kSignBit = 1ULL << 63;
// For what mostly follows a text: a length, a sequence, an index.
constexpr std::size_t kRoom = 24;

template <class T>
void append_big_endian(std::string& out, T value) {
  std::array<char, sizeof(T)> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>((value >> (8 * (bytes.size() - 1 - i))) & 0xFF);
  }
  out.append(bytes.data(), bytes.size());
}

std::uint64_t read_big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (char c : bytes) value = (value << 8) | static_cast<std::uint8_t>(c);
  return value;
}

}  // namespace

KeyWriter& KeyWriter::u8(std::uint8_t value) {
  key_.push_back(static_cast<char>(value));
  return *this;
}

KeyWriter& KeyWriter::u16(std::uint16_t value) {
  append_big_endian(key_, value);
  return *this;
}

KeyWriter& KeyWriter::u64(std::uint64_t value) {
  append_big_endian(key_, value);
  return *this;
}

KeyWriter& KeyWriter::i64(std::int64_t value) {
  return u64(static_cast<std::uint64_t>(value) ^ kSignBit);
}

KeyWriter& KeyWriter::text(std::string_view value) {
  assert(value.size() <= 0xFFFF);
  u16(static_cast<std::uint16_t>(value.size()));
  return raw(value);
}

KeyWriter& KeyWriter::raw(std::string_view value) {
  const std::size_t size = key_.size() + value.size();
  if (size > key_.capacity()) key_.reserve(size + kRoom);
  key_.append(value);
  return *this;
}

std::string_view KeyReader::take(std::size_t count) {
  if (!ok_ || rest_.size() < count) {
    ok_ = false;
    return {};
  }
  const auto taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

std::uint8_t KeyReader::u8() {
  return static_cast<std::uint8_t>(read_big_endian(take(1)));
}
std::uint16_t KeyReader::u16() {
  return static_cast<std::uint16_t>(read_big_endian(take(2)));
}
std::uint64_t KeyReader::u64() {
  return read_big_endian(take(8));
}
std::int64_t KeyReader::i64() {
  return static_cast<std::int64_t>(u64() ^ kSignBit);
}
std::string_view KeyReader::text() {
  return take(u16());
}
std::string_view KeyReader::rest() {
  return take(rest_.size());
}

}  // namespace tidemark
