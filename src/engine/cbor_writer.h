// Writes CBOR (RFC 8949, definite lengths) straight into a string. The journal is the engine's hot
// path: building a Json value first costs more than the step itself. Reading goes through
// from_cbor.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidemark::engine {

class CborWriter {
 public:
  explicit CborWriter(std::string& out) : out_(out) {}

  void unsigned_integer(std::uint64_t value) { head(0, value); }
  void integer(std::int64_t value) {
    value < 0 ? head(1, static_cast<std::uint64_t>(-(value + 1)))
              : head(0, static_cast<std::uint64_t>(value));
  }
  void bytes(std::string_view value) {
    head(2, value.size());
    out_.append(value);
  }
  void text(std::string_view value) {
    head(3, value.size());
    out_.append(value);
  }
  void array(std::size_t items) { head(4, items); }
  void map(std::size_t pairs) { head(5, pairs); }
  void boolean(bool value) { out_.push_back(static_cast<char>(value ? 0xF5 : 0xF4)); }
  void null() { out_.push_back(static_cast<char>(0xF6)); }

  // The pairs of a map.
  void pair(std::string_view key, std::string_view value) {
    text(key);
    text(value);
  }
  void pair(std::string_view key, std::uint64_t value) {
    text(key);
    unsigned_integer(value);
  }
  void pair_bytes(std::string_view key, std::string_view value) {
    text(key);
    bytes(value);
  }

 private:
  void head(std::uint8_t major, std::uint64_t value) {
    const auto type = static_cast<std::uint8_t>(major << 5U);
    if (value < 24) return byte(type | static_cast<std::uint8_t>(value));
    int width = 1;
    std::uint8_t code = 24;
    while (width < 8 && (value >> (8 * width)) != 0) {
      width *= 2;
      ++code;
    }
    byte(type | code);
    for (int shift = (width - 1) * 8; shift >= 0; shift -= 8) {
      byte(static_cast<std::uint8_t>(value >> shift));
    }
  }
  void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }

  std::string& out_;
};

}  // namespace tidemark::engine
