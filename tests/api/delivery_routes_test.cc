#include <gmock/gmock.h>

#include "api/delivery_world.h"
#include "api/endpoint_summary.h"
#include "base/text.h"

namespace tidemark::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// One endpoint whose three events went three ways: delivered, waiting, dead.
class Deliveries : public DeliveryWorld {
 protected:
  Deliveries() {
    write_event("acme", "three", "Acme grows");
    create("acme", {{"id", "hook"}, {"schedule", {"0s", "1h"}}});
    sync_all();
    events_ = event_ids("acme");
    EXPECT_EQ(events_.size(), 3U);
    attempt("acme", "hook", delivered(), 204);
    attempt("acme", "hook", dead(), 500);
    clock_.advance(std::chrono::hours(2));
    attempt("acme", "hook", dead(), 503);
    clock_.advance(std::chrono::hours(2));
    attempt("acme", "hook", waiting(), 502);
  }

  const std::string& delivered() const { return events_[0]; }
  const std::string& dead() const { return events_[1]; }
  const std::string& waiting() const { return events_[2]; }

  std::vector<std::string> listed(const std::string& query) const {
    std::vector<std::string> ids;
    const Json list = get("/v1/endpoints/hook/deliveries" + query);
    for (const auto& item : list["items"]) ids.push_back(item["event_id"]);
    return ids;
  }
  std::vector<std::string> dead_letters() const { return listed("?state=dead"); }
  std::string path_of(const std::string& event) const {
    return "/v1/endpoints/hook/deliveries/" + event;
  }

  std::vector<std::string> events_;
};

using Ids = std::vector<std::string>;

TEST_F(Deliveries, AreListedByState) {
  EXPECT_EQ(listed(""), Ids{waiting()});
  EXPECT_EQ(listed("?state=waiting"), Ids{waiting()});
  EXPECT_EQ(listed("?state=dead"), Ids{dead()});
  EXPECT_EQ(listed("?state=delivered"), Ids{delivered()});
  const Json letter = get("/v1/deadletters?endpoint=hook")["items"][0];
  EXPECT_EQ(letter["event_id"], dead());
  EXPECT_EQ(letter["attempts"], 2);
  EXPECT_EQ(letter["last_attempt"]["status"], 503);
}

TEST_F(Deliveries, AreListedByTypeAndTime) {
  EXPECT_EQ(listed("?state=dead&type=calendar.*"), Ids{dead()});
  EXPECT_EQ(listed("?state=dead&type=task.*"), Ids{});
  const std::string last = format_rfc3339(clock_.now() - std::chrono::hours(2));
  const std::string later = format_rfc3339(clock_.now() - std::chrono::hours(1));
  EXPECT_EQ(listed("?state=dead&since=" + last), Ids{dead()});
  EXPECT_EQ(listed("?state=dead&since=" + later), Ids{});
  EXPECT_EQ(listed("?state=dead&until=" + later), Ids{dead()});
  EXPECT_EQ(listed("?state=dead&until=" + last), Ids{});
}

TEST_F(Deliveries, AreListedPageByPage) {
  attempt("acme", "hook", delivered(), 500);
  const Json first = get("/v1/endpoints/hook/deliveries?limit=1");
  ASSERT_EQ(first["items"].size(), 1U);
  ASSERT_TRUE(first["next_page"].is_string()) << first;
  const Json second =
      get("/v1/endpoints/hook/deliveries?limit=1&page=" + first["next_page"].get<std::string>());
  ASSERT_EQ(second["items"].size(), 1U) << second;
  EXPECT_NE(first["items"][0]["event_id"], second["items"][0]["event_id"]);
  EXPECT_TRUE(second["next_page"].is_null());
}

TEST_F(Deliveries, AreNotListedByWhatMeansNothing) {
  for (const char* query :
       {"?state=lost", "?limit=0", "?limit=1001", "?since=yesterday", "?page=nonsense",
        "?since=2026-01-02&until=2026-01-01", "?state=delivered&type=calendar.*", "?stat=dead"}) {
    const auto response = ask(std::string("GET /v1/endpoints/hook/deliveries") + query);
    EXPECT_EQ(response.status, 400) << query << response.body;
    EXPECT_EQ(code(response), "invalid_argument") << query;
  }
  EXPECT_EQ(ask("GET /v1/deadletters").status, 400);
  EXPECT_THAT(ask("GET /v1/deadletters").body, HasSubstr("endpoint"));
}

TEST_F(Deliveries, AreExplainedOneByOne) {
  EXPECT_EQ(get(path_of(delivered()))["state"], "delivered");
  const Json waits = get(path_of(waiting()));
  EXPECT_EQ(waits["state"], "waiting");
  EXPECT_EQ(waits["attempts"][0]["status"], 502);
  EXPECT_TRUE(waits["until"].is_string());
  const Json died = get(path_of(dead()));
  EXPECT_EQ(died["state"], "dead");
  EXPECT_EQ(died["attempts"].size(), 2U);
  for (const auto& event : {std::string("evt_nonsense"),
                            make_id(kEventPrefix, clock_.now(), {1, 7}), event_ids("rival")[0]}) {
    EXPECT_EQ(ask("GET " + path_of(event)).status, 404) << event;
  }
}

TEST_F(Deliveries, AreRetriedByHand) {
  const auto retried = ask("POST " + path_of(dead()) + "/retry");
  ASSERT_EQ(retried.status, 202) << retried.body;
  EXPECT_TRUE(body_of(retried)["sequence"].is_number());
  EXPECT_EQ(dead_letters(), Ids{});
  EXPECT_EQ(listed(""), (Ids{dead(), waiting()}));
  EXPECT_EQ(ask("POST " + path_of(waiting()) + "/retry").status, 202);
  EXPECT_EQ(get(path_of(waiting()))["until"], format_rfc3339(clock_.now()));
  const auto done = ask("POST " + path_of(delivered()) + "/retry");
  EXPECT_EQ(done.status, 409) << done.body;
  EXPECT_THAT(detail(done), HasSubstr("delivered"));
}

TEST_F(Deliveries, AreGivenUpByHand) {
  EXPECT_EQ(ask("POST " + path_of(waiting()) + "/cancel").status, 200);
  EXPECT_EQ(listed(""), Ids{});
  for (const auto& event : {waiting(), dead(), delivered()}) {
    EXPECT_EQ(ask("POST " + path_of(event) + "/cancel").status, 409) << event;
  }
  EXPECT_EQ(ask("POST " + path_of("evt_nonsense") + "/cancel").status, 404);
  EXPECT_EQ(dead_letters(), Ids{dead()});
}

TEST_F(Deliveries, AreReplayedWhenTheyAreDeadAndFit) {
  const auto replay = [&](Json body) {
    body["endpoint"] = "hook";
    const auto response = ask("POST /v1/deadletters/replay", "operator", {}, dump_json(body));
    EXPECT_EQ(response.status, 200) << response.body;
    return body_of(response);
  };
  EXPECT_EQ(replay({{"dry_run", true}}), Json({{"matched", 1}, {"changed", 0}, {"dry_run", true}}));
  EXPECT_EQ(replay({{"type", "task.*"}})["matched"], 0);
  EXPECT_EQ(replay({{"event_ids", {waiting()}}})["matched"], 0);
  EXPECT_EQ(replay({{"until", "2020-01-01T00:00:00Z"}})["matched"], 0);
  EXPECT_EQ(dead_letters(), Ids{dead()});
  EXPECT_EQ(replay({{"event_ids", {dead()}}, {"per_second", 0.5}})["changed"], 1);
  EXPECT_EQ(dead_letters(), Ids{});
  EXPECT_EQ(listed(""), (Ids{dead(), waiting()}));
}

TEST_F(Deliveries, AreForgottenWhenTheyAreDeadAndFit) {
  const auto drop = [&](const std::string& body) {
    return body_of(ask("POST /v1/deadletters/drop", "operator", {}, body));
  };
  EXPECT_EQ(drop(R"({"endpoint": "hook", "dry_run": true})")["matched"], 1);
  EXPECT_EQ(dead_letters(), Ids{dead()});
  EXPECT_EQ(drop(R"({"endpoint": "hook"})")["changed"], 1);
  EXPECT_EQ(dead_letters(), Ids{});
  EXPECT_EQ(listed(""), Ids{waiting()});
}

TEST_F(Deliveries, AreNotChangedByABodyThatMeansNothing) {
  for (const auto& [body, part] : std::vector<std::pair<std::string, std::string>>{
           {"{}", "endpoint: "},
           {R"({"endpoint": 7})", "endpoint: "},
           {R"({"endpoint": "hook", "since": "x"})", "since: "},
           {R"({"endpoint": "hook", "since": "2026-01-02", "until": "2026-01-01"})", "before"},
           {R"({"endpoint": "hook", "event_ids": []})", "event_ids: "},
           {R"({"endpoint": "hook", "event_ids": ["x"]})", "event_ids[0]: "},
           {R"({"endpoint": "hook", "dry_run": "yes"})", "dry_run: "},
           {R"({"endpoint": "hook", "types": "x"})", "\"types\""}}) {
    for (const char* action : {"replay", "drop"}) {
      const auto response =
          ask(std::string("POST /v1/deadletters/") + action, "operator", {}, body);
      EXPECT_EQ(response.status, 400) << action << body << response.body;
      EXPECT_THAT(detail(response), HasSubstr(part)) << action << body;
    }
  }
  for (const char* body : {R"({"endpoint": "hook", "per_second": 0})",
                           R"({"endpoint": "hook", "per_second": "fast"})"}) {
    const auto response = ask("POST /v1/deadletters/replay", "operator", {}, body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_THAT(detail(response), HasSubstr("per_second: ")) << body;
  }
  EXPECT_EQ(
      ask("POST /v1/deadletters/drop", "operator", {}, R"({"endpoint": "hook", "per_second": 1})")
          .status,
      400);
  EXPECT_EQ(ask("POST /v1/deadletters/drop", "operator", {}, R"({"endpoint": "nothing"})").status,
            404);
  EXPECT_EQ(dead_letters(), Ids{dead()});
}

TEST_F(Deliveries, AreCountedInTheStatus) {
  const Json endpoints = get("/v1/status")["endpoints"];
  EXPECT_EQ(endpoints["enabled"], 1);
  EXPECT_EQ(endpoints["disabled"], 0);
  EXPECT_EQ(endpoints["waiting"], 1);
  EXPECT_EQ(endpoints["dead"], 1);
  EXPECT_EQ(endpoints["troubled"], Json::array());
}

TEST_F(Deliveries, ToAnEndpointThatIsGoneDegradeTheHealthButNotTheReadiness) {
  EXPECT_EQ(get("/healthz")["parts"]["endpoints"], Json({{"status", "ok"}}));
  attempt("acme", "hook", waiting(), 410);
  const Json health = get("/healthz");
  EXPECT_EQ(health["status"], "degraded");
  EXPECT_EQ(health["parts"]["endpoints"]["status"], "degraded");
  EXPECT_THAT(health["parts"]["endpoints"]["reason"].get<std::string>(), HasSubstr("acme/hook"));
  EXPECT_EQ(ask("GET /healthz").status, 200);
  EXPECT_EQ(ask("GET /readyz").status, 200);
  EXPECT_EQ(get("/healthz", ""), Json({{"status", "ok"}}));
  const Json endpoints = get("/v1/status")["endpoints"];
  EXPECT_EQ(endpoints["disabled"], 1);
  EXPECT_EQ(endpoints["troubled"][0]["id"], "hook");
  EXPECT_THAT(endpoints["troubled"][0]["reason"].get<std::string>(), HasSubstr("410"));
}

TEST_F(Deliveries, AreGaugesUntilTheirEndpointIsRemoved) {
  const std::string before = ask("GET /metrics").body;
  for (const char* line : {"tidemark_endpoint_waiting{endpoint=\"hook\",tenant=\"acme\"} 1",
                           "tidemark_endpoint_dead{endpoint=\"hook\",tenant=\"acme\"} 1",
                           "tidemark_endpoint_status{endpoint=\"hook\",tenant=\"acme\"} 0",
                           "tidemark_endpoints{status=\"enabled\"} 1"}) {
    EXPECT_THAT(before, HasSubstr(line));
  }
  EXPECT_EQ(ask("DELETE /v1/endpoints/hook").status, 204);
  const std::string after = ask("GET /metrics").body;
  EXPECT_THAT(after, Not(HasSubstr("endpoint=\"hook\"")));
  EXPECT_THAT(after, HasSubstr("tidemark_endpoints{status=\"enabled\"} 0"));
}

TEST(EndpointGauges, TellTogetherWhatIsTooManyToTellApart) {
  std::vector<delivery::EndpointView> endpoints(kMostEndpointSeries + 2);
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    endpoints[i].tenant = "acme";
    endpoints[i].state.config.id = "e" + std::to_string(i);
    endpoints[i].state.counts.dead = 3;
  }
  Metrics metrics;
  EndpointGauges gauges;
  gauges.collect(endpoints, metrics);
  const std::string many = metrics.render();
  EXPECT_THAT(many, HasSubstr("tidemark_endpoint_dead{endpoint=\"e999\",tenant=\"acme\"} 3"));
  EXPECT_THAT(many, Not(HasSubstr("endpoint=\"e1000\"")));
  EXPECT_THAT(many, HasSubstr("tidemark_endpoint_dead{endpoint=\"*\",tenant=\"*\"} 6"));
  endpoints.resize(1);
  gauges.collect(endpoints, metrics);
  const std::string few = metrics.render();
  EXPECT_THAT(few, Not(HasSubstr("endpoint=\"*\"")));
  EXPECT_THAT(few, HasSubstr("endpoint=\"e0\""));
  EXPECT_THAT(few, Not(HasSubstr("endpoint=\"e1\"")));
}

}  // namespace
}  // namespace tidemark::test
