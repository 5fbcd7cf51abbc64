// The pieces that checkpoints and proofs are written with. Inside src/audit/ only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/sha256.h"

namespace tidemark::audit {

// Decimal, without sign and leading zeroes.
std::optional<std::uint64_t> parse_number(std::string_view text);
// 32 bytes in base64.
std::optional<Sha256> parse_hash(std::string_view text);

}  // namespace tidemark::audit
