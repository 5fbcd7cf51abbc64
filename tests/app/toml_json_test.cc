#include "app/toml_json.h"

#include <gtest/gtest.h>

namespace tidemark::app::test {
namespace {

TomlNode parse(const std::string& text) {
  auto tree = parse_toml(text, "test.toml");
  EXPECT_TRUE(tree) << tree.error().text();
  return tree ? std::move(*tree) : TomlNode{};
}

std::string place(const TomlNode& tree, std::string_view name) {
  const auto at = find_place(tree, name);
  return std::to_string(at.line) + ":" + std::to_string(at.column);
}

TEST(TomlAsJson, IsTheSameTree) {
  const auto json =
      toml_to_json(parse("a = 1\nb = -2\nc = 2.5\nd = true\ne = [\"x\", { f = [] }]"));
  ASSERT_TRUE(json);
  EXPECT_EQ(*json, parse_json(R"({"a":1,"b":-2,"c":2.5,"d":true,"e":["x",{"f":[]}]})"));
  EXPECT_TRUE((*json)["a"].is_number_unsigned());
}

TEST(TomlAsJson, RefusesWhatJsonHasNotWithItsPlace) {
  for (const char* value : {"2026-01-01", "12:00:00", "2026-01-01T00:00:00Z", "inf", "nan"}) {
    const auto json = toml_to_json(parse(std::string("a = 1\nb = [\n  ") + value + "]"));
    ASSERT_FALSE(json) << value;
    EXPECT_EQ(json.error().line, 3U);
    EXPECT_EQ(json.error().column, 3U);
  }
}

TEST(PlacesInToml, AreFoundAsFarAsTheyAreThere) {
  const auto tree = parse("rate = { per_second = 1 }\nlist = [\n  1,\n  { a = 2 }]\n");
  EXPECT_EQ(place(tree, "rate"), "1:1");
  EXPECT_EQ(place(tree, "rate.per_second"), "1:10");
  EXPECT_EQ(place(tree, "rate.burst"), "1:1");
  EXPECT_EQ(place(tree, "list[0]"), "3:3");
  EXPECT_EQ(place(tree, "list[1].a"), "4:5");
  EXPECT_EQ(place(tree, "list[1].b"), "4:3");
  EXPECT_EQ(place(tree, "list[7]"), "2:1");
  EXPECT_EQ(place(tree, "list[x]"), "2:1");
  EXPECT_EQ(place(tree, "list["), "2:1");
  EXPECT_EQ(place(tree, "none"), "0:0");
  EXPECT_EQ(place(tree, "ratex"), "0:0");
  EXPECT_EQ(place(tree, ""), "0:0");
}

TEST(PlacesInToml, MayHaveDotsInTheirNames) {
  const auto tree = parse("[h]\nx = 1\n\"x.y\" = 2\n");
  EXPECT_EQ(place(tree, "h.x"), "2:1");
  EXPECT_EQ(place(tree, "h.x.y"), "3:1");
}

}  // namespace
}  // namespace tidemark::app::test
