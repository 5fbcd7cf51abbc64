// Hexadecimal digits, as keys and their ids are written.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tidemark {

std::string to_hex_text(std::string_view bytes);  // lower case
// Either case; nothing when it is not pairs of digits.
std::optional<std::string> from_hex_text(std::string_view text);

}  // namespace tidemark
