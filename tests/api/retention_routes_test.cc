// Retention and erasure over the API, with the real executors.
#include <gmock/gmock.h>

#include "api_world.h"
#include "audit/audit_service.h"

namespace tidemark::test {
namespace {

using ::testing::HasSubstr;

WorldOptions keeping_for_a_day() {
  WorldOptions options;
  options.retention.payloads = {std::chrono::hours(24), std::chrono::hours(24)};
  options.retention.tenants["rival"] = {milliseconds{0}, milliseconds{0}};
  return options;
}

class RetentionRoutes : public ApiWorld {
 protected:
  RetentionRoutes() : ApiWorld(keeping_for_a_day()) {
    sync_all();
    EXPECT_EQ(ask("POST /v1/audit/checkpoints", "operator", {}, "{}").status, 200);
  }
  Json run() const {
    const auto answer = ask("POST /v1/audit/retention", "operator", {}, "{}");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return parse_json(answer.body).value_or(Json());
  }
  Json erase(const Json& request) const {
    const auto answer = ask("POST /v1/audit/erasures", "operator", {}, dump_json(request));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return parse_json(answer.body).value_or(Json());
  }
  Json events_of(const std::string& tenant) const {
    return get("/v1/feed?type=calendar.*&tenant=" + tenant)["items"];
  }
};

TEST_F(RetentionRoutes, DropWhatIsOldEnoughAndTellReadersWhoMissedIt) {
  const std::string acme = make_key("acme");
  const Json missed = events_of("acme");
  ASSERT_EQ(missed.size(), 2U);
  EXPECT_EQ(run()["events"], 0) << "it is young";
  clock_.advance(std::chrono::hours(25));
  const Json next = get("/v1/audit/retention")["next"]["cuts"];
  ASSERT_FALSE(next.empty());
  const Json done = run();
  EXPECT_TRUE(done["done"]);
  EXPECT_EQ(done["events"], 2);
  EXPECT_GT(done["inputs"], 2);
  EXPECT_TRUE(events_of("acme").empty());
  EXPECT_EQ(events_of("rival").size(), 1U) << "who keeps them";
  const auto gone = ask("GET /v1/feed?after=1", acme);
  EXPECT_EQ(gone.status, 410) << gone.body;
  EXPECT_THAT(gone.body, HasSubstr("go on with after="));
  EXPECT_EQ(ask("GET /v1/feed?after=1", acme, {{"Accept", "text/event-stream"}}).status, 410);
  EXPECT_EQ(ask("GET /v1/feed?after=1", make_key("rival")).status, 200);
  EXPECT_EQ(ask("GET /v1/feed?after=1").status, 410) << "the operator would miss them, too";
  EXPECT_EQ(ask("GET /v1/feed?after=latest", acme).status, 200);
  EXPECT_EQ(ask("GET /v1/feed", acme).status, 200) << "from what is kept";
  const std::string last = missed.back()["id"];
  EXPECT_EQ(ask("GET /v1/feed?after=" + last, acme).status, 200) << "who has read them all";
  const Json verified = get("/v1/audit/verify?payloads=true");
  EXPECT_TRUE(verified["finding"].is_null()) << verified.dump();
  EXPECT_GT(verified["explained"], 2);
  const Json told = get("/v1/feed?type=audit.retention.dropped")["items"];
  EXPECT_EQ(told.back()["payload"]["events"], 2);
}

TEST_F(RetentionRoutes, EraseATenantsPayloadsAfterADryRun) {
  const Json would = erase({{"tenant", "rival"}, {"dry_run", "true"}});
  EXPECT_FALSE(would["done"]);
  EXPECT_EQ(would["events"], 1);
  EXPECT_EQ(events_of("rival").size(), 1U);
  const Json done = erase({{"tenant", "rival"}, {"why", "contract ended"}});
  EXPECT_TRUE(done["done"]);
  EXPECT_EQ(done["events"], 1);
  EXPECT_EQ(done["inputs"], would["inputs"]);
  EXPECT_TRUE(events_of("rival").empty());
  EXPECT_EQ(events_of("acme").size(), 2U);
  const Json verified = get("/v1/audit/verify?payloads=true");
  EXPECT_TRUE(verified["finding"].is_null()) << verified.dump();
  const Json erasures = get("/v1/audit/retention")["erasures"];
  ASSERT_EQ(erasures.size(), 1U);
  EXPECT_EQ(erasures[0]["why"], "contract ended");
  EXPECT_EQ(erasures[0]["record"], done["record"]);
}

TEST_F(RetentionRoutes, RefuseWhatIsNoErasureAndWhoIsNotTheOperator) {
  const std::string acme = make_key("acme");
  EXPECT_EQ(ask("GET /v1/audit/retention", acme).status, 403);
  EXPECT_EQ(ask("POST /v1/audit/retention", acme, {}, "{}").status, 403);
  EXPECT_EQ(ask("POST /v1/audit/erasures", acme, {}, R"({"tenant":"rival"})").status, 403);
  EXPECT_EQ(ask("POST /v1/audit/erasures", "operator", {}, "{}").status, 400);
  EXPECT_EQ(ask("POST /v1/audit/erasures", "operator", {}, R"({"dry_run":"true"})").status, 400);
  EXPECT_EQ(ask("POST /v1/audit/erasures", "operator", {}, R"({"tenant":"acme"})").status, 400)
      << "without a reason";
}

TEST_F(RetentionRoutes, HoldWhatAnEndpointWasNotSentYet) {
  const auto made =
      ask("POST /v1/endpoints?tenant=acme", "operator", {},
          R"({"id":"hook","url":"https://acme.example/hook","types":["calendar.*"]})");
  ASSERT_EQ(made.status, 201) << made.body;
  write_event("acme", "three", "More");
  sync_all();
  const std::string newest = events_of("acme").back()["id"];
  const Sequence needed = parse_id(kEventPrefix, newest)->sequence;
  EXPECT_EQ(delivery_->first_needed("acme"), needed);
  EXPECT_EQ(delivery_->first_needed("rival"), 0U);
  audit_->retention().ask_who_needs(
      [this](std::string_view tenant) { return delivery_->first_needed(tenant); });
  EXPECT_EQ(ask("POST /v1/audit/checkpoints", "operator", {}, "{}").status, 200);
  clock_.advance(std::chrono::hours(25));
  run();
  const Json left = events_of("acme");
  ASSERT_EQ(left.size(), 1U);
  clock_.advance(std::chrono::hours(24 * 31));
  EXPECT_EQ(get("/v1/audit/retention")["next"]["overtaken"], Json::array({"acme"}));
  run();
  EXPECT_TRUE(events_of("acme").empty());
}

}  // namespace
}  // namespace tidemark::test
