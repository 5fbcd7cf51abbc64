// Building and taking apart keys: big-endian and length-prefixed, so that bytes sort as values do.
// Golden files under tests/data/keys/ hold every key format in use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tidemark {

class KeyWriter {
 public:
  KeyWriter& u8(std::uint8_t value);
  KeyWriter& u16(std::uint16_t value);      // big-endian
  KeyWriter& u64(std::uint64_t value);      // big-endian
  KeyWriter& i64(std::int64_t value);       // big-endian, sign bit flipped: sorts as the number
  KeyWriter& text(std::string_view value);  // u16 length, then the bytes; at most 65,535 of them
  KeyWriter& raw(std::string_view value);   // the rest of the key, no length
  // The key, which leaves the writer.
  std::string str() { return std::move(key_); }

 private:
  std::string key_;
};

// Each call takes from the front; once something was missing, every further call and ok() say so.
class KeyReader {
 public:
  explicit KeyReader(std::string_view key) : rest_(key) {}
  explicit KeyReader(std::string&&) = delete;  // it would be gone before the first read
  std::uint8_t u8();
  std::uint16_t u16();
  std::uint64_t u64();
  std::int64_t i64();
  std::string_view text();
  std::string_view rest();
  bool ok() const { return ok_; }

 private:
  std::string_view take(std::size_t count);
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace tidemark
