#include "base/json.h"

#include <gtest/gtest.h>

namespace tidemark {
namespace {

TEST(Json, ReportsWhereTextIsWrong) {
  const auto parsed = parse_json("{\"a\": 1,\n  oops}");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, Errc::parse_error);
  EXPECT_NE(parsed.error().message.find("line 2"), std::string::npos) << parsed.error().message;
}

TEST(Json, RefusesHostileNestingButNotBracketsInText) {
  const auto deep = parse_json(std::string(100'000, '['));
  ASSERT_FALSE(deep);
  EXPECT_NE(deep.error().message.find("64 levels"), std::string::npos);
  EXPECT_TRUE(parse_json("[\"" + std::string(100'000, '[') + "\"]"));
  EXPECT_TRUE(parse_json("[\"\\\"[[\"]"));
}

TEST(Json, DumpsBytesThatAreNotUtf8) {
  EXPECT_EQ(dump_json(Json("a\xFFz")), "\"a\xEF\xBF\xBDz\"");
}

TEST(Json, AppendsTextAsAStringAndReplacesBytesThatAreNoText) {
  std::string out;
  append_json_string(out, "a\xff\x62\n\"");
  EXPECT_EQ(out, "\"a\xEF\xBF\xBD\x62\\n\\\"\"");
}

TEST(Json, TellsHowDeeplyTextNests) {
  EXPECT_EQ(json_depth("1"), 0U);
  EXPECT_EQ(json_depth(R"({"a":[[]],"b":{}})"), 3U);
  EXPECT_EQ(json_depth(R"(["[[[\"[["])"), 1U);
}

TEST(JsonText, IsTheValuesTextAndGivesItBack) {
  const Json value{{"b", 2}, {"a", {1, "x"}}};
  EXPECT_EQ(JsonText(value).text(), dump_json(value));
  EXPECT_EQ(JsonText(value).value(), value);
  EXPECT_EQ(JsonText().text(), "{}");
}

TEST(Json, EqualValuesHaveEqualCbor) {
  const Json one{{"b", 2}, {"a", {1, "x", nullptr}}};
  const Json two{{"a", {1, "x", nullptr}}, {"b", 2}};
  EXPECT_EQ(to_cbor(one), to_cbor(two));
  const auto back = from_cbor(to_cbor(one));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, one);
}

TEST(Json, RefusesTruncatedCborAtEveryLength) {
  const std::string whole = to_cbor(Json{{"key", {1, 2, 3}}, {"text", "value"}});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(from_cbor(std::string_view(whole).substr(0, length))) << length;
  }
}

}  // namespace
}  // namespace tidemark
