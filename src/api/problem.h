// Errors on the wire: application/problem+json (RFC 9457) with a stable `code`.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_server.h"

namespace tidemark {

inline constexpr std::string_view kProblemType = "application/problem+json";

struct Problem {
  int status = 500;
  std::string code;    // stable, lower case: name(Errc) or one of ours, such as "unauthenticated"
  std::string detail;  // what, and what to do
};

// 400 invalid_argument, 404 not_found, 409 conflict, 422 limit_exceeded, 502 upstream's refusals,
// 503 what is worth a retry (with Retry-After), 504 timeout, 500 the rest.
int http_status(Errc code);
std::string_view reason_phrase(int status);

ServerResponse problem_response(const Problem& problem);
ServerResponse problem_response(const Error& error);
// For what the HTTP server itself refuses: 400, 404, 405, 408, 413, 431, 503.
ServerResponse problem_response(int status, std::string_view detail);

}  // namespace tidemark
