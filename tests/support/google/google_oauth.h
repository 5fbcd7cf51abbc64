// Google's OAuth 2.0: consent with PKCE, the token endpoint's three grants, revocation.
// https://developers.google.com/identity/protocols/oauth2/web-server and .../service-account
// Not thread-safe; FakeGoogle's mutex guards it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/http.h"
#include "support/google/google_request.h"

namespace tidemark::test::google {

inline constexpr const char* kCalendarScope = "https://www.googleapis.com/auth/calendar";

struct OAuthClient {
  std::string id;
  std::string secret;
  std::vector<std::string> redirect_uris{};
  bool desktop = false;  // any port of http://127.0.0.1 or http://localhost will do, too
};

struct ServiceAccount {
  std::string email;
  std::string public_key_pem;
  std::set<std::string> may_act_for{};  // users whose domain delegates to it: `sub`
};

struct OAuthOptions {
  std::chrono::seconds access_token_lifetime{3599};
  std::chrono::milliseconds code_lifetime{std::chrono::minutes(10)};
  bool rotate_refresh_tokens = false;
  // What ends a refresh token: its age (seven days in Testing status), disuse, too many newer ones.
  std::optional<std::chrono::milliseconds> refresh_token_lifetime{};
  std::chrono::milliseconds refresh_token_idle_lifetime{std::chrono::hours(180 * 24)};
  std::size_t refresh_tokens_per_user = 100;  // and client; the oldest gives way
};

struct AccessGrant {
  std::string user;
  std::set<std::string> scopes;
  WallTime expires{};
  std::string refresh_token{};  // it came from; empty for a service account
};

class GoogleOAuth {
 public:
  explicit GoogleOAuth(std::uint32_t seed) : seed_(seed) {}

  void add_client(OAuthClient client) { clients_[client.id] = std::move(client); }
  void add_service_account(ServiceAccount account) { accounts_[account.email] = account; }
  void set_options(OAuthOptions options) { options_ = options; }
  void add_user(const std::string& user) { users_.insert(user); }
  // Who sits before the browser and consents; a login_hint of a known user takes precedence.
  void consent_as(const std::string& user) { consenting_user_ = user; }
  void refuse_next_consent(const std::string& error = "access_denied") { next_refusal_ = error; }

  HttpResponse authorize(const Request& request, WallTime now);
  HttpResponse token(const Request& request, WallTime now);
  HttpResponse revoke(const Request& request);

  // What a bearer token stands for; nothing when unknown, expired or revoked.
  std::optional<AccessGrant> access(const std::string& token, WallTime now) const;

  // Short cuts past the browser.
  std::string issue_access_token(const std::string& user, const std::string& scope, WallTime now);
  std::string issue_refresh_token(const std::string& user, const std::string& client,
                                  const std::string& scope, WallTime now);
  void expire_access_tokens() { access_.clear(); }
  // As in the account's page of third-party access: every token of the user is dead.
  void revoke_user(const std::string& user);
  std::size_t refresh_tokens(const std::string& user) const;

 private:
  struct Code {
    std::string client;
    std::string user;
    std::string scope;
    std::string redirect_uri;
    std::string challenge;  // empty: no PKCE
    bool challenge_is_s256 = false;
    bool offline = false;
    WallTime issued{};
  };
  struct Refresh {
    std::string client;
    std::string user;
    std::string scope;
    WallTime issued{};
    WallTime used{};
    std::uint64_t number = 0;
  };

  // Nothing when the client proved who it is, else the refusal.
  std::optional<HttpResponse> refuse_client(const Request& request, const Parameters& form,
                                            std::string& client_id) const;
  HttpResponse redeem_code(const Parameters& form, const std::string& client, WallTime now);
  HttpResponse refresh(const Parameters& form, const std::string& client, WallTime now);
  HttpResponse assert_account(const Request& request, const Parameters& form, WallTime now);
  HttpResponse answer(const std::string& user, const std::string& scope,
                      const std::string& refresh_token, bool show_refresh_token, WallTime now);
  std::string new_access(const std::string& user, const std::string& scope,
                         const std::string& refresh_token, WallTime now);
  std::string new_refresh(const std::string& user, const std::string& client,
                          const std::string& scope, WallTime now);
  std::string secret_text(const char* prefix);

  std::uint32_t seed_;
  std::uint64_t count_ = 0;
  OAuthOptions options_;
  std::map<std::string, OAuthClient> clients_;
  std::map<std::string, ServiceAccount> accounts_;
  std::set<std::string> users_;
  std::string consenting_user_;
  std::string next_refusal_;
  std::set<std::pair<std::string, std::string>> consented_;  // client and user
  std::map<std::string, Code> codes_;
  std::map<std::string, Refresh> refresh_;
  std::map<std::string, AccessGrant> access_;
};

}  // namespace tidemark::test::google
