#include "providers/google/access_tokens.h"

#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mutation.h"
#include "base/rsa.h"
#include "providers/google/json_members.h"
#include "providers/google/token_endpoint.h"
#include "providers/refresh_tokens.h"

namespace tidemark::google {
namespace {

using std::chrono::seconds;

constexpr seconds kMargin{60};  // a token this close to its end is not used any more
constexpr seconds kShortestLife{1};
constexpr seconds kLongestLife{24 * 3600};
constexpr seconds kAssertionLife{3600};  // the longest that Google takes
constexpr std::string_view kAssertionGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr const char* kRevoked =
    "the account needs re-authorization: it was revoked, was not used for six months, or its app "
    "is in testing; its mirror and cursor are kept";
constexpr const char* kAccountRefused =
    "Google does not accept the service account; check that the key still exists and that it may "
    "act for the subject";

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
  TM_ASSIGN(const Secret refresh, refresh_token());
  TM_ASSIGN(const Fields form, grant(refresh));
  const WallTime asked = now_();
  TM_ASSIGN(const Json answer,
            ask_token_endpoint(http_, settings_, token_url_, form,
                               {"asking for an access token",
                                settings_.oauth->service_account ? kAccountRefused : kRevoked}));
  keep(text(answer, "refresh_token"), refresh);
  const std::lock_guard lock(mutex_);
  token_ = Secret(text(answer, "access_token"));
  expires_ = asked + life_of(answer);
  return token_;
}

Result<Secret> AccessTokens::refresh_token() const {
  const OAuthSettings& oauth = *settings_.oauth;
  if (oauth.service_account) return Secret();
  if (!unkept_.empty()) return unkept_;
  return oauth.refresh_tokens ? oauth.refresh_tokens->load() : Result<Secret>(oauth.refresh_token);
}

// RFC 6749 section 6: the one that comes with an answer takes the place of the one it was asked
// with.
void AccessTokens::keep(std::string token, const Secret& current) {
  if (!token.empty() && token != current.reveal()) unkept_ = Secret(std::move(token));
  if (unkept_.empty() || !settings_.oauth->refresh_tokens) return;
  if (const auto kept = settings_.oauth->refresh_tokens->keep(unkept_); !kept) {
    // It works as long as we run, and is tried again with the next one.
    log::warning(
        "a new refresh token could not be kept; a restart would need the account "
        "authorized again",
        {.connector = settings_.provider + ":" + settings_.id,
         .company_id = settings_.tenant,
         .error_code = name(kept.error().code),
         .detail = kept.error().message});
    return;
  }
  unkept_ = Secret();
}

Result<Fields> AccessTokens::grant(const Secret& refresh) const {
  if (settings_.oauth->service_account) {
    TM_ASSIGN(std::string signed_text, assertion());
    return Fields{{"grant_type", std::string(kAssertionGrant)},
                  {"assertion", std::move(signed_text)}};
  }
  Fields form{{"grant_type", "refresh_token"}, {"refresh_token", refresh.reveal()}};
  add_client(*settings_.oauth, form);
  return form;
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

}  // namespace tidemark::google
