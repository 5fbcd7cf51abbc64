#include "providers/google/api_client.h"

#include <utility>

#include "base/mutation.h"
#include "providers/google/api_error.h"

namespace tidemark::google {
namespace {

bool is_success(int status) {
  return status >= 200 && status <= 299;
}

}  // namespace

ApiClient::ApiClient(HttpClient& http, const AccountSettings& settings, std::string api_root,
                     std::shared_ptr<AccessTokens> tokens, std::shared_ptr<QuotaGate> project,
                     std::function<WallTime()> now)
    : http_(http),
      settings_(settings),
      api_root_(std::move(api_root)),
      tokens_(std::move(tokens)),
      project_(std::move(project)),
      now_(std::move(now)) {}

Result<void> ApiClient::get(const ApiRequest& request, const BodySink& sink) const {
  TM_TRY(check_quota());
  TM_ASSIGN(Secret token, tokens_->get());
  TM_ASSIGN(HttpResponse response, send(request, token, sink));
  if (response.status == 401 && !is_about_push(response)) {
    // Revoked or expired early: once more with a new one. A second 401 is final.
    tokens_->refuse(token);
    TM_ASSIGN(token, tokens_->get());
    TM_ASSIGN(response, send(request, token, sink));
  }
  if (is_success(response.status)) {
    project_->succeed();
    user_.succeed();
    return {};
  }
  Refusal refusal =
      read_refusal(response, "account " + settings_.id + ": " + request.doing, request.with_token);
  QuotaGate* gate = refusal.quota == Quota::project ? project_.get()
                    : refusal.quota == Quota::user  ? &user_
                                                    : nullptr;
  if (gate != nullptr) {
    gate->close(now_(), refusal.error.retry_after);
    if (!refusal.error.retry_after) refusal.error.retry_after = gate->closed_for(now_());
  }
  return fail(std::move(refusal.error));
}

Result<Json> ApiClient::call(const ApiRequest& request) const {
  std::string body;
  TM_TRY(get(request, [&](std::string_view piece) -> Result<void> {
    if (body.size() + piece.size() > settings_.max_resource_bytes) {
      return fail(Errc::limit_exceeded, "the answer is larger than one event may be");
    }
    body += piece;
    return {};
  }));
  if (body.empty()) return Json::object();
  auto value = parse_json(body);
  if (value && value->is_object()) return std::move(*value);
  return fail(Errc::protocol_error,
              "account " + settings_.id + ": " + request.doing + ": the answer is no JSON object");
}

Result<void> ApiClient::check_quota() const {
  const WallTime now = now_();
  auto closed = project_->closed_for(now);
  if (const auto of_user = user_.closed_for(now); of_user && (!closed || *closed < *of_user)) {
    closed = of_user;
  }
  if (!closed || mutated(Mutation::google_quota_gate_open)) return {};
  return fail(Error{Errc::unavailable,
                    "account " + settings_.id +
                        ": Google's quota is used up; the next request is in " +
                        std::to_string(closed->count()) + " s",
                    closed});
}

Result<HttpResponse> ApiClient::send(const ApiRequest& request, const Secret& token,
                                     const BodySink& sink) const {
  // Again: who waited for a token may find that somebody else has used up the quota meanwhile.
  TM_TRY(check_quota());
  HttpRequest http;
  http.method = request.method;
  http.url = api_root_ + request.path;
  if (!request.query.empty()) http.url += "?" + encode_fields(request.query);
  http.headers = {{"Authorization", "Bearer " + token.reveal()}, {"Accept", "application/json"}};
  if (!request.if_match.empty()) http.headers.emplace_back("If-Match", request.if_match);
  if (!request.body.empty()) {
    http.headers.emplace_back("Content-Type", "application/json");
    http.body = request.body;
  }
  http.tls = settings_.tls;
  http.total_timeout = settings_.timeout;
  http.max_body_bytes = settings_.max_body_bytes;
  auto response = http_.send(http, sink);
  if (response) return response;
  return fail(
      in_context("account " + settings_.id + ": " + request.doing, std::move(response).error()));
}

}  // namespace tidemark::google
