// SHA-256 (FIPS 180-4), by OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidemark {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view bytes);
// The digest of the concatenation, without building it.
Sha256 sha256(std::string_view first, std::string_view second);

std::string to_hex(const Sha256& digest);         // 64 lower-case digits
std::string_view as_bytes(const Sha256& digest);  // borrowed

}  // namespace tidemark
