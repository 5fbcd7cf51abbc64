#include "support/google/google_error.h"

#include <map>
#include <utility>

namespace tidemark::test::google {

HttpResponse json_response(int status, const Json& body) {
  return {status, {{"Content-Type", "application/json; charset=UTF-8"}}, dump_json(body)};
}

HttpResponse error_response(const ErrorDetail& detail) {
  Json entry = {{"domain", detail.domain}, {"reason", detail.reason}, {"message", detail.message}};
  if (!detail.location_type.empty()) {
    entry["locationType"] = detail.location_type;
    entry["location"] = detail.location;
  }
  return json_response(
      detail.status,
      {{"error",
        {{"errors", Json::array({entry})}, {"code", detail.status}, {"message", detail.message}}}});
}

HttpResponse invalid_parameter(const std::string& parameter, const std::string& message) {
  return error_response({400, "invalid", message, "global", "parameter", parameter});
}

HttpResponse bad_request(const std::string& reason, const std::string& message) {
  return error_response({400, reason, message});
}

HttpResponse invalid_credentials() {
  HttpResponse response = error_response(
      {401, "authError", "Invalid Credentials", "global", "header", "Authorization"});
  response.headers.emplace_back(
      "WWW-Authenticate", R"(Bearer realm="https://accounts.google.com/", error="invalid_token")");
  return response;
}

HttpResponse login_required() {
  HttpResponse response =
      error_response({401, "required", "Login Required", "global", "header", "Authorization"});
  response.headers.emplace_back("WWW-Authenticate",
                                R"(Bearer realm="https://accounts.google.com/")");
  return response;
}

HttpResponse quota(const std::string& reason) {
  static const std::map<std::string, std::string> kMessages = {
      {"rateLimitExceeded", "Rate Limit Exceeded"},
      {"userRateLimitExceeded", "User Rate Limit Exceeded"},
      {"quotaExceeded", "Calendar usage limits exceeded."},
      {"dailyLimitExceeded", "Daily Limit Exceeded"}};
  const auto found = kMessages.find(reason);
  return error_response(
      {403, reason, found == kMessages.end() ? reason : found->second, "usageLimits"});
}

HttpResponse forbidden(const std::string& reason, const std::string& message) {
  return error_response({403, reason, message, reason == "forbidden" ? "global" : "calendar"});
}

HttpResponse not_found(const std::string& message) {
  return error_response({404, "notFound", message});
}

HttpResponse gone(const std::string& reason) {
  if (reason == "deleted") return error_response({410, reason, "Resource has been deleted"});
  if (reason == "updatedMinTooLongAgo") {
    return error_response({410, reason,
                           "The requested minimum modification time lies too far in the past.",
                           "calendar", "parameter", "updatedMin"});
  }
  return error_response({410, reason, "Sync token is no longer valid, a full sync is required.",
                         "calendar", "parameter", "syncToken"});
}

HttpResponse precondition_failed() {
  return error_response(
      {412, "conditionNotMet", "Precondition Failed", "global", "header", "If-Match"});
}

HttpResponse too_many_requests() {
  return error_response({429, "rateLimitExceeded", "Rate Limit Exceeded", "usageLimits"});
}

HttpResponse backend_error(int status) {
  return error_response({status, "backendError", "Backend Error"});
}

HttpResponse oauth_error(int status, const std::string& error, const std::string& description) {
  Json body = {{"error", error}};
  if (!description.empty()) body["error_description"] = description;
  return json_response(status, body);
}

HttpResponse with_retry_after(HttpResponse response, std::chrono::seconds wait) {
  response.headers.emplace_back("Retry-After", std::to_string(wait.count()));
  return response;
}

}  // namespace tidemark::test::google
