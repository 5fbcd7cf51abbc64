#include "domain/event.h"

#include <gtest/gtest.h>

namespace tidemark {
namespace {

Event sample() {
  return {.id = "evt_01J8Z0P3H1Y8K8Q0KQ9VJ8X7K1",
          .type = std::string(kEventCreated),
          .version = 1,
          .occurred_at = WallTime{milliseconds{1'765'886'400'000}},
          .company_id = "acme",
          .source = "caldav:work",
          .correlation_id = "cor_1",
          .causation_id = "",
          .payload = {{"event", {{"title", "Grüße"}}}}};
}

TEST(Event, IsWrittenExactlyAsTheContractSays) {
  EXPECT_EQ(
      to_json_text(sample()),
      R"({"id":"evt_01J8Z0P3H1Y8K8Q0KQ9VJ8X7K1","type":"calendar.event.created","version":1,)"
      R"("occurred_at":"2025-12-16T12:00:00.000Z","company_id":"acme","source":"caldav:work",)"
      R"("correlation_id":"cor_1","causation_id":null,"payload":{"event":{"title":"Grüße"}}})");
}

TEST(Event, ReadsWhatItWroteAndIgnoresExtraFields) {
  auto json = parse_json(to_json_text(sample()));
  ASSERT_TRUE(json);
  EXPECT_EQ(*json, to_json(sample()));
  (*json)["later"] = 1;
  EXPECT_EQ(event_from_json(*json), sample());
}

TEST(Event, NamesTheFieldThatIsMissingOrIllTyped) {
  for (const char* field : {"id", "type", "version", "occurred_at", "company_id", "source",
                            "correlation_id", "payload"}) {
    Json json = to_json(sample());
    json[field] = Json::array();
    const auto wrong = event_from_json(json);
    ASSERT_FALSE(wrong) << field;
    EXPECT_NE(wrong.error().message.find(field), std::string::npos) << wrong.error().message;
    json.erase(field);
    EXPECT_FALSE(event_from_json(json)) << field;
  }
  EXPECT_FALSE(event_from_json(Json("text")));
}

}  // namespace
}  // namespace tidemark
