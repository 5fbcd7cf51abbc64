// Keys, who may do what, and that a tenant learns nothing of another.
#include <gmock/gmock.h>

#include "api/api_world.h"
#include "api/key_token.h"
#include "api/route.h"

namespace tidemark::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Keys : public ApiWorld {};

TEST_F(Keys, OpenOneTenantOnly) {
  sync_all();
  const Json calendars = get("/v1/calendars", make_key("acme"));
  ASSERT_EQ(calendars["items"].size(), 1U);
  EXPECT_EQ(calendars["items"][0]["tenant"], "acme");
}

TEST_F(Keys, AreRefusedAlikeHoweverTheyAreWrong) {
  const std::string key = make_key("acme");
  const std::string expired = make_key("acme", "1h");
  std::string changed = key;
  changed[20] = changed[20] == 'A' ? 'B' : 'A';
  const std::string stranger = make_key_token()->token.reveal();
  const auto wanted = ask("GET /v1/calendars", "nonsense");
  EXPECT_EQ(wanted.status, 401);
  EXPECT_THAT(wanted.body, HasSubstr("invalid_key"));
  EXPECT_TRUE(find_header(wanted.headers, "WWW-Authenticate"));
  clock_.advance(std::chrono::hours(1));
  for (const auto& wrong : {changed, stranger, expired, key.substr(1), key + "x"}) {
    const auto response = ask("GET /v1/calendars", wrong);
    EXPECT_EQ(response.status, 401);
    EXPECT_EQ(response.body, wanted.body);
  }
  EXPECT_EQ(ask("GET /v1/calendars", key).status, 200);
  EXPECT_THAT(ask("GET /v1/calendars", "").body, HasSubstr("unauthenticated"));
}

TEST_F(Keys, EndWhenTheyAreRevoked) {
  const std::string key = make_key("acme");
  const std::string id = get("/v1/keys")["items"][0]["id"];
  EXPECT_EQ(ask("DELETE /v1/keys/" + id).status, 204);
  EXPECT_EQ(ask("GET /v1/calendars", key).status, 401);
  EXPECT_EQ(ask("DELETE /v1/keys/" + id).status, 404);
  EXPECT_EQ(get("/v1/keys")["items"].size(), 0U);
}

TEST_F(Keys, AreNeitherStoredNorJournaled) {
  const std::string key = make_key("acme");
  const std::string secret = key.substr(16, 43);
  for (std::size_t table = 0; table < kTableCount; ++table) {
    ASSERT_TRUE(store_->scan(static_cast<Table>(table), "", "",
                             [&](std::string_view, std::string_view value) {
                               EXPECT_EQ(value.find(secret), std::string_view::npos);
                               return true;
                             }));
  }
  EXPECT_THAT(ask("GET /v1/keys").body, Not(HasSubstr(secret)));
}

TEST_F(Keys, OutliveARestartOfTheStore) {
  const std::string key = make_key("acme");
  engine_->stop();
  api_.reset();
  sync_.reset();
  engine_.reset();
  store_.reset();
  store_ = *Store::open({.path = directory_ / "store"});
  const auto parsed = parse_key_token(key);
  ASSERT_TRUE(parsed);
  const auto record = find_key(*store_, parsed->id);
  ASSERT_TRUE(record && *record);
  EXPECT_EQ((*record)->tenant, "acme");
  EXPECT_EQ((*record)->hash, to_hex(parsed->hash));
  engine_ = std::make_unique<Engine>(*store_, clock_, metrics_);
}

TEST_F(Keys, AreMadeOnlyForNamesThatCanBeATenants) {
  for (const char* body :
       {R"({})", R"({"tenant": ""})", R"({"tenant": "a/b"})", R"({"tenant": "~operator"})",
        R"({"tenant": 3})", R"({"tenant": "a", "expires_in": "soon"})",
        R"({"tenant": "a", "expires_in": "0s"})"}) {
    EXPECT_EQ(ask("POST /v1/keys", "operator", {}, body).status, 400) << body;
  }
}

TEST_F(Keys, AreTheOperatorsBusiness) {
  const std::string key = make_key("acme");
  for (const char* line : {"GET /v1/keys", "POST /v1/keys", "DELETE /v1/keys/abcdefghijkl"}) {
    EXPECT_EQ(ask(line, key).status, 403) << line;
    EXPECT_EQ(ask(line, "").status, 403) << line;
  }
  EXPECT_EQ(ask("GET /v1/calendars?tenant=acme", key).status, 403);
  EXPECT_EQ(ask("GET /v1/calendars?tenant=rival", key).status, 403);
  EXPECT_EQ(ask("GET /metrics", key).status, 403);
}

TEST(KeyTokens, CarryAChecksum) {
  const auto key = make_key_token();
  ASSERT_TRUE(key);
  const std::string token = key->token.reveal();
  EXPECT_TRUE(token.starts_with("tm_" + key->id + "_"));
  const auto parsed = parse_key_token(token);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->id, key->id);
  EXPECT_EQ(parsed->hash, key->hash);
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'q' ? 'r' : 'q';
    EXPECT_FALSE(parse_key_token(changed)) << "position " << i;
  }
  EXPECT_NE(make_key_token()->token.reveal(), token);
}

class Tenants : public ApiWorld {
 protected:
  std::string filled(std::string pattern, const std::string& calendar, Sequence sequence,
                     const std::string& correlation) const {
    for (const auto& [part, value] :
         std::map<std::string, std::string>{{"{id}", calendar},
                                            {"{sequence}", std::to_string(sequence)},
                                            {"{correlation}", correlation}}) {
      if (const auto at = pattern.find(part); at != std::string::npos) {
        pattern.replace(at, part.size(), value);
      }
    }
    return pattern;
  }

  static std::string without(std::string text, const std::string& part) {
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part)) {
      text.replace(at, part.size(), "<it>");
    }
    return text;
  }
};

// Every route that a key opens, asked for what is the rival's and for what does not exist: the
// answers differ in nothing but the id that was asked for.
TEST_F(Tenants, CannotTellAnothersIdsFromUnknownOnes) {
  sync_all();
  const std::string key = make_key("acme");
  const std::string theirs = calendar_of("rival");
  const Json event = get("/v1/feed?tenant=rival")["items"][0];
  const std::string correlation = event["correlation_id"];
  const Sequence sequence = get("/v1/audit?tenant=rival&limit=1")["items"][0]["sequence"];
  const std::string unknown = "cal_00000000000000000000";
  std::size_t compared = 0;
  for (const auto& route : route_table()) {
    const std::string pattern(route.pattern);
    if (route.access != Access::tenant || pattern.find('{') == std::string::npos) continue;
    // The first sync of both tenants is one request, so its correlation id is not the rival's
    // alone.
    if (pattern.find("{correlation}") != std::string::npos) continue;
    const std::string method(route.method);
    const auto their = ask(method + " " + filled(pattern, theirs, sequence, correlation), key);
    const auto none = ask(method + " " + filled(pattern, unknown, 999'999, "cor_none"), key);
    EXPECT_EQ(their.status, 404) << pattern;
    EXPECT_EQ(none.status, 404) << pattern;
    EXPECT_EQ(without(without(their.body, theirs), std::to_string(sequence)),
              without(without(none.body, unknown), "999999"))
        << pattern;
    EXPECT_EQ(their.headers, none.headers) << pattern;
    ++compared;
  }
  EXPECT_GE(compared, 6U);
}

TEST_F(Tenants, SeeNothingOfAnotherInAnyList) {
  sync_all();
  const std::string key = make_key("acme");
  const std::string theirs = calendar_of("rival");
  for (const char* path :
       {"/v1/accounts", "/v1/calendars", "/v1/feed", "/v1/audit", "/v1/status", "/healthz",
        "/v1/calendars?name=rival", "/v1/calendars?name=rival-files/rival",
        "/v1/audit?instance=account/rival/rival-files", "/v1/feed?after=latest"}) {
    const std::string body =
        without(ask(std::string("GET ") + path, key).body, "rival-files/rival");
    EXPECT_THAT(body, Not(HasSubstr("rival-files"))) << path;
    EXPECT_THAT(body, Not(HasSubstr("Rival"))) << path;
    EXPECT_THAT(body, Not(HasSubstr(theirs))) << path;
  }
}

TEST_F(Tenants, CannotSyncAnother) {
  const std::string key = make_key("acme");
  const auto theirs = ask("POST /v1/sync", key, {}, R"({"target": "rival-files"})");
  const auto none = ask("POST /v1/sync", key, {}, R"({"target": "nobodys-one"})");
  EXPECT_EQ(theirs.status, 404);
  EXPECT_EQ(without(theirs.body, "rival-files"), without(none.body, "nobodys-one"));
}

TEST_F(Tenants, SeeOnlyTheirOwnShareOfASyncOfAll) {
  const auto asked = ask("POST /v1/sync");
  ASSERT_EQ(asked.status, 202);
  const std::string where = find_header(asked.headers, "Location").value_or("");
  ASSERT_TRUE(engine_->wait_until_idle(std::chrono::seconds(30)));
  EXPECT_EQ(get(where)["calendars"].size(), 2U);
  const Json own = get(where, make_key("acme"));
  ASSERT_EQ(own["calendars"].size(), 1U);
  EXPECT_EQ(own["calendars"][0]["tenant"], "acme");
}

}  // namespace
}  // namespace tidemark::test
