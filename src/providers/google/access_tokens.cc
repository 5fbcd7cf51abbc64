#include "providers/google/access_tokens.h"

#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "base/json.h"
#include "base/mutation.h"
#include "base/rsa.h"
#include "base/text.h"
#include "providers/google/form.h"
#include "providers/google/json_members.h"
#include "providers/redirects.h"

namespace tidemark::google {
namespace {

using std::chrono::seconds;

constexpr seconds kMargin{60};  // a token this close to its end is not used any more
constexpr seconds kShortestLife{1};
constexpr seconds kLongestLife{24 * 3600};
constexpr seconds kAssertionLife{3600};  // the longest that Google takes
constexpr std::uint64_t kMaxAnswerBytes = 64U << 10;
constexpr std::string_view kAssertionGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";

seconds life_of(const Json& answer) {
  const Json* given = member(answer, "expires_in");
  if (given == nullptr || !given->is_number()) return kLongestLife;
  const double life = std::clamp(given->get<double>(), static_cast<double>(kShortestLife.count()),
                                 static_cast<double>(kLongestLife.count()));
  return seconds{static_cast<std::int64_t>(life)};
}

}  // namespace

AccessTokens::AccessTokens(HttpClient& http, const AccountSettings& settings, std::string token_url,
                           std::function<WallTime()> now, std::unique_ptr<Lock> making)
    : http_(http),
      settings_(settings),
      token_url_(std::move(token_url)),
      now_(std::move(now)),
      making_(std::move(making)) {}

Result<Secret> AccessTokens::get() {
  std::uint64_t attempts_before = 0;
  {
    const std::lock_guard lock(mutex_);
    const WallTime now = now_();
    if (!token_.empty() && now + kMargin < expires_) return token_;
    attempts_before = made_;
  }
  const std::lock_guard making(*making_);
  {
    // What somebody else got meanwhile is the answer to us, too.
    const std::lock_guard lock(mutex_);
    if (made_ != attempts_before && !mutated(Mutation::google_refresh_storm)) {
      if (error_) return fail(*error_);
      return token_;
    }
  }
  auto token = make();
  const std::lock_guard lock(mutex_);
  ++made_;
  error_ = token ? std::nullopt : std::optional(token.error());
  return token;
}

void AccessTokens::refuse(const Secret& token) {
  const std::lock_guard lock(mutex_);
  if (token_.reveal() == token.reveal()) token_ = Secret();
}

Result<Secret> AccessTokens::make() {
  HttpRequest request;
  request.method = "POST";
  request.url = token_url_;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Accept", "application/json"}};
  TM_ASSIGN(request.body, grant());
  request.tls = settings_.tls;
  request.total_timeout = settings_.timeout;
  request.max_body_bytes = kMaxAnswerBytes;
  const WallTime asked = now_();
  auto response = http_.send(request);
  if (!response) {
    return fail(in_context("account " + settings_.id + ": asking for an access token",
                           std::move(response).error()));
  }
  if (response->status != 200) return fail(refusal(*response));
  const auto answer = parse_json(response->body);
  std::string token = answer && answer->is_object() ? text(*answer, "access_token") : "";
  if (token.empty()) {
    return fail(Errc::protocol_error,
                "account " + settings_.id + ": the token endpoint's answer has no access_token");
  }
  const std::lock_guard lock(mutex_);
  token_ = Secret(std::move(token));
  expires_ = asked + life_of(*answer);
  return token_;
}

// The form fields that ask for a token.
Result<std::string> AccessTokens::grant() const {
  const OAuthSettings& oauth = *settings_.oauth;
  if (oauth.service_account) {
    TM_ASSIGN(std::string signed_text, assertion());
    return encode_fields(
        {{"grant_type", std::string(kAssertionGrant)}, {"assertion", std::move(signed_text)}});
  }
  Fields fields{{"grant_type", "refresh_token"},
                {"refresh_token", oauth.refresh_token.reveal()},
                {"client_id", oauth.client_id}};
  if (!oauth.client_secret.empty()) {
    fields.emplace_back("client_secret", oauth.client_secret.reveal());
  }
  return encode_fields(fields);
}

// RFC 7523 section 3, with the scope that Google wants in it.
Result<std::string> AccessTokens::assertion() const {
  const ServiceAccount& account = *settings_.oauth->service_account;
  const auto issued = std::chrono::floor<seconds>(now_()).time_since_epoch();
  Json claims{{"iss", account.email},
              {"scope", settings_.oauth->scope},
              {"aud", token_url_},
              {"iat", issued.count()},
              {"exp", (issued + kAssertionLife).count()}};
  if (!account.subject.empty()) claims["sub"] = account.subject;
  Json header{{"alg", "RS256"}, {"typ", "JWT"}};
  if (!account.key_id.empty()) header["kid"] = account.key_id;
  const std::string text = to_base64url(dump_json(header)) + "." + to_base64url(dump_json(claims));
  TM_ASSIGN(const std::string signature, sign_rs256(account.private_key, text));
  return text + "." + to_base64url(signature);
}

// RFC 6749 section 5.2. Which codes somebody has to do something about: all that are not ours.
Error AccessTokens::refusal(const HttpResponse& response) const {
  const std::string where = "account " + settings_.id + ": asking for an access token: HTTP " +
                            std::to_string(response.status);
  const auto answer = parse_json(response.body);
  const bool readable = answer && answer->is_object();
  const std::string code = readable ? text(*answer, "error") : "";
  const std::string said = readable ? text(*answer, "error_description") : "";
  std::string message = where;
  if (!code.empty()) message += " " + to_valid_utf8(code.substr(0, 100));
  if (!said.empty()) message += " (\"" + to_valid_utf8(said.substr(0, 200)) + "\")";
  const bool busy = response.status == 429 || response.status >= 500;
  if (busy) return {Errc::unavailable, message, retry_after(response.headers)};
  if (code == "invalid_grant") {
    message +=
        settings_.oauth->service_account
            ? ": Google does not accept the service account; check that the key still exists "
              "and that it may act for the subject"
            : ": the account needs re-authorization: it was revoked, was not used for six "
              "months, or its app is in testing; its mirror and cursor are kept";
  } else {
    message += ": check the account's client id, client secret and scope";
  }
  return {Errc::unauthorized, message, std::nullopt};
}

}  // namespace tidemark::google
