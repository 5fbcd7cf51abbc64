#include "engine/cbor_reader.h"

#include <limits>

namespace tidemark::engine {
namespace {

constexpr std::uint8_t kInfoBits = 0x1F;
constexpr std::uint8_t kFalse = 0xF4;
constexpr std::uint8_t kTrue = 0xF5;

}  // namespace

std::uint64_t CborReader::head(Kind wanted) {
  if (rest_.empty() || kind() != wanted) return spoil(), 0;
  const std::uint8_t info = static_cast<std::uint8_t>(rest_.front()) & kInfoBits;
  rest_.remove_prefix(1);
  if (info < 24) return info;
  if (info > 27) return spoil(), 0;
  const std::size_t width = std::size_t{1} << (info - 24U);
  if (rest_.size() < width) return spoil(), 0;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8U | static_cast<std::uint8_t>(rest_[i]);
  rest_.remove_prefix(width);
  return value;
}

std::string_view CborReader::take(std::uint64_t size) {
  if (size > rest_.size()) return spoil(), std::string_view();
  const auto taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

std::size_t CborReader::count(std::uint64_t items) {
  if (items > rest_.size()) return spoil(), 0;
  return items;
}

std::int64_t CborReader::integer() {
  const bool negative = !rest_.empty() && kind() == kNegative;
  const std::uint64_t value = head(negative ? kNegative : kUnsigned);
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return spoil(), 0;
  }
  return negative ? -1 - static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
}

bool CborReader::boolean() {
  const auto byte = rest_.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(rest_.front());
  if (byte != kFalse && byte != kTrue) return spoil(), false;
  rest_.remove_prefix(1);
  return byte == kTrue;
}

}  // namespace tidemark::engine
