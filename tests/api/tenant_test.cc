// Keys, who may do what, and that a tenant learns nothing of another.
#include <gmock/gmock.h>

#include "api/delivery_world.h"
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
  delivery_.reset();
  vault_.reset();
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

// What fills the {parts} of a pattern: the ids that belong together.
using Ids = std::map<std::string, std::string>;

// Both tenants have calendars, and an endpoint whose first event died, whose second waits and whose
// third was delivered.
class Tenants : public DeliveryWorld {
 protected:
  void set_up_endpoint(const std::string& tenant, const std::string& id) {
    create(tenant, {{"id", id}, {"schedule", {"0s", "1h"}}, {"description", tenant + " hook"}});
  }

  void deliver_all() {
    for (const char* tenant : {"acme", "rival"}) {
      for (const char* name : {"five", "six", "seven"}) {
        write_event(tenant, name, std::string(tenant) == "acme" ? "Acme counts" : "Rival counts");
      }
    }
    sync_all();
    for (const auto& [tenant, endpoint] : endpoints_) {
      const auto events = event_ids(tenant);
      ASSERT_GE(events.size(), 3U);
      for (const int status : {500, 500}) attempt(tenant, endpoint, events[0], status);
      attempt(tenant, endpoint, events[1], 500);
      attempt(tenant, endpoint, events[2], 200);
    }
  }

  void set_up() {
    for (const auto& [tenant, endpoint] : endpoints_) set_up_endpoint(tenant, endpoint);
    deliver_all();
  }

  // The first calendar, endpoint, event and record of the tenant.
  Ids ids_of(const std::string& tenant) const {
    const Json record = get("/v1/audit?limit=1&tenant=" + tenant)["items"][0];
    return {{"calendar", calendar_of(tenant)},
            {"endpoint", endpoints_.at(tenant)},
            {"event", event_ids(tenant)[0]},
            {"sequence", std::to_string(record["sequence"].get<Sequence>())}};
  }
  Ids unknown_ids() const {
    return {{"calendar", "cal_00000000000000000000"},
            {"endpoint", "unknown-one"},
            {"event", make_id(kEventPrefix, clock_.now(), {999'999, 0})},
            {"sequence", "999999"}};
  }

  static std::string filled(std::string pattern, const Ids& ids) {
    const std::string owner = pattern.starts_with("/v1/endpoints/") ? "endpoint" : "calendar";
    for (const auto& [part, name] : std::map<std::string, std::string>{
             {"{id}", owner}, {"{sequence}", "sequence"}, {"{event}", "event"}}) {
      if (const auto at = pattern.find(part); at != std::string::npos) {
        pattern.replace(at, part.size(), ids.at(name));
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
  static std::string without(std::string text, const Ids& ids) {
    for (const auto& [name, id] : ids) text = without(std::move(text), id);
    return text;
  }

  // The same request about two things: the answers differ in nothing but their ids.
  void expect_the_same(const std::string& method, const std::string& pattern, const Ids& theirs,
                       const Ids& unknown, const std::string& key, const std::string& body) const {
    const auto their = ask(method + " " + filled(pattern, theirs), key, {}, body);
    const auto none = ask(method + " " + filled(pattern, unknown), key, {}, body);
    EXPECT_EQ(their.status, 404) << method << " " << pattern << " " << their.body;
    EXPECT_EQ(none.status, 404) << method << " " << pattern << " " << none.body;
    EXPECT_EQ(without(their.body, theirs), without(none.body, unknown)) << method << pattern;
    EXPECT_EQ(their.headers, none.headers) << method << pattern;
  }

  std::map<std::string, std::string> endpoints_{{"acme", "acme-hook"}, {"rival", "their-hook"}};
};

// Every route that a key opens, asked for what is the rival's and for what does not exist: the
// answers differ in nothing but the id that was asked for.
TEST_F(Tenants, CannotTellAnothersIdsFromUnknownOnes) {
  set_up();
  const std::string key = make_key("acme");
  const Ids theirs = ids_of("rival");
  const Ids unknown = unknown_ids();
  std::size_t compared = 0;
  for (const auto& route : route_table()) {
    const std::string pattern(route.pattern);
    if (route.access != Access::tenant || pattern.find('{') == std::string::npos) continue;
    // The first sync of both tenants is one request, so its correlation id is not the rival's
    // alone.
    if (pattern.find("{correlation}") != std::string::npos) continue;
    for (const char* body : {"", R"({"url": "https://acme.example/"})", R"({"x": 1})", "["}) {
      if (route.method == "GET" && *body != '\0') continue;
      if (!pattern.starts_with("/v1/endpoints/") && *body != '\0') continue;
      expect_the_same(std::string(route.method), pattern, theirs, unknown, key, body);
      ++compared;
    }
  }
  EXPECT_GE(compared, 40U);
}

// Nor when the endpoint is one's own.
TEST_F(Tenants, CannotTellAnothersEventsFromUnknownOnes) {
  set_up();
  const std::string key = make_key("acme");
  const Ids unknown = unknown_ids();
  std::size_t compared = 0;
  for (const auto& event : event_ids("rival")) {
    for (const auto& route : route_table()) {
      const std::string pattern(route.pattern);
      // A calendar's events are other ids.
      if (!pattern.starts_with("/v1/endpoints/")) continue;
      if (pattern.find("{event}") == std::string::npos) continue;
      const Ids theirs{{"endpoint", "acme-hook"}, {"event", event}};
      const Ids none{{"endpoint", "acme-hook"}, {"event", unknown.at("event")}};
      expect_the_same(std::string(route.method), pattern, theirs, none, key, "");
      ++compared;
    }
  }
  EXPECT_GE(compared, 9U);
}

TEST_F(Tenants, CannotNameAnothersEndpointInAQueryOrABody) {
  set_up();
  const std::string key = make_key("acme");
  const auto compare = [&](const std::string& line, const std::string& body) {
    const auto named = [](std::string text, const std::string& name) {
      const auto at = text.find("NAME");
      return at == std::string::npos ? text : text.replace(at, 4, name);
    };
    const auto their = ask(named(line, "their-hook"), key, {}, named(body, "their-hook"));
    const auto none = ask(named(line, "unknown-one"), key, {}, named(body, "unknown-one"));
    EXPECT_EQ(their.status, 404) << line << body << their.body;
    EXPECT_EQ(without(their.body, "their-hook"), without(none.body, "unknown-one")) << line << body;
    EXPECT_EQ(their.headers, none.headers) << line << body;
  };
  const std::string their_event = event_ids("rival")[0];
  compare("GET /v1/deadletters?endpoint=NAME", "");
  for (const char* action : {"replay", "drop"}) {
    const std::string line = std::string("POST /v1/deadletters/") + action;
    compare(line, R"({"endpoint": "NAME"})");
    compare(line, R"({"endpoint": "NAME", "dry_run": true})");
    compare(line, R"({"endpoint": "NAME", "event_ids": [")" + their_event + R"("]})");
  }
  const Json letters = get("/v1/deadletters?endpoint=their-hook");
  EXPECT_EQ(letters["items"].size(), 1U);
}

// Nor a change of what is named as one's own reach what has the same name elsewhere.
TEST_F(Tenants, CanHaveEndpointsOfTheSameNameAndReachTheirOwn) {
  endpoints_ = {{"acme", "hook"}, {"rival", "hook"}};
  set_up();
  const std::string key = make_key("acme");
  const auto before = state_of("rival", "hook");
  const Json own = get("/v1/deadletters?endpoint=hook", key);
  ASSERT_EQ(own["items"].size(), 1U);
  EXPECT_EQ(own["items"][0]["event_id"], event_ids("acme")[0]);
  const Json matched =
      body_of(ask("POST /v1/deadletters/drop", key, {},
                  dump_json({{"endpoint", "hook"}, {"event_ids", {event_ids("rival")[0]}}})));
  EXPECT_EQ(matched["matched"], 0) << matched;
  EXPECT_EQ(ask("POST /v1/deadletters/drop", key, {}, R"({"endpoint": "hook"})").status, 200);
  EXPECT_EQ(ask("POST /v1/endpoints/hook/rotate-secret", key).status, 200);
  EXPECT_EQ(ask("POST /v1/endpoints/hook/rewind", key, {}, R"({"after": 0})").status, 200);
  EXPECT_EQ(ask("POST /v1/endpoints/hook/pause", key).status, 200);
  EXPECT_EQ(ask("PATCH /v1/endpoints/hook", key, {}, R"({"description": "mine"})").status, 200);
  EXPECT_EQ(ask("DELETE /v1/endpoints/hook", key).status, 204);
  EXPECT_EQ(delivery::encode(state_of("rival", "hook")), delivery::encode(before));
  EXPECT_EQ(get("/v1/deadletters?endpoint=hook&tenant=rival")["items"].size(), 1U);
}

TEST_F(Tenants, SeeNothingOfAnothersDeliveriesInAnyList) {
  set_up();
  attempt("rival", "their-hook", event_ids("rival")[1], 410);
  const std::string key = make_key("acme");
  std::vector<std::string> secrets{"their-hook", "rival", "Rival"};
  for (const auto& event : event_ids("rival")) secrets.push_back(event);
  for (const char* path :
       {"/v1/endpoints", "/v1/endpoints?page=rival/a", "/v1/endpoints?page=a/a",
        "/v1/endpoints/acme-hook", "/v1/endpoints/acme-hook/deliveries",
        "/v1/endpoints/acme-hook/deliveries?state=dead",
        "/v1/endpoints/acme-hook/deliveries?state=delivered", "/v1/deadletters?endpoint=acme-hook",
        "/v1/feed", "/v1/audit?limit=1000", "/v1/status", "/healthz"}) {
    const auto response = ask(std::string("GET ") + path, key);
    EXPECT_EQ(response.status, 200) << path << response.body;
    for (const auto& secret : secrets) {
      EXPECT_THAT(response.body, Not(HasSubstr(secret))) << path;
    }
  }
  EXPECT_EQ(get("/healthz", key)["status"], "ok");
  EXPECT_EQ(get("/healthz", make_key("rival"))["parts"]["endpoints"]["status"], "degraded");
  EXPECT_EQ(get("/v1/audit?instance=endpoint/rival/their-hook", key)["items"].size(), 0U);
  EXPECT_EQ(get("/v1/status", key)["endpoints"]["disabled"], 0);
  EXPECT_EQ(get("/v1/status", key)["endpoints"]["dead"], 1);
}

TEST_F(Tenants, CannotUseTheOperatorsTenantParameterOnEndpoints) {
  set_up();
  const std::string key = make_key("acme");
  for (const auto& route : route_table()) {
    if (route.access != Access::tenant) continue;
    const std::string line =
        std::string(route.method) + " " + filled(std::string(route.pattern), ids_of("rival"));
    EXPECT_EQ(ask(line + "?tenant=rival", key).status, 403) << line;
  }
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
