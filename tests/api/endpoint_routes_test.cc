#include <gmock/gmock.h>

#include <set>

#include "api/delivery_world.h"
#include "base/text.h"
#include "delivery/signature.h"

namespace tidemark::test {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

constexpr auto kSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

class Endpoints : public DeliveryWorld {};

TEST_F(Endpoints, AreMadeWithASecretThatIsShownOnce) {
  const std::string key = make_key("acme");
  const auto made = ask("POST /v1/endpoints", key, {}, R"({"url": "https://acme.example/hook"})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(header(made, "Cache-Control"), "no-store");
  const Json endpoint = body_of(made);
  const std::string id = endpoint["id"];
  EXPECT_THAT(id, MatchesRegex("ep_[a-z2-7]{12}"));
  EXPECT_EQ(header(made, "Location"), "/v1/endpoints/" + id);
  EXPECT_EQ(endpoint["tenant"], "acme");
  EXPECT_EQ(endpoint["status"], "enabled");
  const std::string secret = endpoint["secret"];
  EXPECT_TRUE(delivery::parse_signing_secret(secret));
  const auto shown = ask("GET /v1/endpoints/" + id, key);
  EXPECT_EQ(shown.status, 200);
  EXPECT_THAT(shown.body, Not(HasSubstr(secret)));
  EXPECT_EQ(body_of(shown)["url"], "https://acme.example/hook");
  EXPECT_THAT(ask("GET /v1/audit", key).body, Not(HasSubstr(secret.substr(6))));
}

TEST_F(Endpoints, AreAtMostSoManyOfATenant) {
  const auto create = [&](std::size_t number, const std::string& tenant) {
    const Json body{{"id", "e" + std::to_string(number)}, {"url", "https://a.example/hook"}};
    return ask("POST /v1/endpoints?tenant=" + tenant, "operator", {}, dump_json(body));
  };
  for (std::size_t i = 0; i < delivery::kMaxEndpoints; ++i) {
    ASSERT_EQ(create(i, "acme").status, 201) << i;
  }
  const auto refused = create(delivery::kMaxEndpoints, "acme");
  EXPECT_EQ(refused.status, 422) << refused.body;
  EXPECT_THAT(detail(refused), HasSubstr("1000 endpoints already"));
  EXPECT_EQ(create(0, "rival").status, 201) << "another tenant's are counted apart";
}

TEST_F(Endpoints, TakeASecretOfTheCallers) {
  EXPECT_EQ(create("acme", {{"id", "own"}, {"secret", kSecret}})["secret"], kSecret);
  const auto bad = ask("POST /v1/endpoints", "operator", {},
                       R"({"id": "bad", "url": "https://a.example/", "secret": "hunter2"})");
  EXPECT_EQ(bad.status, 400) << bad.body;
  EXPECT_THAT(bad.body, Not(HasSubstr("hunter2")));
  EXPECT_EQ(ask("GET /v1/endpoints/bad").status, 404);
}

TEST_F(Endpoints, AreTheDefaultTenantsWhenTheOperatorNamesNone) {
  const auto made =
      ask("POST /v1/endpoints", "operator", {}, R"({"url": "https://acme.example/hook"})");
  EXPECT_EQ(body_of(made)["tenant"], "default") << made.body;
  EXPECT_EQ(ask("POST /v1/endpoints?tenant=A/B", "operator", {}, R"({"url": "https://a.example/"})")
                .status,
            400);
}

TEST_F(Endpoints, AreRefusedNamingTheKeyThatIsWrong) {
  for (const auto& [body, part] : std::vector<std::pair<std::string, std::string>>{
           {"{}", "url"},
           {"[]", "object"},
           {"{", "not valid JSON"},
           {R"({"url": "ftp://a.example/"})", "url"},
           {R"({"url": "https://a.example/", "id": "a/b"})", "id: "},
           {R"({"url": "https://a.example/", "id": 7})", "id: "},
           {R"({"url": "https://a.example/", "uri": "x"})", "\"uri\""},
           {R"({"url": "https://a.example/", "tenant": "rival"})", "\"tenant\""},
           {R"({"url": "https://a.example/", "secret": 7})", "secret: "},
           {R"({"url": "https://a.example/", "rate": {"per_second": 0}})", "rate.per_second: "},
           {R"({"url": "https://a.example/", "timeout": "1h"})", "timeout: "},
           {R"({"url": "https://a.example/", "headers": {"host": "x"}})", "headers.host"}}) {
    const auto response = ask("POST /v1/endpoints", "operator", {}, body);
    EXPECT_EQ(response.status, 400) << body << response.body;
    EXPECT_EQ(code(response), "invalid_argument") << body;
    EXPECT_THAT(detail(response), HasSubstr(part)) << body;
  }
  EXPECT_EQ(get("/v1/endpoints")["items"].size(), 0U);
}

TEST_F(Endpoints, KeepAnIdToThemselvesWithinATenant) {
  create("acme", {{"id", "hook"}});
  const auto again = ask("POST /v1/endpoints?tenant=acme", "operator", {},
                         R"({"id": "hook", "url": "https://other.example/"})");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(code(again), "conflict");
  EXPECT_EQ(state_of("acme", "hook").config.url, "https://acme.example/hook");
  create("rival", {{"id", "hook"}});
}

TEST_F(Endpoints, AreFoundInAnyTenantByTheOperatorUnlessSeveralHaveOne) {
  create("acme", {{"id", "hook"}});
  EXPECT_EQ(get("/v1/endpoints/hook")["tenant"], "acme");
  create("rival", {{"id", "hook"}});
  for (const char* line : {"GET /v1/endpoints/hook", "DELETE /v1/endpoints/hook",
                           "POST /v1/endpoints/hook/pause", "GET /v1/deadletters?endpoint=hook"}) {
    const auto response = ask(line);
    EXPECT_EQ(response.status, 409) << line;
    EXPECT_THAT(detail(response), HasSubstr("acme, rival")) << line;
  }
  EXPECT_EQ(get("/v1/endpoints/hook?tenant=rival")["tenant"], "rival");
}

TEST_F(Endpoints, AreListedPageByPage) {
  for (const char* id : {"c", "a", "b"}) create("acme", {{"id", id}});
  create("rival", {{"id", "a"}});
  std::vector<std::string> seen;
  std::string page;
  do {
    const Json list = get("/v1/endpoints?limit=2" + (page.empty() ? "" : "&page=" + page));
    for (const auto& item : list["items"]) {
      seen.push_back(item["tenant"].get<std::string>() + "/" + item["id"].get<std::string>());
    }
    page = list["next_page"].is_null() ? "" : list["next_page"].get<std::string>();
  } while (!page.empty());
  EXPECT_EQ(seen, (std::vector<std::string>{"acme/a", "acme/b", "acme/c", "rival/a"}));
  EXPECT_EQ(ask("GET /v1/endpoints?limit=0").status, 400);
  EXPECT_EQ(ask("GET /v1/endpoints?page=x").status, 400);
}

TEST_F(Endpoints, AreConfiguredAnewAsAWhole) {
  create("acme", {{"id", "hook"}, {"description", "before"}, {"concurrency", 3}});
  const auto response = ask("PUT /v1/endpoints/hook", "operator", {},
                            R"({"url": "https://new.example/", "ordered": true})");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(body_of(response)["url"], "https://new.example/");
  const auto config = state_of("acme", "hook").config;
  EXPECT_EQ(config.description, "");
  EXPECT_EQ(config.concurrency, 1U);
  EXPECT_TRUE(config.ordered);
  EXPECT_EQ(ask("PUT /v1/endpoints/hook", "operator", {}, "{}").status, 400);
  EXPECT_EQ(ask("PUT /v1/endpoints/hook", "operator", {},
                R"({"id": "other", "url": "https://new.example/"})")
                .status,
            400);
}

TEST_F(Endpoints, CanBeSentBackAsTheyWereShown) {
  create("acme", {{"id", "hook"}, {"headers", {{"X-Token", "hunter2"}, {"X-Env", "test"}}}});
  const Json before = get("/v1/endpoints/hook");
  EXPECT_THAT(dump_json(before), Not(HasSubstr("hunter2")));
  Json changed = before;
  changed["description"] = "told apart";
  changed["headers"]["X-Env"] = "production";
  const auto response = ask("PUT /v1/endpoints/hook", "operator", {}, dump_json(changed));
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_THAT(response.body, Not(HasSubstr("hunter2")));
  const auto config = state_of("acme", "hook").config;
  EXPECT_EQ(config.description, "told apart");
  EXPECT_EQ(find_header(config.headers, "X-Token"), "hunter2");
  EXPECT_EQ(find_header(config.headers, "X-Env"), "production");
}

TEST_F(Endpoints, AreChangedInPartsByAMergePatch) {
  create("acme", {{"id", "hook"},
                  {"daily_quota", 7},
                  {"headers", {{"X-A", "1"}, {"X-B", "2"}}},
                  {"rate", {{"per_second", 5}, {"burst", 9}}}});
  const auto response = ask(
      "PATCH /v1/endpoints/hook", "operator", {},
      R"({"daily_quota": null, "headers": {"X-A": null, "X-C": "3"}, "rate": {"per_second": 6}})");
  ASSERT_EQ(response.status, 200) << response.body;
  const auto config = state_of("acme", "hook").config;
  EXPECT_EQ(config.url, "https://acme.example/hook");
  EXPECT_FALSE(config.daily_quota);
  EXPECT_EQ(config.headers, (HttpHeaders{{"X-B", "2"}, {"X-C", "3"}}));
  ASSERT_TRUE(config.rate);
  EXPECT_EQ(config.rate->milli_per_second, 6000U);
  EXPECT_EQ(config.rate->burst, 9U);
  for (const char* patch : {R"({"id": "other"})", R"({"url": null})", R"({"secret": "x"})",
                            R"({"status": "paused"})", R"({"types": "calendar.*"})", "[]"}) {
    const auto refused = ask("PATCH /v1/endpoints/hook", "operator", {}, patch);
    EXPECT_EQ(refused.status, 400) << patch << refused.body;
  }
  EXPECT_EQ(state_of("acme", "hook").config, config);
}

TEST_F(Endpoints, ArePausedAndResumed) {
  create("acme", {{"id", "hook"}});
  const auto paused =
      ask("POST /v1/endpoints/hook/pause", "operator", {}, R"({"reason": "the receiver moves"})");
  EXPECT_EQ(body_of(paused)["status"], "paused") << paused.body;
  EXPECT_EQ(body_of(paused)["reason"], "the receiver moves");
  const auto resumed = ask("POST /v1/endpoints/hook/resume");
  EXPECT_EQ(body_of(resumed)["status"], "enabled") << resumed.body;
  EXPECT_TRUE(body_of(resumed)["reason"].is_null());
  const auto mistyped = ask("POST /v1/endpoints/hook/pause", "operator", {}, R"({"reasons": "x"})");
  EXPECT_EQ(mistyped.status, 400);
  EXPECT_THAT(detail(mistyped), HasSubstr("reasons"));
  EXPECT_EQ(ask("POST /v1/endpoints/hook/resume", "operator", {}, R"({"reason": "x"})").status,
            400);
}

TEST_F(Endpoints, AreGoneOnceRemoved) {
  create("acme", {{"id", "hook"}});
  EXPECT_EQ(ask("DELETE /v1/endpoints/hook").status, 204);
  for (const char* line :
       {"GET /v1/endpoints/hook", "DELETE /v1/endpoints/hook", "POST /v1/endpoints/hook/resume"}) {
    EXPECT_EQ(ask(line).status, 404) << line;
  }
  EXPECT_EQ(get("/v1/endpoints")["items"].size(), 0U);
}

TEST_F(Endpoints, GetANewSecretWhileTheOldOneStillSigns) {
  const std::string first = create("acme", {{"id", "hook"}})["secret"];
  const auto rotated = ask("POST /v1/endpoints/hook/rotate-secret");
  ASSERT_EQ(rotated.status, 200) << rotated.body;
  EXPECT_EQ(header(rotated, "Cache-Control"), "no-store");
  const std::string second = body_of(rotated)["secret"];
  EXPECT_THAT(second, StartsWith("whsec_"));
  EXPECT_NE(second, first);
  const auto secrets = state_of("acme", "hook").secrets;
  ASSERT_EQ(secrets.size(), 2U);
  EXPECT_EQ(secrets[1].expires, clock_.now() + std::chrono::hours(24));
  EXPECT_THAT(ask("GET /v1/endpoints/hook").body, Not(HasSubstr(second)));
  for (const char* body : {R"({"overlap": "31d"})", R"({"overlap": "soon"})", R"({"overlap": 3})",
                           R"({"secret": "short"})", R"({"over": "1h"})"}) {
    const auto refused = ask("POST /v1/endpoints/hook/rotate-secret", "operator", {}, body);
    EXPECT_EQ(refused.status, 400) << body << refused.body;
  }
  EXPECT_EQ(state_of("acme", "hook").secrets.size(), 2U);
}

TEST_F(Endpoints, AreRewoundToASequenceATimeOrAnEvent) {
  create("acme", {{"id", "hook"}});
  const WallTime before_events = clock_.now();
  clock_.advance(std::chrono::minutes(1));
  sync_all();
  const auto events = event_ids("acme");
  ASSERT_EQ(events.size(), 2U);
  const auto last = parse_id(kEventPrefix, events[1]);
  const std::string line = "POST /v1/endpoints/hook/rewind";
  const auto rewound = [&](const Json& body) {
    attempt("acme", "hook", events[1], 200);
    EXPECT_EQ(state_of("acme", "hook").cursor, *last);
    const auto response = ask(line, "operator", {}, dump_json(body));
    EXPECT_EQ(response.status, 200) << response.body;
    return state_of("acme", "hook").cursor;
  };
  EXPECT_EQ(rewound({{"after", 3}}), (Position{3, kRecordIndex}));
  EXPECT_EQ(rewound({{"after", 0}}), (Position{0, kRecordIndex}));
  const auto from_first = rewound({{"from", events[0]}});
  EXPECT_LT(from_first, *parse_id(kEventPrefix, events[0]));
  EXPECT_LT(rewound({{"from", format_rfc3339(before_events)}}), *last);
}

TEST_F(Endpoints, RefuseToBeRewoundNowhere) {
  create("acme", {{"id", "hook"}});
  for (const char* body :
       {"{}", R"({"after": 1, "from": "2026-01-01"})", R"({"after": "1"})", R"({"after": -1})",
        R"({"after": 1.5})", R"({"from": "yesterday"})", R"({"from": "evt_nonsense"})",
        R"({"to": 3})", R"({"after": 99999999999})"}) {
    const auto response = ask("POST /v1/endpoints/hook/rewind", "operator", {}, body);
    EXPECT_EQ(response.status, 400) << body << response.body;
  }
}

TEST_F(Endpoints, AreNotTestedWhereNothingIsDelivered) {
  create("acme", {{"id", "hook"}});
  const auto response = ask("POST /v1/endpoints/hook/test");
  EXPECT_EQ(response.status, 503) << response.body;
}

class DeclaredEndpoints : public DeliveryWorld {
 protected:
  static WorldOptions options() {
    delivery::DeclaredEndpoint declared;
    declared.tenant = "acme";
    declared.config.id = "fixed";
    declared.config.url = "https://acme.example/fixed";
    declared.secrets.emplace_back(kSecret);
    WorldOptions options;
    options.delivery.declared.push_back(std::move(declared));
    return options;
  }
  DeclaredEndpoints() : DeliveryWorld(options()) {}
};

TEST_F(DeclaredEndpoints, AreChangedInTheConfigurationFileOnly) {
  EXPECT_EQ(get("/v1/endpoints/fixed")["declared"], true);
  const std::string body = R"({"url": "https://elsewhere.example/"})";
  for (const auto& line :
       {"PUT /v1/endpoints/fixed", "PATCH /v1/endpoints/fixed", "DELETE /v1/endpoints/fixed"}) {
    const auto response = ask(line, "operator", {}, body);
    EXPECT_EQ(response.status, 409) << line << response.body;
    EXPECT_THAT(detail(response), HasSubstr("configuration file")) << line;
  }
  EXPECT_EQ(ask("POST /v1/endpoints/fixed/rotate-secret").status, 409);
  EXPECT_EQ(ask("POST /v1/endpoints/fixed/pause").status, 200);
}

class GuardedEndpoints : public DeliveryWorld {
 protected:
  GuardedEndpoints() : DeliveryWorld(WorldOptions{.guard = &guard()}) {}
  static const AddressGuard& guard() {
    static const AddressGuard only_public =
        *AddressGuard::make({}, [](const std::string&) -> Result<std::vector<IpAddress>> {
          return fail(Errc::unavailable,
                      "the host name cannot be resolved (Name or service not known)");
        });
    return only_public;
  }
};

TEST_F(GuardedEndpoints, AreRefusedWhenTheirHostDoesNotResolve) {
  const auto told =
      ask("POST /v1/endpoints", "operator", {}, R"({"id": "a", "url": "https://no.example/hook"})");
  EXPECT_EQ(told.status, 400) << told.body;
  EXPECT_THAT(detail(told), HasSubstr("url: the host"));
  EXPECT_THAT(detail(told), HasSubstr("cannot be resolved"));
}

TEST_F(GuardedEndpoints, AreRefusedAtAddressesOfThePrivateNetwork) {
  const std::string body = R"({"id": "inside", "url": "http://127.1.2.3:9/hook"})";
  const auto told = ask("POST /v1/endpoints", "operator", {}, body);
  EXPECT_EQ(told.status, 422) << told.body;
  EXPECT_EQ(code(told), "address_refused");
  EXPECT_THAT(detail(told), HasSubstr("127.1.2.3"));
  const auto kept = ask("POST /v1/endpoints", make_key("acme"), {}, body);
  EXPECT_EQ(code(kept), "address_refused");
  EXPECT_THAT(detail(kept), Not(HasSubstr("127.1.2.3")));
  EXPECT_EQ(get("/v1/endpoints")["items"].size(), 0U);
}

class DeliveringWorld : public DeliveryWorld {
 protected:
  DeliveringWorld() : DeliveryWorld(WorldOptions{.deliver = true}) {
    receiver_ = make_http_server();
    receiver_->route("POST", "/hook", [this](const ServerRequest& request) {
      const std::lock_guard lock(mutex_);
      received_.push_back(request);
      ServerResponse response;
      response.status = answer_;
      response.body = "thank you";
      return response;
    });
    EXPECT_TRUE(receiver_->listen("127.0.0.1:0"));
    EXPECT_TRUE(receiver_->start());
  }
  ~DeliveringWorld() override { receiver_->stop(std::chrono::seconds(2)); }

  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(receiver_->port()) + "/hook";
  }

  std::mutex mutex_;
  std::vector<ServerRequest> received_;
  int answer_ = 200;
  std::unique_ptr<HttpServer> receiver_;
};

TEST_F(DeliveringWorld, TestsAnEndpointWithASignedSample) {
  create("acme", {{"id", "hook"}, {"url", url()}, {"secret", kSecret}});
  const auto response = ask("POST /v1/endpoints/hook/test", make_key("acme"));
  ASSERT_EQ(response.status, 200) << response.body;
  const Json outcome = body_of(response);
  EXPECT_EQ(outcome["status"], 200);
  EXPECT_TRUE(outcome["error"].is_null());
  EXPECT_EQ(outcome["answer"], "thank you");
  const std::lock_guard lock(mutex_);
  ASSERT_EQ(received_.size(), 1U);
  const auto value = [&](std::string_view name) {
    return find_header(received_[0].headers, name).value_or("");
  };
  const auto key = delivery::parse_signing_secret(kSecret);
  ASSERT_TRUE(key);
  EXPECT_TRUE(delivery::verify({*key}, value("webhook-id"), value("webhook-timestamp"),
                               received_[0].body, value("webhook-signature"), clock_.now()));
  EXPECT_EQ(outcome["event"]["id"], value("webhook-id"));
}

TEST_F(DeliveringWorld, TellsHowATestFailed) {
  answer_ = 500;
  create("acme", {{"id", "hook"}, {"url", url()}});
  EXPECT_EQ(body_of(ask("POST /v1/endpoints/hook/test"))["status"], 500);
  create("acme", {{"id", "nobody"}, {"url", "http://127.0.0.1:1/"}});
  const Json outcome = body_of(ask("POST /v1/endpoints/nobody/test"));
  EXPECT_TRUE(outcome["status"].is_null()) << outcome;
  EXPECT_FALSE(outcome["error"].is_null());
}

}  // namespace
}  // namespace tidemark::test
