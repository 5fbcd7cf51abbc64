// Journal sequences in paths and queries. Inside src/api/ only.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

#include "base/ids.h"

namespace tidemark {

inline std::optional<Sequence> parse_sequence(std::string_view text) {
  Sequence sequence = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), sequence);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return sequence;
}

}  // namespace tidemark
