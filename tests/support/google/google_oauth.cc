#include "support/google/google_oauth.h"

#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "base/sha256.h"
#include "base/text.h"
#include "net/url.h"
#include "support/google/google_error.h"
#include "support/google/jwt_assertion.h"

namespace tidemark::test::google {
namespace {

std::string field(const Parameters& form, const std::string& name) {
  const auto found = form.find(name);
  return found == form.end() ? std::string() : found->second;
}

std::set<std::string> scopes_of(const std::string& scope) {
  std::set<std::string> out;
  for (std::string& one : split(scope, ' ')) {
    if (!one.empty()) out.insert(std::move(one));
  }
  return out;
}

bool may_redirect_to(const OAuthClient& client, const std::string& uri) {
  const auto& known = client.redirect_uris;
  if (std::find(known.begin(), known.end(), uri) != known.end()) return true;
  const auto url = parse_url(uri);
  return client.desktop && url && url->scheme == "http" &&
         (url->host == "127.0.0.1" || url->host == "localhost" || url->host == "[::1]");
}

HttpResponse redirect(const std::string& uri, const Parameters& parameters) {
  const char* separator = uri.find('?') == std::string::npos ? "?" : "&";
  HttpResponse response = json_response(302, Json::object());
  response.headers.emplace_back("Location", uri + separator + write_form(parameters));
  return response;
}

HttpResponse dead_refresh_token() {
  return oauth_error(400, "invalid_grant", "Token has been expired or revoked.");
}

}  // namespace

std::string GoogleOAuth::secret_text(const char* prefix) {
  return prefix + to_hex(sha256(std::to_string(seed_) + prefix, std::to_string(++count_)));
}

std::string GoogleOAuth::new_access(const std::string& user, const std::string& scope,
                                    const std::string& refresh_token, WallTime now) {
  std::string token = secret_text("ya29.a0");
  access_[token] = {user, scopes_of(scope), now + options_.access_token_lifetime, refresh_token};
  return token;
}

std::string GoogleOAuth::new_refresh(const std::string& user, const std::string& client,
                                     const std::string& scope, WallTime now) {
  std::string token = secret_text("1//0");
  refresh_[token] = {client, user, scope, now, now, ++count_};
  const auto same = [&](const auto& entry) {
    return entry.second.client == client && entry.second.user == user;
  };
  while (static_cast<std::size_t>(std::count_if(refresh_.begin(), refresh_.end(), same)) >
         options_.refresh_tokens_per_user) {
    auto oldest = refresh_.end();
    for (auto at = refresh_.begin(); at != refresh_.end(); ++at) {
      if (same(*at) && (oldest == refresh_.end() || at->second.number < oldest->second.number)) {
        oldest = at;
      }
    }
    refresh_.erase(oldest);
  }
  return token;
}

HttpResponse GoogleOAuth::answer(const std::string& user, const std::string& scope,
                                 const std::string& refresh_token, bool show_refresh_token,
                                 WallTime now) {
  Json out = {{"access_token", new_access(user, scope, refresh_token, now)},
              {"expires_in", options_.access_token_lifetime.count()},
              {"scope", scope},
              {"token_type", "Bearer"}};
  if (show_refresh_token) out["refresh_token"] = refresh_token;
  HttpResponse response = json_response(200, out);
  response.headers.emplace_back("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate");
  return response;
}

HttpResponse GoogleOAuth::authorize(const Request& request, WallTime now) {
  const Parameters& query = request.query;
  const auto client = clients_.find(field(query, "client_id"));
  if (client == clients_.end()) {
    return oauth_error(401, "invalid_client", "The OAuth client was not found.");
  }
  const std::string redirect_uri = field(query, "redirect_uri");
  if (!may_redirect_to(client->second, redirect_uri)) {
    return oauth_error(400, "redirect_uri_mismatch", "Bad Request");
  }
  if (field(query, "response_type") != "code") {
    return oauth_error(400, "unsupported_response_type", "Invalid response_type");
  }
  if (field(query, "scope").empty()) {
    return oauth_error(400, "invalid_request", "Missing required parameter: scope");
  }
  const std::string challenge = field(query, "code_challenge");
  const std::string method = field(query, "code_challenge_method");
  if (!method.empty() && method != "plain" && method != "S256") {
    return oauth_error(400, "invalid_request", "Invalid code_challenge_method");
  }
  Parameters out;
  if (query.contains("state")) out["state"] = field(query, "state");
  if (const std::string error = std::exchange(next_refusal_, {}); !error.empty()) {
    out["error"] = error;
    return redirect(redirect_uri, out);
  }
  const std::string hint = field(query, "login_hint");
  const std::string user = users_.contains(hint) ? hint : consenting_user_;
  // A refresh token comes with the first consent, and again only when consent is asked for anew.
  const bool anew = consented_.emplace(client->first, user).second ||
                    scopes_of(field(query, "prompt")).contains("consent");
  std::string code = secret_text("4/0A");
  codes_[code] = {client->first,
                  user,
                  field(query, "scope"),
                  redirect_uri,
                  challenge,
                  method == "S256",
                  field(query, "access_type") == "offline" && anew,
                  now};
  out["code"] = code;
  out["scope"] = field(query, "scope");
  return redirect(redirect_uri, out);
}

std::optional<HttpResponse> GoogleOAuth::refuse_client(const Request& request,
                                                       const Parameters& form,
                                                       std::string& client_id) const {
  client_id = field(form, "client_id");
  std::string secret = field(form, "client_secret");
  constexpr std::string_view kBasic = "Basic ";
  const auto header = find_header(request.headers, "Authorization");
  if (header && header->rfind(kBasic, 0) == 0) {
    const std::string pair = from_base64(header->substr(kBasic.size())).value_or("");
    client_id = pair.substr(0, pair.find(':'));
    secret = pair.substr(std::min(pair.size(), pair.find(':') + 1));
  }
  const auto client = clients_.find(client_id);
  if (client == clients_.end()) {
    return oauth_error(401, "invalid_client", "The OAuth client was not found.");
  }
  if (client->second.secret != secret) return oauth_error(401, "invalid_client", "Unauthorized");
  return std::nullopt;
}

HttpResponse GoogleOAuth::token(const Request& request, WallTime now) {
  const Parameters form = read_form(request.body);
  const std::string grant = field(form, "grant_type");
  if (grant == "urn:ietf:params:oauth:grant-type:jwt-bearer") {
    return assert_account(request, form, now);
  }
  if (grant != "authorization_code" && grant != "refresh_token") {
    return oauth_error(400, "unsupported_grant_type", "Invalid grant_type: " + grant);
  }
  std::string client;
  if (auto refused = refuse_client(request, form, client)) return *refused;
  return grant == "refresh_token" ? refresh(form, client, now) : redeem_code(form, client, now);
}

HttpResponse GoogleOAuth::redeem_code(const Parameters& form, const std::string& client,
                                      WallTime now) {
  const auto found = codes_.find(field(form, "code"));
  if (found == codes_.end()) return oauth_error(400, "invalid_grant", "Malformed auth code.");
  // Good for one attempt, successful or not.
  const Code code = found->second;
  codes_.erase(found);
  if (code.client != client || code.issued + options_.code_lifetime <= now) {
    return oauth_error(400, "invalid_grant", "Bad Request");
  }
  if (code.redirect_uri != field(form, "redirect_uri")) {
    return oauth_error(400, "redirect_uri_mismatch", "Bad Request");
  }
  const std::string verifier = field(form, "code_verifier");
  if (!code.challenge.empty()) {
    if (verifier.empty()) return oauth_error(400, "invalid_grant", "Missing code verifier.");
    const std::string proof =
        code.challenge_is_s256 ? to_base64url(as_bytes(sha256(verifier))) : verifier;
    if (verifier.size() < 43 || verifier.size() > 128 || proof != code.challenge) {
      return oauth_error(400, "invalid_grant", "Invalid code verifier.");
    }
  }
  const std::string refresh_token =
      code.offline ? new_refresh(code.user, client, code.scope, now) : std::string();
  return answer(code.user, code.scope, refresh_token, code.offline, now);
}

HttpResponse GoogleOAuth::refresh(const Parameters& form, const std::string& client, WallTime now) {
  const auto found = refresh_.find(field(form, "refresh_token"));
  if (found == refresh_.end() || found->second.client != client) return dead_refresh_token();
  Refresh& stored = found->second;
  const bool too_old =
      options_.refresh_token_lifetime && stored.issued + *options_.refresh_token_lifetime <= now;
  if (too_old || stored.used + options_.refresh_token_idle_lifetime <= now) {
    refresh_.erase(found);
    return dead_refresh_token();
  }
  stored.used = now;
  const Refresh grant = stored;
  std::string token = found->first;
  if (options_.rotate_refresh_tokens) {
    refresh_.erase(found);
    token = new_refresh(grant.user, client, grant.scope, now);
  }
  return answer(grant.user, grant.scope, token, options_.rotate_refresh_tokens, now);
}

HttpResponse GoogleOAuth::assert_account(const Request& request, const Parameters& form,
                                         WallTime now) {
  const auto jwt = read_jwt(field(form, "assertion"));
  if (!jwt) return oauth_error(400, "invalid_grant", "Invalid JWT: not well formed.");
  const auto text = [&](const char* claim) {
    const auto found = jwt->claims.find(claim);
    return found != jwt->claims.end() && found->is_string() ? found->get<std::string>() : "";
  };
  const auto time = [&](const char* claim) {
    const auto found = jwt->claims.find(claim);
    const bool number = found != jwt->claims.end() && found->is_number_integer();
    return WallTime(std::chrono::seconds(number ? found->get<std::int64_t>() : 0));
  };
  const auto account = accounts_.find(text("iss"));
  if (account == accounts_.end()) {
    return oauth_error(400, "invalid_grant", "Invalid grant: account not found");
  }
  if (jwt->header.value("alg", Json()) != "RS256" ||
      !verify_rs256(*jwt, account->second.public_key_pem)) {
    return oauth_error(400, "invalid_grant", "Invalid JWT Signature.");
  }
  if (text("aud") != "https://oauth2.googleapis.com/token" && text("aud") != request.endpoint) {
    return oauth_error(400, "invalid_grant", "Invalid JWT: Failed audience check.");
  }
  const WallTime issued = time("iat");
  const WallTime expires = time("exp");
  if (issued > now + std::chrono::minutes(5) || expires <= now || expires <= issued ||
      expires - issued > std::chrono::hours(1)) {
    return oauth_error(400, "invalid_grant",
                       "Invalid JWT: Token must be a short-lived token (60 minutes) and in a "
                       "reasonable timeframe. Check your iat and exp values in the JWT claim.");
  }
  if (text("scope").empty()) {
    return oauth_error(400, "invalid_scope", "Empty or missing scope not allowed.");
  }
  std::string user = account->first;
  if (jwt->claims.contains("sub") && text("sub") != user) {
    user = text("sub");
    if (!account->second.may_act_for.contains(user)) {
      return oauth_error(401, "unauthorized_client",
                         "Client is unauthorized to retrieve access tokens using this method, or "
                         "client not authorized for any of the scopes requested.");
    }
  }
  return answer(user, text("scope"), {}, false, now);
}

HttpResponse GoogleOAuth::revoke(const Request& request) {
  const Parameters form = read_form(request.body);
  std::string token = form.contains("token") ? field(form, "token") : field(request.query, "token");
  if (const auto found = access_.find(token); found != access_.end()) {
    const std::string refresh_token = found->second.refresh_token;
    access_.erase(found);
    if (refresh_token.empty()) return json_response(200, Json::object());
    token = refresh_token;
  }
  if (refresh_.erase(token) == 0) {
    return oauth_error(400, "invalid_token", "Token expired or revoked");
  }
  std::erase_if(access_, [&](const auto& entry) { return entry.second.refresh_token == token; });
  return json_response(200, Json::object());
}

std::optional<AccessGrant> GoogleOAuth::access(const std::string& token, WallTime now) const {
  const auto found = access_.find(token);
  if (found == access_.end() || found->second.expires <= now) return std::nullopt;
  return found->second;
}

std::string GoogleOAuth::issue_access_token(const std::string& user, const std::string& scope,
                                            WallTime now) {
  return new_access(user, scope, {}, now);
}

std::string GoogleOAuth::issue_refresh_token(const std::string& user, const std::string& client,
                                             const std::string& scope, WallTime now) {
  consented_.emplace(client, user);
  return new_refresh(user, client, scope, now);
}

void GoogleOAuth::revoke_user(const std::string& user) {
  std::erase_if(refresh_, [&](const auto& entry) { return entry.second.user == user; });
  std::erase_if(access_, [&](const auto& entry) { return entry.second.user == user; });
  std::erase_if(consented_, [&](const auto& entry) { return entry.second == user; });
}

std::size_t GoogleOAuth::refresh_tokens(const std::string& user) const {
  return static_cast<std::size_t>(
      std::count_if(refresh_.begin(), refresh_.end(),
                    [&](const auto& entry) { return entry.second.user == user; }));
}

}  // namespace tidemark::test::google
