// Random bytes for secrets, and comparing secrets. By OpenSSL.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemark {

// From the operating system's generator; Errc::internal when it has none to give.
Result<std::string> random_bytes(std::size_t count);

// Takes the same time wherever the two differ. Different lengths are unequal at once.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace tidemark
