#include "sim/google_traffic.h"

#include <algorithm>
#include <set>

#include "base/json.h"

namespace tidemark::sim {
namespace {

// A token may be taken for expired so long before it is.
constexpr std::chrono::seconds kEarly{60};
constexpr std::int64_t kLongestWait = 3600;

bool is_token_request(const HttpRequest& request) {
  return request.url.ends_with("/token");
}

std::string reason_of(const HttpResponse& response) {
  const auto body = parse_json(response.body);
  if (!body || !body->is_object()) return {};
  const Json error = body->value("error", Json());
  if (!error.is_object() || error.value("errors", Json::array()).empty()) return {};
  return error["errors"][0].value("reason", "");
}

milliseconds wait_of(const HttpResponse& response) {
  const auto asked = find_header(response.headers, "Retry-After");
  const std::int64_t seconds = asked ? std::stoll(std::string(*asked)) : 0;
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 1, kLongestWait));
}

}  // namespace

void GoogleTraffic::asked(const std::string& name, const HttpRequest& request) {
  auto& account = accounts_[name];
  if (is_token_request(request)) return token_asked(name, account);
  const auto until = std::max(account.closed_until, project_closed_until_);
  if (stage_.clock.world() < until) {
    stage_.violated("google quotas", name + " asks " +
                                         std::to_string((until - stage_.clock.world()).count()) +
                                         " ms before its quota allows");
  }
}

void GoogleTraffic::token_asked(const std::string& name, Account& account) {
  if (account.asking) stage_.violated("refreshes", name + " asks for two access tokens at once");
  account.asking = true;
  account.asked = stage_.clock.now();
  if (account.token.empty() || account.refused) return;
  if (stage_.clock.now() + kEarly >= account.expires) return;
  stage_.violated("refreshes", name + " asks for an access token while the last one is good");
}

void GoogleTraffic::ended(const std::string& name, const HttpRequest& request,
                          const Result<HttpResponse>& outcome) {
  auto& account = accounts_[name];
  if (is_token_request(request)) return token_ended(account, outcome);
  if (!outcome) return;
  const auto bearer = find_header(request.headers, "Authorization");
  if (outcome->status == 401 && bearer && *bearer == "Bearer " + account.token) {
    account.refused = true;
  }
  if (outcome->status == 403 || outcome->status == 429) close(account, *outcome);
}

void GoogleTraffic::token_ended(Account& account, const Result<HttpResponse>& outcome) {
  account.asking = false;
  if (!outcome || outcome->status != 200) return;
  const auto body = parse_json(outcome->body);
  if (!body || !body->is_object()) return;
  account.token = body->value("access_token", "");
  account.refused = false;
  account.expires = account.asked + std::chrono::seconds(body->value("expires_in", 0));
}

void GoogleTraffic::close(Account& account, const HttpResponse& response) {
  static const std::set<std::string> kOfProject{"rateLimitExceeded", "quotaExceeded",
                                                "dailyLimitExceeded"};
  const std::string reason = reason_of(response);
  const bool of_user =
      reason == "userRateLimitExceeded" || (response.status == 429 && !kOfProject.contains(reason));
  if (!of_user && !kOfProject.contains(reason)) return;
  auto& closed_until = of_user ? account.closed_until : project_closed_until_;
  const auto now = stage_.clock.world();
  // Who was on his way when it closed, and is told no time, is told nothing new.
  if (now < closed_until && !find_header(response.headers, "Retry-After")) return;
  closed_until = std::max(closed_until, now + wait_of(response));
}

void GoogleTraffic::process_ended() {
  accounts_.clear();
  project_closed_until_ = milliseconds{0};
}

void GoogleTraffic::clock_stepped() {
  for (auto& [name, account] : accounts_) account.closed_until = milliseconds{0};
  project_closed_until_ = milliseconds{0};
}

}  // namespace tidemark::sim
