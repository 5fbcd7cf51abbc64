#include "api/problem.h"

#include "base/json.h"

namespace tidemark {
namespace {

constexpr int kDefaultRetrySeconds = 2;

std::string_view code_for(int status) {
  switch (status) {
    case 400: return "bad_request";
    case 404: return "not_found";
    case 405: return "method_not_allowed";
    case 408: return "request_timeout";
    case 410: return "gone";
    case 413: return "body_too_large";
    case 429: return "overloaded";
    case 431: return "header_too_large";
    case 503: return "overloaded";
    default: return status < 500 ? "bad_request" : "internal";
  }
}

}  // namespace

int http_status(Errc code) {
  switch (code) {
    case Errc::invalid_argument: return 400;
    case Errc::not_found: return 404;
    case Errc::conflict: return 409;
    case Errc::limit_exceeded: return 422;
    case Errc::unauthorized:
    case Errc::forbidden:
    case Errc::stale_cursor:
    case Errc::protocol_error:
    case Errc::tls_error: return 502;
    case Errc::timeout: return 504;
    case Errc::unavailable:
    case Errc::overloaded:
    case Errc::io_error:
    case Errc::disk_full:
    case Errc::no_key:
    case Errc::cancelled: return 503;
    case Errc::parse_error:
    case Errc::corrupt:
    case Errc::locked:
    case Errc::newer_format:
    case Errc::internal: return 500;
  }
  return 500;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Error";
  }
}

ServerResponse problem_response(const Problem& problem) {
  ServerResponse response;
  response.status = problem.status;
  response.content_type = kProblemType;
  response.body = dump_json({{"type", "about:blank"},
                             {"title", reason_phrase(problem.status)},
                             {"status", problem.status},
                             {"code", problem.code},
                             {"detail", problem.detail}});
  if (problem.status == 401) {
    response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"tidemark\"");
  }
  if (problem.status == 503 || problem.status == 429) {
    response.headers.emplace_back("Retry-After", std::to_string(kDefaultRetrySeconds));
  }
  return response;
}

ServerResponse problem_response(const Error& error) {
  auto response = problem_response(
      Problem{http_status(error.code), std::string(name(error.code)), error.message});
  if (!error.retry_after) return response;
  for (auto& [header, value] : response.headers) {
    if (header == "Retry-After") value = std::to_string(error.retry_after->count());
  }
  return response;
}

ServerResponse problem_response(int status, std::string_view detail) {
  return problem_response(Problem{status, std::string(code_for(status)),
                                  std::string(detail.empty() ? reason_phrase(status) : detail)});
}

}  // namespace tidemark
