#include "app/cause_tree_text.h"

#include <gtest/gtest.h>

namespace tidemark::app::test {
namespace {

Json record(int sequence, Json children, Json events = Json::array()) {
  return {{"kind", "record"},
          {"sequence", sequence},
          {"at", "2026-01-05T09:00:00.000Z"},
          {"instance", "a/t/x"},
          {"input_type", "go"},
          {"outcome", "done"},
          {"error", nullptr},
          {"events", std::move(events)},
          {"more_events", 0},
          {"children", std::move(children)},
          {"more", 0}};
}

Json story() {
  const Json attempt = {{"at", "2026-01-05T09:00:01.000Z"},
                        {"status", 503},
                        {"latency_ms", 12},
                        {"error", nullptr},
                        {"answer", "busy"}};
  const Json delivery = {{"endpoint", "hook"},
                         {"state", "waiting"},
                         {"record", nullptr},
                         {"attempt", 1},
                         {"attempts", Json::array({attempt})}};
  const Json event = {{"id", "evt_1"}, {"type", "made"}, {"deliveries", Json::array({delivery})}};
  Json refused = record(3, Json::array());
  refused["outcome"] = "refused";
  refused["error"] = "no\nthanks";
  const Json effect = {{"kind", "effect"}, {"id", "eff_1"},   {"executor", "pull"},
                       {"host", "h"},      {"state", "done"}, {"children", Json::array({refused})},
                       {"more", 7}};
  return {{"correlation_id", "cor_1"},
          {"sequence", 3},
          {"children", Json::array({record(2, Json::array({effect}), Json::array({event}))})},
          {"more", 0},
          {"next", nullptr}};
}

TEST(CauseTreeText, DrawsALineANodeAndMarksTheOneAskedFor) {
  EXPECT_EQ(cause_tree_text(story(), true, 200),
            "cor_1\n"
            "└─ 2  2026-01-05 09:00:00Z  a/t/x  go\n"
            "   ├─ event made  evt_1\n"
            "   │  └─ endpoint hook  waiting\n"
            "   │     └─ attempt  2026-01-05 09:00:01Z  HTTP 503  12 ms\n"
            "   └─ effect pull  h  done\n"
            "      ├─ 3  2026-01-05 09:00:00Z  a/t/x  go  refused: no thanks  <- this one\n"
            "      └─ ... 7 more\n");
}

TEST(CauseTreeText, DrawsWithAsciiAndFitsTheWidth) {
  EXPECT_EQ(cause_tree_text(story(), false, 24),
            "cor_1\n"
            "`- 2  2026-01-05 09:00:…\n"
            "   |- event made  evt_1\n"
            "   |  `- endpoint hook …\n"
            "   |     `- attempt  20…\n"
            "   `- effect pull  h  d…\n"
            "      |- 3  2026-01-05 …\n"
            "      `- ... 7 more\n");
}

TEST(CauseTreeText, SaysWhereALongCorrelationGoesOn) {
  Json tree = story();
  tree["next"] = 5000;
  const auto text = cause_tree_text(tree, false, 200);
  EXPECT_NE(text.find("tidemark audit list --after 5000 --correlation cor_1\n"), std::string::npos);
}

}  // namespace
}  // namespace tidemark::app::test
