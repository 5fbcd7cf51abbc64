// Reads what CborWriter wrote, straight from the bytes: of a record of 32 events a Json value would
// take ten times as long to build. Definite lengths only; no tags, no floating point.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidemark::engine {

// Takes from the front; once something was missing or of another kind, everything that follows is
// empty or zero, and ok() says so.
class CborReader {
 public:
  explicit CborReader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t unsigned_integer() { return head(kUnsigned); }
  std::int64_t integer();
  std::string_view bytes() { return take(head(kBytes)); }
  std::string_view text() { return take(head(kText)); }
  std::string text_copy() { return std::string(text()); }
  // How many items, or pairs, follow: never more than there are bytes left.
  std::size_t array() { return count(head(kArray)); }
  std::size_t map() { return count(head(kMap)); }
  bool boolean();

  void spoil() {
    ok_ = false;
    rest_ = {};
  }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }

 private:
  enum Kind : std::uint8_t { kUnsigned, kNegative, kBytes, kText, kArray, kMap, kTag, kSimple };

  Kind kind() const { return static_cast<Kind>(static_cast<std::uint8_t>(rest_.front()) >> 5U); }
  std::uint64_t head(Kind wanted);
  std::string_view take(std::uint64_t size);
  std::size_t count(std::uint64_t items);

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace tidemark::engine
