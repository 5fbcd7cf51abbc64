// Google's token endpoint (RFC 6749 section 3.2). Thread-safe.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "net/http.h"
#include "providers/calendar_provider.h"
#include "providers/google/form.h"

namespace tidemark::google {

// What is asked for, in messages.
struct TokenQuestion {
  std::string doing;          // "asking for an access token"
  std::string invalid_grant;  // what a refused grant means, and what to do about it
};

// The answer to a grant: an object with an access_token.
//   unauthorized  refused (RFC 6749 section 5.2): somebody has to do something
//   unavailable   429, 5xx; with what Retry-After says
//   protocol_error, timeout, ...
Result<Json> ask_token_endpoint(HttpClient& http, const AccountSettings& settings,
                                const std::string& url, const Fields& form,
                                const TokenQuestion& question);

// Who we are: the client's id, and its secret unless it is a public one.
void add_client(const OAuthSettings& oauth, Fields& form);

}  // namespace tidemark::google
