// How a person lets us read their calendars: OAuth 2.0's authorization code grant (RFC 6749 section
// 4.1) with PKCE (RFC 7636, S256).
#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "net/http.h"

namespace tidemark {

struct AccountSettings;

struct ConsentRequest {
  std::string redirect_uri;
  std::string state;           // comes back with the code; nobody can guess it
  std::string code_challenge;  // BASE64URL(SHA-256(verifier))
};

struct AuthorizationCode {
  Secret code;
  std::string redirect_uri;  // that of the request
  Secret verifier;
};

// A provider's part of it. settings.oauth is there; its refresh_token is not looked at.
struct Authorization {
  // The link that the person opens in a browser.
  std::string (*link)(const AccountSettings& settings, const ConsentRequest& request);
  // The refresh token that the code stands for.
  //   unauthorized  the code, the client or the verifier was refused
  //   forbidden     the person did not allow all that is needed
  //   unavailable, timeout, ...  no answer; the code may still be good
  Result<Secret> (*redeem)(const AccountSettings& settings, HttpClient& http,
                           const AuthorizationCode& code);
};

}  // namespace tidemark
