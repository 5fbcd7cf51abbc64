// The fake's OAuth 2.0, and the fake behind a real socket.
#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <utility>

#include "base/sha256.h"
#include "net/curl_client.h"
#include "support/google/fake_google_fixture.h"
#include "support/google/google_http.h"
#include "support/google/jwt_assertion.h"

namespace tidemark::test {
namespace {

constexpr const char* kRedirect = "https://tidemark.example/callback";
constexpr const char* kVerifier = "0123456789-0123456789-0123456789-0123456789";
constexpr const char* kRobot = "robot@project.iam.gserviceaccount.com";

using google::Parameters;

class FakeGoogleOAuth : public FakeGoogleFixture {
 protected:
  FakeGoogleOAuth() {
    google_.with_oauth([](google::GoogleOAuth& oauth, WallTime) {
      oauth.add_client({.id = "client", .secret = "secret", .redirect_uris = {kRedirect}});
      oauth.consent_as(kAda);
    });
  }

  void set_options(const google::OAuthOptions& options) {
    google_.with_oauth([&](google::GoogleOAuth& oauth, WallTime) { oauth.set_options(options); });
  }

  // The parameters the browser brings back, or the error.
  Parameters consent(Parameters more = {}) {
    Parameters query = {{"client_id", "client"},
                        {"redirect_uri", kRedirect},
                        {"response_type", "code"},
                        {"scope", google::kCalendarScope},
                        {"state", "a&b"},
                        {"access_type", "offline"},
                        {"code_challenge", google::to_base64url(as_bytes(sha256(kVerifier)))},
                        {"code_challenge_method", "S256"}};
    for (auto& [name, value] : more) query[name] = value;
    HttpRequest request;
    request.url = "https://accounts.google.com/o/oauth2/v2/auth?" + google::write_form(query);
    const HttpResponse response = google_.handle(request);
    if (response.status != 302) return {{"error", parse_json(response.body)->at("error")}};
    const std::string location = find_header(response.headers, "Location").value_or("");
    EXPECT_EQ(location.substr(0, location.find('?')), kRedirect);
    return google::read_form(location.substr(location.find('?') + 1));
  }

  Answer post(const std::string& path, const Parameters& form) {
    HttpRequest request;
    request.method = "POST";
    request.url = "https://oauth2.googleapis.com" + path;
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = google::write_form(form);
    const HttpResponse response = google_.handle(request);
    return {response.status, parse_json(response.body).value_or(Json()), response.headers};
  }

  Answer redeem(const std::string& code, Parameters more = {}) {
    Parameters form = {{"grant_type", "authorization_code"},
                       {"code", code},
                       {"client_id", "client"},
                       {"client_secret", "secret"},
                       {"redirect_uri", kRedirect},
                       {"code_verifier", kVerifier}};
    for (auto& [name, value] : more) form[name] = value;
    return post("/token", form);
  }

  Answer refresh(const std::string& token, const std::string& secret = "secret") {
    return post("/token", {{"grant_type", "refresh_token"},
                           {"refresh_token", token},
                           {"client_id", "client"},
                           {"client_secret", secret}});
  }

  std::string refresh_token() { return redeem(consent()["code"]).text("refresh_token"); }

  Answer list_with(const Answer& token) {
    token_ = token.text("access_token");
    return list();
  }
};

TEST_F(FakeGoogleOAuth, TradesACodeForTokensThatWork) {
  Parameters back = consent();
  EXPECT_EQ(back["state"], "a&b");
  const Answer tokens = redeem(back["code"]);
  ASSERT_EQ(tokens.verdict(), "200");
  EXPECT_EQ(tokens.body.at("expires_in"), 3599);
  EXPECT_EQ(tokens.text("token_type"), "Bearer");
  EXPECT_EQ(tokens.text("scope"), google::kCalendarScope);
  EXPECT_EQ(list_with(tokens).verdict(), "200");
  clock_.advance(std::chrono::seconds(3599));
  EXPECT_EQ(list().verdict(), "401 authError");
  const Answer renewed = refresh(tokens.text("refresh_token"));
  EXPECT_FALSE(renewed.body.contains("refresh_token"));
  EXPECT_EQ(list_with(renewed).verdict(), "200");
  EXPECT_EQ(google_.refreshes(), 1);
  EXPECT_EQ(google_.count("oauth.token"), 2);
}

TEST_F(FakeGoogleOAuth, TakesACodeOnceAndNotForLong) {
  const std::string code = consent()["code"];
  EXPECT_EQ(redeem(code).verdict(), "200");
  EXPECT_EQ(redeem(code).verdict(), "400 invalid_grant");
  const std::string old = consent()["code"];
  clock_.advance(std::chrono::minutes(10));
  EXPECT_EQ(redeem(old).verdict(), "400 invalid_grant");
}

TEST_F(FakeGoogleOAuth, ChecksTheCodeVerifier) {
  EXPECT_EQ(redeem(consent()["code"], {{"code_verifier", ""}}).verdict(), "400 invalid_grant");
  EXPECT_EQ(redeem(consent()["code"], {{"code_verifier", std::string(43, 'x')}}).verdict(),
            "400 invalid_grant");
  EXPECT_EQ(redeem(consent()["code"]).verdict(), "200");
}

TEST_F(FakeGoogleOAuth, ChecksTheClientAndWhereItRedirects) {
  EXPECT_EQ(consent({{"client_id", "other"}})["error"], "invalid_client");
  EXPECT_EQ(consent({{"redirect_uri", "https://evil.example/"}})["error"], "redirect_uri_mismatch");
  EXPECT_EQ(consent({{"response_type", "token"}})["error"], "unsupported_response_type");
  EXPECT_EQ(consent({{"scope", ""}})["error"], "invalid_request");
  EXPECT_EQ(redeem(consent()["code"], {{"client_secret", "wrong"}}).verdict(),
            "401 invalid_client");
  EXPECT_EQ(redeem(consent()["code"], {{"redirect_uri", "https://x.example/"}}).verdict(),
            "400 redirect_uri_mismatch");
  EXPECT_EQ(post("/token", {{"grant_type", "password"}}).verdict(), "400 unsupported_grant_type");
  EXPECT_EQ(refresh("1//0x", "wrong").verdict(), "401 invalid_client");
}

TEST_F(FakeGoogleOAuth, BringsBackTheUsersRefusal) {
  google_.with_oauth([](google::GoogleOAuth& oauth, WallTime) { oauth.refuse_next_consent(); });
  const Parameters back = consent();
  EXPECT_EQ(back, Parameters({{"error", "access_denied"}, {"state", "a&b"}}));
  EXPECT_TRUE(consent().contains("code"));
}

TEST_F(FakeGoogleOAuth, GivesARefreshTokenWithTheFirstConsentOrANewOne) {
  EXPECT_TRUE(redeem(consent()["code"]).body.contains("refresh_token"));
  EXPECT_FALSE(redeem(consent()["code"]).body.contains("refresh_token"));
  EXPECT_TRUE(redeem(consent({{"prompt", "consent"}})["code"]).body.contains("refresh_token"));
  EXPECT_FALSE(redeem(consent({{"prompt", "consent"}, {"access_type", "online"}})["code"])
                   .body.contains("refresh_token"));
}

// Rule 15: what makes a refresh token invalid.
TEST_F(FakeGoogleOAuth, EndsRefreshTokensByRevocationAgeDisuseAndNumber) {
  const std::string revoked = refresh_token();
  token_ = refresh(revoked).text("access_token");
  EXPECT_EQ(post("/revoke", {{"token", revoked}}).verdict(), "200");
  EXPECT_EQ(list().verdict(), "401 authError");
  EXPECT_EQ(refresh(revoked).verdict(), "400 invalid_grant");
  EXPECT_EQ(post("/revoke", {{"token", revoked}}).verdict(), "400 invalid_token");

  const auto issue = [&] {
    return google_.with_oauth([](google::GoogleOAuth& oauth, WallTime now) {
      return oauth.issue_refresh_token(kAda, "client", google::kCalendarScope, now);
    });
  };
  const std::string unused = issue();
  clock_.advance(std::chrono::hours(180 * 24));
  EXPECT_EQ(refresh(unused).verdict(), "400 invalid_grant");

  set_options({.refresh_token_lifetime = std::chrono::hours(7 * 24)});
  const std::string testing = issue();
  clock_.advance(std::chrono::hours(6 * 24));
  EXPECT_EQ(refresh(testing).verdict(), "200");
  clock_.advance(std::chrono::hours(24));
  EXPECT_EQ(refresh(testing).verdict(), "400 invalid_grant");

  set_options({.refresh_tokens_per_user = 2});
  const std::string oldest = issue();
  const std::string older = issue();
  issue();
  EXPECT_EQ(refresh(oldest).verdict(), "400 invalid_grant");
  EXPECT_EQ(refresh(older).verdict(), "200");
  google_.with_oauth([](google::GoogleOAuth& oauth, WallTime) { oauth.revoke_user(kAda); });
  EXPECT_EQ(refresh(older).verdict(), "400 invalid_grant");
}

TEST_F(FakeGoogleOAuth, CanRotateRefreshTokens) {
  set_options({.rotate_refresh_tokens = true});
  const std::string first = refresh_token();
  const std::string second = refresh(first).text("refresh_token");
  EXPECT_NE(second, "");
  EXPECT_EQ(refresh(first).verdict(), "400 invalid_grant");
  EXPECT_EQ(refresh(second).verdict(), "200");
}

TEST_F(FakeGoogleOAuth, CanFailTheTokenEndpoint) {
  const std::string token = refresh_token();
  google_.fail_next("oauth.token", google::backend_error(503));
  google_.fail_next("oauth.token", google::oauth_error(400, "invalid_grant", "Bad Request"));
  EXPECT_EQ(refresh(token).verdict(), "503 backendError");
  EXPECT_EQ(refresh(token).verdict(), "400 invalid_grant");
  EXPECT_EQ(refresh(token).verdict(), "200");
  EXPECT_EQ(google_.refreshes(), 3);
}

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

class FakeGoogleServiceAccount : public FakeGoogleOAuth {
 protected:
  FakeGoogleServiceAccount() {
    google_.with_oauth([](google::GoogleOAuth& oauth, WallTime) {
      oauth.add_service_account({kRobot, public_pem(key()), {kAda}});
    });
    const auto now = clock_.now().time_since_epoch().count() / 1000;
    claims_ = {{"iss", kRobot},
               {"sub", kAda},
               {"scope", google::kCalendarScope},
               {"aud", "https://oauth2.googleapis.com/token"},
               {"iat", now},
               {"exp", now + 3600}};
  }

  static Key make_key() { return Key(EVP_RSA_gen(2048), &EVP_PKEY_free); }

  static std::string public_pem(EVP_PKEY* key) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_PUBKEY(out.get(), key);
    char* text = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }

  static std::string sign(const Json& claims, EVP_PKEY* key, const std::string& algorithm) {
    const std::string text = google::to_base64url(dump_json({{"alg", algorithm}, {"typ", "JWT"}})) +
                             "." + google::to_base64url(dump_json(claims));
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          &EVP_MD_CTX_free);
    std::string signature(512, '\0');
    std::size_t size = signature.size();
    EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key);
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                   reinterpret_cast<const unsigned char*>(text.data()), text.size());
    signature.resize(size);
    return text + "." + google::to_base64url(signature);
  }

  Answer ask(const Json& changes = Json::object(), const std::string& algorithm = "RS256") {
    Json claims = claims_;
    claims.merge_patch(changes);
    return post("/token", {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                           {"assertion", sign(claims, key(), algorithm)}});
  }

  // Made once: it takes a moment.
  static EVP_PKEY* key() {
    static const Key made = make_key();
    return made.get();
  }

  Json claims_;
};

TEST_F(FakeGoogleServiceAccount, GetsATokenForAUserWhoseDomainDelegates) {
  const Answer token = ask();
  ASSERT_EQ(token.verdict(), "200");
  EXPECT_FALSE(token.body.contains("refresh_token"));
  EXPECT_EQ(list_with(token).verdict(), "200");
  EXPECT_EQ(ask({{"sub", "bob@example.com"}}).verdict(), "401 unauthorized_client");
}

TEST_F(FakeGoogleServiceAccount, IsItselfWithoutASubject) {
  const Answer token = ask({{"sub", nullptr}});
  EXPECT_EQ(list_with(token).verdict(), "404 notFound");
  google_.add_calendar(kRobot, {.id = kTeam, .access_role = "reader"});
  EXPECT_EQ(list().verdict(), "200");
}

TEST_F(FakeGoogleServiceAccount, IsRefusedForWrongClaims) {
  const auto now = clock_.now().time_since_epoch().count() / 1000;
  const auto refusal = [this](const Json& changes, const std::string& algorithm = "RS256") {
    const Answer answer = ask(changes, algorithm);
    return answer.verdict() + ": " + answer.text("error_description");
  };
  const auto lifetime = ::testing::HasSubstr("must be a short-lived token");
  EXPECT_EQ(refusal({{"iss", "nobody@example.com"}}),
            "400 invalid_grant: Invalid grant: account not found");
  EXPECT_EQ(refusal({{"aud", "https://example.com/token"}}),
            "400 invalid_grant: Invalid JWT: Failed audience check.");
  EXPECT_EQ(refusal({{"scope", ""}}), "400 invalid_scope: Empty or missing scope not allowed.");
  EXPECT_THAT(refusal({{"exp", now + 3601}}), lifetime);
  EXPECT_THAT(refusal({{"iat", now - 7200}, {"exp", now - 3600}}), lifetime);
  EXPECT_THAT(refusal({{"iat", now + 600}, {"exp", now + 1200}}), lifetime);
  EXPECT_THAT(refusal({{"iat", nullptr}}), lifetime);
  EXPECT_EQ(refusal(Json::object(), "HS256"), "400 invalid_grant: Invalid JWT Signature.");
}

TEST_F(FakeGoogleServiceAccount, IsRefusedForAnotherKeysSignature) {
  const Key other = make_key();
  const auto ask_with = [&](const std::string& assertion) {
    return post("/token", {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                           {"assertion", assertion}})
        .verdict();
  };
  EXPECT_EQ(ask_with(sign(claims_, other.get(), "RS256")), "400 invalid_grant");
  EXPECT_EQ(ask_with("a.b"), "400 invalid_grant");
  EXPECT_EQ(ask_with("e30.e30.AA"), "400 invalid_grant");
}

TEST_F(FakeGoogleServiceAccount, IsServedOnARealSocket) {
  google_.insert_event(kTeam, timed("event"));
  const FakeGoogleServer server(google_);
  CurlHttpClient client;
  HttpRequest request;
  request.method = "POST";
  request.url = server.url("/token");
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  claims_["aud"] = request.url;
  request.body = google::write_form({{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                                     {"assertion", sign(claims_, key(), "RS256")}});
  const auto token = client.send(request);
  ASSERT_TRUE(token.has_value()) << token.error().message;
  ASSERT_EQ(token->status, 200) << token->body;
  HttpRequest get;
  get.url = server.url("/calendar/v3" + events_path() + "?maxResults=2500");
  get.headers = {{"Authorization",
                  "Bearer " + parse_json(token->body)->at("access_token").get<std::string>()}};
  const auto events = client.send(get);
  ASSERT_TRUE(events.has_value()) << events.error().message;
  EXPECT_EQ(parse_json(events->body)->at("items").at(0).at("id"), "event");
}

}  // namespace
}  // namespace tidemark::test
