// The answers Google gives when it does not give what was asked for, in its JSON. Shapes after
// https://developers.google.com/workspace/calendar/api/guides/errors and, for OAuth, RFC 6749
// section 5.2. For the fake itself and for tests that script faults.
#pragma once

#include <chrono>
#include <string>

#include "base/json.h"
#include "net/http.h"

namespace tidemark::test::google {

HttpResponse json_response(int status, const Json& body);

struct ErrorDetail {
  int status = 400;
  std::string reason{};
  std::string message{};
  std::string domain = "global";
  std::string location_type{};  // "parameter" or "header"; empty: the error has no place
  std::string location{};
};
HttpResponse error_response(const ErrorDetail& detail);

// 400 for a parameter.
HttpResponse invalid_parameter(const std::string& parameter,
                               const std::string& message = "Invalid Value");
HttpResponse bad_request(const std::string& reason, const std::string& message);
HttpResponse invalid_credentials();  // 401: unknown or expired access token
HttpResponse login_required();       // 401: no access token
// 403, domain usageLimits: rateLimitExceeded, userRateLimitExceeded, quotaExceeded,
// dailyLimitExceeded.
HttpResponse quota(const std::string& reason = "rateLimitExceeded");
HttpResponse forbidden(const std::string& reason = "forbidden",
                       const std::string& message = "Forbidden");
HttpResponse not_found(const std::string& message = "Not Found");
HttpResponse gone(const std::string& reason = "fullSyncRequired");  // updatedMinTooLongAgo, deleted
HttpResponse precondition_failed();                                 // 412
HttpResponse too_many_requests();                                   // 429
HttpResponse backend_error(int status = 500);                       // 500 or 503

// {"error": "invalid_grant", "error_description": ...} of the token endpoint.
HttpResponse oauth_error(int status, const std::string& error, const std::string& description = {});

HttpResponse with_retry_after(HttpResponse response, std::chrono::seconds wait);

}  // namespace tidemark::test::google
