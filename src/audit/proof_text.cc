#include "audit/proof_text.h"

#include <algorithm>
#include <charconv>

#include "base/base64.h"

namespace tidemark::audit {

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return number;
}

std::optional<Sha256> parse_hash(std::string_view text) {
  const auto bytes = from_base64(text);
  Sha256 hash{};
  if (!bytes || bytes->size() != hash.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

}  // namespace tidemark::audit
