// HMAC-SHA-256 (RFC 2104, FIPS 198-1), by OpenSSL.
//
// Compare a received code with equal_in_constant_time() of base/random.h, never with ==.
#pragma once

#include <string_view>

#include "base/random.h"
#include "base/sha256.h"

namespace tidemark {

// Any length of key and message, none included. Aborts when OpenSSL has no memory or no HMAC left:
// a made-up code could be forged.
Sha256 hmac_sha256(std::string_view key, std::string_view message);

}  // namespace tidemark
