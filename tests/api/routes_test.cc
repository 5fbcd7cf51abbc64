#include <gmock/gmock.h>

#include "api/api_world.h"
#include "api/problem.h"
#include "api/route.h"

namespace tidemark::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Routes : public ApiWorld {
 protected:
  static std::string header(const ServerResponse& response, std::string_view name) {
    return find_header(response.headers, name).value_or("");
  }
  static std::string code(const ServerResponse& response) {
    return parse_json(response.body).value_or(Json::object()).value("code", "");
  }
};

TEST_F(Routes, ListTheCalendarsWithTheirState) {
  sync_all();
  const Json list = get("/v1/calendars");
  ASSERT_EQ(list["items"].size(), 2U) << list;
  EXPECT_TRUE(list["next_page"].is_null());
  EXPECT_EQ(list["items"][0]["state"], "ok");
  const std::string id = calendar_of("acme");
  EXPECT_EQ(get("/v1/calendars/" + id)["events"], 2);
  EXPECT_EQ(get("/v1/calendars?name=acme-files/acme")["items"][0]["id"], id);
  EXPECT_EQ(ask("GET /v1/calendars?name=nothing").status, 404);
  EXPECT_EQ(get("/v1/accounts")["items"].size(), 2U);
}

TEST_F(Routes, GiveTheEventsPageByPage) {
  sync_all();
  const std::string path = "/v1/calendars/" + calendar_of("acme") + "/events?limit=1";
  const Json first = get(path);
  ASSERT_EQ(first["items"].size(), 1U);
  const Json second = get(path + "&page=" + first["next_page"].get<std::string>());
  ASSERT_EQ(second["items"].size(), 1U);
  EXPECT_NE(first["items"][0]["title"], second["items"][0]["title"]);
  EXPECT_TRUE(second["next_page"].is_null());
}

TEST_F(Routes, RefuseParametersThatMeanNothing) {
  sync_all();
  const std::string events = "GET /v1/calendars/" + calendar_of("acme") + "/events?";
  for (const char* query :
       {"form=2026-01-01", "from=yesterday", "limit=0", "limit=1001", "limit=ten", "expand=true",
        "expand=perhaps", "from=2026-01-02&to=2026-01-01", "limit=1&limit=2",
        "zone=Mars/Crater&expand=true"}) {
    const auto response = ask(events + query);
    EXPECT_EQ(response.status, 400) << query << response.body;
    EXPECT_EQ(code(response), "invalid_argument") << query;
    EXPECT_EQ(response.content_type, kProblemType);
  }
  EXPECT_THAT(ask(events + "form=2026-01-01").body, HasSubstr("did you mean \\\"from\\\"?"));
}

TEST_F(Routes, SendTheCalendarFileOnceForAnEtag) {
  sync_all();
  const std::string line = "GET /v1/calendars/" + calendar_of("acme") + ".ics";
  const auto file = ask(line);
  EXPECT_EQ(file.status, 200);
  EXPECT_THAT(file.content_type, HasSubstr("text/calendar"));
  EXPECT_THAT(file.body, HasSubstr("SUMMARY:Acme meets"));
  const std::string etag = header(file, "ETag");
  ASSERT_FALSE(etag.empty());
  for (const auto& tags : {etag, "W/" + etag, "\"x\", " + etag, std::string("*")}) {
    const auto again = ask(line, "operator", {{"If-None-Match", tags}});
    EXPECT_EQ(again.status, 304) << tags;
    EXPECT_TRUE(again.body.empty());
  }
  write_event("acme", "three", "Acme grows");
  sync_all();
  EXPECT_EQ(ask(line, "operator", {{"If-None-Match", etag}}).status, 200);
}

TEST_F(Routes, TakeASyncAndTellWhenItIsDone) {
  const auto asked = ask("POST /v1/sync", "operator", {}, R"({"target": "acme-files"})");
  ASSERT_EQ(asked.status, 202) << asked.body;
  const std::string where = header(asked, "Location");
  const Json progress = get(where + "?wait=30");
  EXPECT_EQ(progress["done"], true) << progress;
  ASSERT_EQ(progress["calendars"].size(), 1U);
  EXPECT_EQ(progress["calendars"][0]["created"], 2);
  EXPECT_EQ(ask("GET /v1/sync/cor_unknown").status, 404);
}

TEST_F(Routes, TakeASyncOfOneCalendar) {
  sync_all();
  write_event("acme", "three", "Acme grows");
  const std::string line = "POST /v1/calendars/" + calendar_of("acme") + "/sync";
  const auto asked = ask(line, "operator", {}, R"({"mode": "reconcile"})");
  ASSERT_EQ(asked.status, 202) << asked.body;
  EXPECT_EQ(get(header(asked, "Location") + "?wait=30")["calendars"][0]["created"], 1);
  EXPECT_EQ(code(ask(line, "operator", {}, R"({"mode": "quick"})")), "invalid_argument");
  EXPECT_EQ(code(ask(line, "operator", {}, R"({"mod": "full"})")), "invalid_argument");
  EXPECT_EQ(code(ask(line, "operator", {}, "[")), "invalid_argument");
}

TEST_F(Routes, ReadTheFeedFromAnyPlace) {
  sync_all();
  const Json all = get("/v1/feed");
  ASSERT_EQ(all["items"].size(), 3U);
  EXPECT_TRUE(all["next_page"].is_null());
  const std::string first = all["items"][0]["id"];
  EXPECT_EQ(get("/v1/feed?after=" + first)["items"].size(), 2U);
  EXPECT_EQ(get("/v1/feed?after=0")["items"].size(), 3U);
  EXPECT_EQ(get("/v1/feed?after=latest")["items"].size(), 0U);
  EXPECT_EQ(get("/v1/feed?type=calendar.event.deleted")["items"].size(), 0U);
  const Json page = get("/v1/feed?limit=1");
  EXPECT_EQ(get("/v1/feed?after=" + page["next_page"].get<std::string>())["items"].size(), 2U);
  for (const char* after : {"evt_nonsense", "1.x", "-1", "99999999999999999999"}) {
    EXPECT_EQ(ask(std::string("GET /v1/feed?after=") + after).status, 400) << after;
  }
}

TEST_F(Routes, ShowTheJournal) {
  sync_all();
  const Json list = get("/v1/audit?limit=2");
  ASSERT_EQ(list["items"].size(), 2U);
  EXPECT_EQ(list["next_page"], "2");
  EXPECT_EQ(get("/v1/audit?limit=2&page=2")["items"][0]["sequence"], 3);
  EXPECT_EQ(get("/v1/audit/1")["sequence"], 1);
  const std::string correlation = get("/v1/feed")["items"][0]["correlation_id"];
  const Json related = get("/v1/audit?correlation=" + correlation);
  EXPECT_GE(related["items"].size(), 3U);
  for (const auto& record : related["items"]) {
    EXPECT_EQ(record["correlation_id"], correlation);
  }
  for (const char* sequence : {"0", "999999", "x", "-1"}) {
    EXPECT_EQ(ask(std::string("GET /v1/audit/") + sequence).status, 404) << sequence;
  }
}

TEST_F(Routes, AnswerUnknownPathsAndMethodsAsProblems) {
  EXPECT_EQ(code(ask("GET /v1/nothing")), "not_found");
  const auto wrong = ask("PUT /v1/keys");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(header(wrong, "Allow"), "GET, POST");
  EXPECT_EQ(ask("HEAD /v1/calendars").status, 200);
}

TEST_F(Routes, SayWhetherTheyAreReady) {
  EXPECT_EQ(ask("GET /livez", "").status, 200);
  EXPECT_EQ(ask("GET /readyz", "").status, 200);
  not_ready_ = "stopping";
  const auto response = ask("GET /readyz", "");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(header(response, "Retry-After"), "2");
  EXPECT_THAT(response.body, Not(HasSubstr("stopping")));
  EXPECT_THAT(ask("GET /readyz").body, HasSubstr("stopping"));
  EXPECT_EQ(ask("GET /livez", "").status, 200);
  EXPECT_EQ(ask("GET /healthz", "").status, 503);
}

TEST_F(Routes, KeepTheReasonsOfHealthFromStrangers) {
  std::filesystem::remove_all(directory_ / "rival");
  sync_all();
  const Json seen = get("/healthz");
  EXPECT_EQ(seen["status"], "degraded");
  EXPECT_EQ(seen["parts"]["store"]["status"], "ok");
  EXPECT_EQ(get("/healthz", ""), Json({{"status", "ok"}}));
  const Json own = get("/healthz", make_key("acme"));
  EXPECT_EQ(own["status"], "ok");
  EXPECT_FALSE(own["parts"].contains("store"));
}

TEST_F(Routes, RenderMetrics) {
  sync_all();
  ask("GET /v1/calendars");
  const auto metrics = ask("GET /metrics");
  EXPECT_THAT(metrics.content_type, HasSubstr("text/plain"));
  for (const char* metric : {"tidemark_http_requests_total{", "tidemark_store_disk_bytes",
                             "tidemark_calendar_lag_seconds{", "tidemark_calendar_resources{"}) {
    EXPECT_THAT(metrics.body, HasSubstr(metric));
  }
}

TEST(Problems, GiveEachErrorAStatus) {
  EXPECT_EQ(http_status(Errc::overloaded), 503);
  EXPECT_EQ(http_status(Errc::disk_full), 503);
  EXPECT_EQ(http_status(Errc::io_error), 503);
  EXPECT_EQ(http_status(Errc::not_found), 404);
  EXPECT_EQ(http_status(Errc::invalid_argument), 400);
  const auto response = problem_response(Error{Errc::disk_full, "full", std::chrono::seconds(7)});
  EXPECT_EQ(find_header(response.headers, "Retry-After"), "7");
}

TEST(RoutePatterns, MatchWholeSegments) {
  EXPECT_TRUE(match_route("/a/{id}", "/a/b"));
  EXPECT_EQ(match_route("/a/{id}.ics", "/a/b.ics")->at("id"), "b");
  EXPECT_FALSE(match_route("/a/{id}.ics", "/a/.ics"));
  EXPECT_FALSE(match_route("/a/{id}", "/a/"));
  EXPECT_FALSE(match_route("/a/{id}", "/a/b/c"));
  EXPECT_FALSE(match_route("/a/{id}/c", "/a/b"));
  EXPECT_FALSE(match_route("/a", "/a/"));
}

}  // namespace
}  // namespace tidemark::test
