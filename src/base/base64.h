// Base64 (RFC 4648, section 4), strict: the one spelling of each text, with its padding.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemark {

std::string to_base64(std::string_view bytes);
// With '-' and '_' and without padding (RFC 4648, section 5), as JSON Web Tokens are written.
std::string to_base64url(std::string_view bytes);

// Errc::parse_error for anything to_base64 would not have written: a letter outside the alphabet
// (so white space and line breaks, too), missing or misplaced padding, bits that encode nothing.
// The message never quotes the text, which is often a secret.
Result<std::string> from_base64(std::string_view text);

}  // namespace tidemark
