#include "delivery/event_filter.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace tidemark::delivery {
namespace {

const char* const kEvent = R"({
  "id": "evt_1", "type": "calendar.event.updated", "version": 1,
  "occurred_at": "2025-12-16T12:00:00.000Z", "company_id": "acme", "source": "caldav:work",
  "correlation_id": "cor_1", "causation_id": null,
  "payload": {
    "calendar": {"account": "work", "name": "Team"},
    "changed": ["title", "start"],
    "size": 7, "ratio": 0.5, "negative": -1, "huge": 18446744073709551615,
    "flag": true, "nothing": null, "empty": [], "nested": [[1, 2], [3]],
    "event": {"title": "urgent: tides", "start": "2025-12-24T09:00:00+01:00",
              "attendees": [{"email": "a@example.com"}, {"email": "b@example.org"}]}}})";

Result<EventFilter> filter(const std::string& json) {
  return EventFilter::from_json(Json::parse(json), "filter");
}

bool accepts(const std::string& json) {
  const auto compiled = filter(json);
  EXPECT_TRUE(compiled) << compiled.error().message;
  if (!compiled) return false;
  const auto again = EventFilter::from_json(compiled->to_json(), "again");
  EXPECT_TRUE(again && *again == *compiled) << json;
  return compiled->accepts(Json::parse(kEvent));
}

bool holds(const std::string& field, const std::string& op, const std::string& value) {
  return accepts(R"([{"field":")" + field + R"(","op":")" + op + R"(","value":)" + value + "}]");
}

bool holds(const std::string& field, const std::string& op) {
  return accepts(R"([{"field":")" + field + R"(","op":")" + op + R"("}])");
}

std::string error_of(const std::string& json) {
  const auto compiled = filter(json);
  return compiled ? "no error" : compiled.error().message;
}

TEST(EventFilter, ComparesFieldsWithValues) {
  EXPECT_TRUE(holds("payload.calendar.account", "equals", R"("work")"));
  EXPECT_FALSE(holds("payload.calendar.account", "equals", R"("wor")"));
  EXPECT_TRUE(holds("source", "equals", R"("caldav:work")"));
  EXPECT_TRUE(holds("payload.size", "equals", "7"));
  EXPECT_TRUE(holds("payload.size", "equals", "7.0"));
  EXPECT_FALSE(holds("payload.size", "equals", R"("7")"));
  EXPECT_FALSE(holds("payload.huge", "equals", "-1"));
  EXPECT_FALSE(holds("payload.negative", "equals", "18446744073709551615"));
  EXPECT_TRUE(holds("payload.flag", "equals", "true"));
  EXPECT_FALSE(holds("payload.flag", "equals", "1"));
  EXPECT_TRUE(holds("payload.size", "one_of", "[1, 7]"));
  EXPECT_FALSE(holds("payload.size", "one_of", "[1, 2]"));
}

TEST(EventFilter, TakesNotEqualsForTheOppositeOfEquals) {
  EXPECT_FALSE(holds("payload.calendar.account", "not_equals", R"("work")"));
  EXPECT_TRUE(holds("payload.calendar.account", "not_equals", R"("home")"));
  EXPECT_TRUE(holds("payload.calendar.missing", "not_equals", R"("home")"));
  EXPECT_TRUE(holds("payload.size", "not_equals", R"("7")"));
  EXPECT_FALSE(holds("payload.changed", "not_equals", R"("start")"));
  EXPECT_TRUE(holds("payload.changed", "not_equals", R"("end")"));
}

TEST(EventFilter, MatchesGlobsOnTextsOnly) {
  EXPECT_TRUE(holds("payload.event.title", "glob", R"("urgent*")"));
  EXPECT_FALSE(holds("payload.event.title", "glob", R"("urgent")"));
  EXPECT_FALSE(holds("payload.size", "glob", R"("*")"));
  Json event = Json::parse(kEvent);
  const auto any = filter(R"([{"field":"payload.event.title","op":"glob","value":"*"}])");
  event["payload"]["event"]["title"] = std::string(kMaxGlobbedBytes, 'x');
  EXPECT_TRUE(any->accepts(event));
  event["payload"]["event"]["title"] = std::string(kMaxGlobbedBytes + 1, 'x');
  EXPECT_FALSE(any->accepts(event));
}

TEST(EventFilter, CountsNullAsAbsent) {
  EXPECT_TRUE(holds("payload.calendar", "exists"));
  EXPECT_FALSE(holds("payload.calendar", "absent"));
  for (const char* field : {"causation_id", "payload.nothing", "payload.none", "payload.empty",
                            "payload.size.more", "payload.event.title.more"}) {
    EXPECT_FALSE(holds(field, "exists")) << field;
    EXPECT_TRUE(holds(field, "absent")) << field;
  }
}

TEST(EventFilter, ComparesNumbersWithNumbersAndTimesWithTimes) {
  EXPECT_TRUE(holds("payload.size", "greater", "6.5"));
  EXPECT_FALSE(holds("payload.size", "greater", "7"));
  EXPECT_TRUE(holds("payload.size", "less", "8"));
  EXPECT_TRUE(holds("payload.negative", "less", "0"));
  EXPECT_TRUE(holds("payload.huge", "greater", "9223372036854775807"));
  EXPECT_TRUE(holds("payload.huge", "greater", "-1"));
  EXPECT_TRUE(holds("payload.event.start", "less", R"("2025-12-24T08:00:01Z")"));
  EXPECT_FALSE(holds("payload.event.start", "less", R"("2025-12-24T08:00:00Z")"));
  EXPECT_FALSE(holds("payload.event.start", "greater", R"("2025-12-24T08:00:00Z")"));
  EXPECT_TRUE(holds("occurred_at", "greater", R"("2025-12-16")"));
  for (const char* op : {"greater", "less"}) {
    EXPECT_FALSE(holds("payload.size", op, R"("2025-12-16")"));
    EXPECT_FALSE(holds("payload.event.start", op, "7"));
    EXPECT_FALSE(holds("payload.event.title", op, R"("2025-12-16")"));
    EXPECT_FALSE(holds("payload.none", op, "7"));
  }
}

TEST(EventFilter, LooksIntoLists) {
  EXPECT_TRUE(holds("payload.changed", "equals", R"("title")"));
  EXPECT_FALSE(holds("payload.changed", "equals", R"("location")"));
  EXPECT_TRUE(holds("payload.event.attendees.email", "glob", R"("*@example.org")"));
  EXPECT_FALSE(holds("payload.event.attendees.email", "glob", R"("*@example.net")"));
  EXPECT_TRUE(holds("payload.event.attendees.email", "exists"));
  EXPECT_TRUE(holds("payload.nested", "equals", "3"));
}

TEST(EventFilter, WantsAllEntriesAndAnyOfAGroup) {
  const std::string yes = R"({"field":"payload.size","op":"equals","value":7})";
  const std::string no = R"({"field":"payload.size","op":"equals","value":8})";
  EXPECT_TRUE(accepts("[]"));
  EXPECT_TRUE(accepts("[" + yes + "," + yes + "]"));
  EXPECT_FALSE(accepts("[" + yes + "," + no + "]"));
  EXPECT_TRUE(accepts(R"([{"any":[)" + no + "," + yes + "]}]"));
  EXPECT_FALSE(accepts(R"([{"any":[)" + no + "," + no + "]}]"));
  EXPECT_FALSE(accepts(R"([{"any":[)" + no + "," + yes + "]}," + no + "]"));
  EXPECT_TRUE(accepts(R"([{"any":[)" + yes + "]}]"));
}

TEST(EventFilter, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(error_of("{}"), "filter: must be a list of conditions");
  EXPECT_EQ(error_of("[7]"), "filter[0]: must be an object");
  EXPECT_EQ(error_of(R"([{"field":"payload.x","op":"exists"},{"field":"payload.y","op":"is"}])"),
            "filter[1].op: must be one of equals, not_equals, one_of, glob, exists, absent, "
            "greater, less");
  EXPECT_EQ(error_of(R"([{"field":"id"}])").substr(0, 36), "filter[0].op: is missing; it is one ");
  EXPECT_EQ(error_of(R"([{"op":"exists"}])").substr(0, 29), "filter[0].field: is missing; ");
  EXPECT_EQ(error_of(R"([{"field":"calendar.account","op":"exists"}])").substr(0, 56),
            "filter[0].field: must begin with a field of the event: i");
  EXPECT_EQ(error_of(R"([{"field":"payload..x","op":"exists"}])").substr(0, 34),
            "filter[0].field: has an empty part");
  EXPECT_EQ(error_of(R"([{"field":"source.x","op":"exists"}])"),
            "filter[0].field: goes below \"source\", but only payload has fields");
  EXPECT_EQ(error_of(R"([{"field":"id","op":"exists","value":1}])"),
            "filter[0].value: must be left out: \"exists\" takes none");
  EXPECT_EQ(error_of(R"([{"field":"id","op":"equals"}])").substr(0, 44),
            "filter[0].value: is missing: \"equals\" needs ");
  EXPECT_EQ(error_of(R"([{"field":"id","op":"equals","value":{}}])"),
            "filter[0].value: must be text, a number, true or false");
  EXPECT_EQ(error_of(R"([{"field":"id","op":"one_of","value":["a",[]]}])"),
            "filter[0].value[1]: must be text, a number, true or false");
  EXPECT_EQ(error_of(R"([{"field":"id","op":"one_of","value":"a"}])"),
            "filter[0].value: must be a list of the values that one_of allows");
  EXPECT_EQ(error_of(R"([{"field":"id","op":"glob","value":""}])"),
            "filter[0].value: must be a pattern; * and ? stand for any characters");
  EXPECT_EQ(error_of(R"([{"field":"id","op":"less","value":"soon"}])"),
            "filter[0].value: must be a number or a time such as \"2025-12-16T12:00:00Z\"");
  EXPECT_EQ(error_of(R"([{"field":"id","op":"exists","vlaue":1}])"),
            "filter[0]: unknown key \"vlaue\"; there are: field, op, value");
  EXPECT_EQ(error_of(R"([{"any":[]}])"), "filter[0].any: must be a list of conditions");
  EXPECT_EQ(error_of(R"([{"any":[{"any":[]}]}])"),
            "filter[0].any[0]: groups of conditions do not nest");
  EXPECT_EQ(error_of(R"([{"any":[{"field":"id","op":"exists"}],"op":"or"}])"),
            "filter[0]: unknown key \"op\"; there are: any");
  EXPECT_EQ(error_of(R"([{"any":[{"field":"id","op":"no"}]}])").substr(0, 27),
            "filter[0].any[0].op: must b");
}

TEST(EventFilter, HasLimits) {
  const Json condition = Json::parse(R"({"field":"id","op":"exists"})");
  EXPECT_TRUE(EventFilter::from_json(Json(std::vector<Json>(50, condition)), "f"));
  const auto code = [](const Json& value) {
    const auto compiled = EventFilter::from_json(value, "f");
    return compiled ? Errc::internal : compiled.error().code;
  };
  const auto with = [&](const char* key, const Json& value) {
    Json changed{{"field", "id"}, {"op", "equals"}, {"value", "x"}};
    changed[key] = value;
    return Json::array({changed});
  };
  EXPECT_EQ(code(Json(std::vector<Json>(51, condition))), Errc::limit_exceeded);
  EXPECT_EQ(code(Json::array({Json{{"any", std::vector<Json>(51, condition)}}})),
            Errc::limit_exceeded);
  EXPECT_EQ(code(with("value", std::string(1025, 'x'))), Errc::limit_exceeded);
  EXPECT_EQ(code(with("field", "payload." + std::string(256, 'x'))), Errc::limit_exceeded);
  std::string deep = "payload";
  for (int i = 0; i < 16; ++i) deep += ".x";
  EXPECT_EQ(code(with("field", deep)), Errc::limit_exceeded);
  Json many{{"field", "id"}, {"op", "one_of"}, {"value", std::vector<int>(101, 1)}};
  EXPECT_EQ(code(Json::array({many})), Errc::limit_exceeded);
  Json glob{{"field", "id"}, {"op", "glob"}, {"value", std::string(257, '*')}};
  EXPECT_EQ(code(Json::array({glob})), Errc::limit_exceeded);
}

TEST(EventSelection, DoesNotReadTheEventWhenItNeedNot) {
  const std::vector<std::string> globs{"calendar.*", "x"};
  EXPECT_EQ(selects(globs, {}, "calendar.event.created", "not JSON"), true);
  const auto some = filter(R"([{"field":"payload.size","op":"equals","value":7}])");
  EXPECT_EQ(selects(globs, *some, "mail.sent", "not JSON"), false);
  EXPECT_EQ(selects(globs, *some, "calendar.event.updated", kEvent), true);
  const auto damaged = selects(globs, *some, "x", "not JSON");
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, Errc::corrupt);
}

TEST(EventSelection, ReadsTypeGlobs) {
  const auto globs = type_globs_from_json(Json::parse(R"(["calendar.event.*","x.?"])"), "types");
  ASSERT_TRUE(globs);
  EXPECT_TRUE(matches_type(*globs, "calendar.event.created"));
  EXPECT_FALSE(matches_type(*globs, "calendar.events"));
  const auto error = [](const Json& value) {
    const auto read = type_globs_from_json(value, "types");
    return read ? "no error" : read.error().message;
  };
  EXPECT_EQ(error(Json::array()), "types: selects nothing; write [\"*\"] for every type");
  EXPECT_EQ(error("x").substr(0, 20), "types: must be a lis");
  EXPECT_EQ(error({"x", "a b"}).substr(0, 23), "types[1]: must be an ev");
  EXPECT_EQ(error({""}).substr(0, 23), "types[0]: must be an ev");
  EXPECT_EQ(error(Json(std::vector<std::string>(101, "x"))), "types: has more than 100 patterns");
  EXPECT_EQ(error(Json::array({std::string(257, 'x')})), "types[0]: is longer than 256 bytes");
}

}  // namespace
}  // namespace tidemark::delivery
