// Looking into the journal over the API: lists by many filters, and cause and effect as a tree.
#include <gmock/gmock.h>

#include "delivery_world.h"

namespace tidemark::test {
namespace {

using ::testing::HasSubstr;

class AuditRoutes : public DeliveryWorld {
 protected:
  AuditRoutes() { sync_all(); }

  std::vector<Sequence> list(const std::string& query, const std::string& key = "operator") const {
    std::vector<Sequence> found;
    const Json answer = get("/v1/audit?" + query, key);
    for (const auto& item : answer["items"]) found.push_back(item["sequence"]);
    return found;
  }
  Sequence record_of_event(const std::string& tenant) const {
    return parse_id(kEventPrefix, event_ids(tenant).at(0))->sequence;
  }
  Json tree(Sequence sequence, const std::string& query = "",
            const std::string& key = "operator") const {
    return get("/v1/audit/" + std::to_string(sequence) + "/tree" + query, key);
  }
};

// All nodes, a parent before what is below it.
void flatten(const Json& node, std::vector<Json>& nodes) {
  for (const auto& child : node["children"]) {
    nodes.push_back(child);
    flatten(child, nodes);
  }
}

std::vector<Json> nodes_of(const Json& tree) {
  std::vector<Json> nodes;
  flatten(tree, nodes);
  return nodes;
}

Json record_in(const Json& tree, Sequence sequence) {
  for (const auto& node : nodes_of(tree)) {
    if (node["kind"] == "record" && node["sequence"] == sequence) return node;
  }
  return {};
}

TEST_F(AuditRoutes, ListByTypeTimeAndWhoMaySee) {
  const Sequence made = record_of_event("acme");
  const auto types = list("type=calendar.event.*");
  EXPECT_THAT(types, ::testing::Contains(made));
  const std::string acme = make_key("acme");
  EXPECT_THAT(list("type=calendar.event.*", acme), ::testing::ElementsAre(made));
  EXPECT_THAT(list("type=pull.*", acme), ::testing::ElementsAre(made)) << "an input's type";
  EXPECT_TRUE(list("type=calendar.event.*", make_key("stranger")).empty());
  const std::string at = get("/v1/audit/" + std::to_string(made))["at"];
  EXPECT_TRUE(list("until=" + at).empty()) << "the clock stands still";
  EXPECT_THAT(list("type=pull.*&since=" + at, acme), ::testing::ElementsAre(made));
  const std::string id = event_ids("acme").at(0);
  EXPECT_EQ(list("type=pull.*&id=" + id), std::vector<Sequence>{made});
  EXPECT_TRUE(list("type=other&id=" + id).empty()) << "every filter counts";
  EXPECT_EQ(ask("GET /v1/audit?until=soon").status, 400);
}

TEST_F(AuditRoutes, FindADedupeKeyOfOnesOwn) {
  const Sequence made = record_of_event("acme");
  const Json record = get("/v1/audit/" + std::to_string(made));
  const std::string key = record["events"][0]["dedupe_key"];
  EXPECT_THAT(list("dedupe_key=" + key, make_key("acme")), ::testing::ElementsAre(made));
  EXPECT_TRUE(list("dedupe_key=" + key, make_key("rival")).empty());
}

TEST_F(AuditRoutes, DrawWhatLedToAnEventAndWhatCameOfIt) {
  create("acme", {{"id", "hook"}, {"types", {"*"}}});
  create("acme", {{"id", "other"}, {"types", {"nothing.like.it"}}});
  write_event("acme", "three", "More");
  sync_all();
  const std::string event = event_ids("acme").back();
  attempt("acme", "hook", event, 503);
  const Sequence made = parse_id(kEventPrefix, event)->sequence;
  const Json got = tree(made, "", make_key("acme"));
  const Json record = record_in(got, made);
  ASSERT_FALSE(record.is_null()) << got.dump();
  EXPECT_EQ(record["outcome"], "done");
  ASSERT_EQ(record["events"].size(), 1U);
  const Json deliveries = record["events"][0]["deliveries"];
  ASSERT_EQ(deliveries.size(), 1U) << "the other endpoint does not want it: " << deliveries;
  EXPECT_EQ(deliveries[0]["endpoint"], "hook");
  EXPECT_EQ(deliveries[0]["state"], "waiting");
  EXPECT_EQ(deliveries[0]["attempts"][0]["status"], 503);
  EXPECT_EQ(deliveries[0]["attempts"][0]["latency_ms"], 12);
  std::vector<std::string> kinds;
  for (const auto& node : nodes_of(got)) kinds.push_back(node["kind"]);
  EXPECT_THAT(kinds, ::testing::Contains("effect"));
  EXPECT_EQ(got["more"], 0);
}

TEST_F(AuditRoutes, TellADeliveryThatSucceededAndOneWhoseTurnHasNotCome) {
  create("acme", {{"id", "hook"}, {"types", {"*"}}});
  write_event("acme", "three", "More");
  sync_all();
  const std::string event = event_ids("acme").back();
  const Sequence made = parse_id(kEventPrefix, event)->sequence;
  EXPECT_EQ(record_in(tree(made), made)["events"][0]["deliveries"][0]["state"], "pending");
  attempt("acme", "hook", event, 204);
  const Json delivery = record_in(tree(made), made)["events"][0]["deliveries"][0];
  EXPECT_EQ(delivery["state"], "delivered");
  EXPECT_EQ(delivery["attempts"][0]["status"], 204);
  const Json saw = get("/v1/audit/" + std::to_string(delivery["record"].get<Sequence>()));
  EXPECT_EQ(saw["input"]["type"], "delivery.results");
}

TEST_F(AuditRoutes, DrawNoMoreThanAskedAndCountWhatIsLeftOut) {
  const Sequence made = record_of_event("acme");
  const Json whole = tree(made);
  const std::size_t all = nodes_of(whole).size();
  ASSERT_GT(all, 3U);
  const Json cut = tree(made, "?limit=2");
  EXPECT_EQ(nodes_of(cut).size(), 2U);
  EXPECT_THAT(cut.dump(), ::testing::ContainsRegex("\"more\":[1-9]"));
  const Json below = tree(made, "?below=true");
  ASSERT_EQ(below["children"].size(), 1U);
  EXPECT_EQ(below["children"][0]["sequence"], made);
  EXPECT_LT(nodes_of(below).size(), all);
  EXPECT_EQ(ask("GET /v1/audit/1/tree?limit=0").status, 400);
  EXPECT_EQ(ask("GET /v1/audit/1/tree?limit=2001").status, 400);
}

TEST_F(AuditRoutes, DrawALongChainAsDeepAsReadersOfJsonGo) {
  std::string cause;
  for (int i = 0; i < 40; ++i) {
    KeyRecord key;
    key.id = "k" + std::to_string(i);
    key.tenant = "acme";
    key.hash = std::string(64, '0');
    Input input = create_key_input(key);
    input.correlation_id = "cor_deep";
    input.causation_id = cause;
    const auto receipt = engine_->submit(std::move(input));
    ASSERT_TRUE(receipt) << receipt.error().message;
    cause = make_id(kRecordPrefix, clock_.now(), {receipt->sequence, kRecordIndex});
  }
  const Sequence last = store_->last_sequence();
  const auto answer = ask("GET /v1/audit/" + std::to_string(last) + "/tree");
  const auto read = parse_json(answer.body);
  ASSERT_TRUE(read) << read.error().message;
  const auto nodes = nodes_of(*read);
  ASSERT_EQ(nodes.size(), 24U);
  EXPECT_EQ(nodes.back()["more"], 16);
  const Json rest = tree(nodes.back()["sequence"].get<Sequence>() + 1, "?below=true");
  EXPECT_EQ(nodes_of(rest).back()["sequence"], last);
}

TEST_F(AuditRoutes, ShowNobodyTheTreeOfAnotherTenant) {
  const Sequence made = record_of_event("rival");
  EXPECT_EQ(ask("GET /v1/audit/" + std::to_string(made) + "/tree", make_key("acme")).status, 404);
  EXPECT_EQ(ask("GET /v1/audit/99999/tree").status, 404);
  for (const auto& node : nodes_of(tree(made, "", make_key("rival")))) {
    EXPECT_THAT(node.value("instance", "/rival/"), HasSubstr("/rival/"));
  }
}

}  // namespace
}  // namespace tidemark::test
