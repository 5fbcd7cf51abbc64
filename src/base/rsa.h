// RSA signatures as JSON Web Tokens use them, by OpenSSL.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace tidemark {

// RS256 (RFC 7518 section 3.3: RSASSA-PKCS1-v1_5 with SHA-256) by the private key in PEM, PKCS #8
// or PKCS #1, at least 2,048 bits and not encrypted. Errc::invalid_argument when it is none; the
// message never quotes it.
Result<std::string> sign_rs256(const Secret& private_key_pem, std::string_view message);

}  // namespace tidemark
