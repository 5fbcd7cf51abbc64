#include "providers/google/api_error.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/json.h"
#include "base/mutation.h"
#include "base/text.h"
#include "providers/google/json_members.h"
#include "providers/redirects.h"

namespace tidemark::google {
namespace {

constexpr std::size_t kShownBytes = 300;

struct Details {
  std::string reason;
  std::string message;
};

// {"error": {"errors": [{"reason": ...}], "message": ...}}; of OAuth {"error": "invalid_grant",
// "error_description": ...}.
Details read_details(std::string_view body) {
  const auto value = parse_json(body);
  if (!value || !value->is_object()) return {};
  const auto error = value->find("error");
  if (error == value->end()) return {};
  if (error->is_string()) return {text(*value, "error"), text(*value, "error_description")};
  if (!error->is_object()) return {};
  Details details{{}, text(*error, "message")};
  const auto all = error->find("errors");
  if (all == error->end() || !all->is_array() || all->empty()) return details;
  if (all->front().is_object()) details.reason = text(all->front(), "reason");
  return details;
}

Quota quota_of(const Details& details) {
  constexpr std::array<std::string_view, 3> kOfProject{"rateLimitExceeded", "quotaExceeded",
                                                       "dailyLimitExceeded"};
  if (details.reason == "userRateLimitExceeded") return Quota::user;
  const bool project =
      std::find(kOfProject.begin(), kOfProject.end(), details.reason) != kOfProject.end();
  return project ? Quota::project : Quota::none;
}

constexpr std::string_view kNotWatchable = "pushNotSupportedForRequestedResource";

// "push.webhookUrlNotHttps", "push.webhookUrlUnauthorized", ...
bool is_about_push(const Details& details) {
  return details.reason.starts_with("push");
}

Errc code_of(int status, const Details& details, bool with_token) {
  if (details.reason == kNotWatchable) return Errc::invalid_argument;
  if (is_about_push(details)) return Errc::forbidden;
  if (details.reason == "channelIdNotUnique") return Errc::conflict;
  switch (status) {
    case 400: return with_token ? Errc::stale_cursor : Errc::protocol_error;
    case 401: return Errc::unauthorized;
    case 403: return Errc::forbidden;
    case 404: return Errc::not_found;
    case 409:
    case 412: return Errc::conflict;
    case 410:
      if (mutated(Mutation::google_token_kept_after_410)) return Errc::unavailable;
      return details.reason == "deleted" ? Errc::not_found : Errc::stale_cursor;
    case 408: return Errc::timeout;
    case 429: return Errc::unavailable;
    default: return status >= 500 && status <= 599 ? Errc::unavailable : Errc::protocol_error;
  }
}

std::string_view advice(Errc code, Quota quota, const Details& details) {
  if (is_about_push(details)) {
    return details.reason == kNotWatchable
               ? ": Google tells of no changes here; polling sees them"
               : ": Google does not take the address to notify; check server.public_url";
  }
  if (quota == Quota::project) return ": the project's quota is used up; it is tried again later";
  if (quota == Quota::user) return ": the user's quota is used up; it is tried again later";
  switch (code) {
    case Errc::unauthorized: return ": Google does not accept the access token";
    case Errc::forbidden: return ": Google refuses access; check the account's rights and scopes";
    case Errc::stale_cursor:
      return ": Google no longer accepts the token; everything is listed and compared again";
    default: return "";
  }
}

}  // namespace

Refusal read_refusal(const HttpResponse& response, std::string_view where, bool with_token) {
  const Details details = read_details(response.body);
  Refusal refusal;
  const bool may_be_quota = response.status == 403 || response.status == 429;
  refusal.quota = may_be_quota ? quota_of(details) : Quota::none;
  if (response.status == 429 && refusal.quota == Quota::none) refusal.quota = Quota::user;
  const Errc code = refusal.quota == Quota::none ? code_of(response.status, details, with_token)
                                                 : Errc::unavailable;
  std::string message(where);
  message += ": HTTP " + std::to_string(response.status);
  if (!details.reason.empty())
    message += " " + to_valid_utf8(details.reason.substr(0, kShownBytes));
  message += advice(code, refusal.quota, details);
  if (!details.message.empty()) {
    message += " (\"" + to_valid_utf8(details.message.substr(0, kShownBytes)) + "\")";
  }
  refusal.error = {code, std::move(message), retry_after(response.headers)};
  return refusal;
}

bool is_about_push(const HttpResponse& response) {
  return is_about_push(read_details(response.body));
}

}  // namespace tidemark::google
