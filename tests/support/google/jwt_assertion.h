// The signed claim with which a service account asks for an access token (RFC 7523, RFC 7515):
// https://developers.google.com/identity/protocols/oauth2/service-account
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace tidemark::test::google {

std::string to_base64url(std::string_view bytes);  // without padding
std::optional<std::string> from_base64url(std::string_view text);

struct JwtAssertion {
  Json header;
  Json claims;
  std::string signed_part;
  std::string signature;
};
// Nothing when it is not three parts of base64url, the first two of them JSON objects.
std::optional<JwtAssertion> read_jwt(const std::string& text);

// RS256 (RFC 7518 section 3.3) under a public key in PEM.
bool verify_rs256(const JwtAssertion& assertion, const std::string& public_key_pem);

}  // namespace tidemark::test::google
