#include "providers/google/page_reader.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace tidemark::google {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Page {
  std::vector<std::string> items;
  Result<Json> rest = Json();
};

Page read(std::string_view text, std::size_t piece, std::size_t max_item = 1'000) {
  Page page;
  PageReader reader(
      [&](std::string_view item) -> Result<void> {
        page.items.emplace_back(item);
        return {};
      },
      max_item);
  for (std::size_t at = 0; at < text.size(); at += piece) {
    if (auto fed = reader.feed(text.substr(at, piece)); !fed) {
      page.rest = fail(fed.error());
      return page;
    }
  }
  page.rest = reader.finish();
  return page;
}

TEST(PageReader, HandsItemsOnAsTheyCameWhateverThePieces) {
  const std::string text =
      R"( {"kind": "calendar#events", "items": [ {"id":"a","n":{"items":[1,{"x":2}]}} ,
          {"id":"b \"}]{[ \\"}, {} ], "nextPageToken":"t"} )";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    const Page page = read(text, piece);
    ASSERT_TRUE(page.rest.has_value()) << page.rest.error().message;
    EXPECT_THAT(page.items, ElementsAre(R"({"id":"a","n":{"items":[1,{"x":2}]}})",
                                        R"({"id":"b \"}]{[ \\"})", "{}"));
    EXPECT_EQ(
        *page.rest,
        (Json{{"kind", "calendar#events"}, {"items", Json::array()}, {"nextPageToken", "t"}}));
  }
}

TEST(PageReader, TakesOnlyThePagesOwnItems) {
  const Page page = read(R"({"error":{"items":[{"id":"x"}]},"items":[]})", 3);
  ASSERT_TRUE(page.rest.has_value());
  EXPECT_THAT(page.items, IsEmpty());
}

TEST(PageReader, RefusesWhatIsNoPage) {
  for (const char* text :
       {"", "<html>", "[]", "\"x\"", R"({"items":[{"id":"a"})", R"({"items":[1]})",
        R"({"items":[[{"id":"a"}]]})", R"({"items":[{"id":"a"}]}})", R"({"a":1,"items":["x"]})"}) {
    const Page page = read(text, 2);
    ASSERT_FALSE(page.rest.has_value()) << text;
    EXPECT_EQ(page.rest.error().code, Errc::protocol_error) << text;
  }
}

TEST(PageReader, HasLimits) {
  const Page item = read(R"({"items":[{"id":")" + std::string(2'000, 'x') + "\"}]}", 100);
  ASSERT_FALSE(item.rest.has_value());
  EXPECT_EQ(item.rest.error().code, Errc::limit_exceeded);
  const Page rest = read(R"({"kind":")" + std::string(300'000, 'x') + "\"}", 1'000);
  ASSERT_FALSE(rest.rest.has_value());
  EXPECT_EQ(rest.rest.error().code, Errc::limit_exceeded);
}

}  // namespace
}  // namespace tidemark::google
