// What the mirror has taken by itself, and its cursor does not speak of yet.
#include <gmock/gmock.h>

#include "sync/write_machine_world.h"

namespace tidemark::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

PageItem announced(const std::string& name, const std::string& etag) {
  return marked(PageItem::Kind::pending, name, etag);
}

TEST(AheadOfCursor, KnowsWhichResourcesAreAheadOfItsCursor) {
  WriteWorld world;
  world.mirror({body("a", "A"), body("b", "B"), body("c", "C")});
  const auto ahead = [&] {
    std::size_t rows = 0;
    for (const auto& [key, value] : world.rows.rows) rows += key.front() == kAheadRow ? 1 : 0;
    EXPECT_EQ(rows, world.state.counts.ahead);
    return rows;
  };
  world.update("/a", "A2");
  world.done(body("a", "A2"));
  world.create("N");
  world.done(body("n", "N"));
  world.remove("/b");
  world.done(gone("b"));
  EXPECT_EQ(ahead(), 3U);
  // One is named, and one that was asked for is what the mirror has.
  world.poll();
  world.more("bodies", {body("a", "A2"), announced("n", "e-N")});
  EXPECT_EQ(ahead(), 2U);
  world.last("t2", {body("n", "N")});
  EXPECT_EQ(ahead(), 1U);
  // There again, but not as it was when nobody announced it: it is asked for once more.
  world.poll();
  world.more("bodies", {announced("b", "e-B")});
  EXPECT_THAT(told(world.last("t2", {body("b", "B2")})), ElementsAre("created /b"));
  EXPECT_EQ(ahead(), 1U);
  world.poll();
  world.more("bodies", {announced("b", "e-B")});
  EXPECT_THAT(told(world.last("t2", {body("b", "B")})), ElementsAre("updated /b"));
  EXPECT_EQ(ahead(), 0U);
  // A body that came later than its announcement.
  world.poll();
  world.more("bodies", {announced("c", "e-C2"), announced("a", "e-A3")});
  world.last("t5", {body("c", "C3"), gone("a")});
  EXPECT_EQ(ahead(), 2U);
  // A whole listing says how everything is.
  world.step(SyncNow{PassMode::reconcile});
  world.listed("t6", {unchanged("c"), unchanged("n"), unchanged("b")});
  EXPECT_EQ(ahead(), 0U);
}

TEST(AheadOfCursor, RemembersWhatTheCursorSaysOverSeveralCommands) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  world.update("/a", "A2");
  world.done(body("a", "A2"));
  world.remove("/a");
  world.done(gone("a"));
  const auto row = decode_ahead_row(world.rows.rows.at(href_key(kAheadRow, "/a")));
  ASSERT_TRUE(row.has_value());
  EXPECT_TRUE(row->there);
  EXPECT_EQ(row->etag, "e-A");
  // What a command made and somebody took away again.
  world.create("N");
  world.done(body("n", "N"));
  EXPECT_FALSE(decode_ahead_row(world.rows.rows.at(href_key(kAheadRow, "/n")))->there);
  world.poll();
  world.more("bodies", {announced("a", "e-A"), announced("n", "")});
  world.last("t1", {body("a", "A"), gone("n")});
  EXPECT_EQ(world.state.counts.ahead, 0U);
  EXPECT_THAT(world.hrefs(), ElementsAre("/a"));
}

TEST(AheadOfCursor, APassKnowsThatSomeItemsOfAFailedPullAreIn) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  world.page({gone("a")});
  world.failed(Errc::unavailable);
  ASSERT_TRUE(world.is<Waiting>());
  EXPECT_TRUE(std::get<Waiting>(world.state.phase).pass.partial);
  world.poll();
  EXPECT_TRUE(std::get<Pulling>(world.state.phase).pass.partial);
  const auto refused = world.failed(Errc::stale_cursor);
  EXPECT_EQ(world.order(refused).mode, PassMode::reconcile);
  EXPECT_THAT(told(world.listed("t2", {unchanged("a")})), IsEmpty());
  EXPECT_THAT(world.hrefs(), ElementsAre("/a"));
}

TEST(AheadOfCursor, WhatAPassHasTakenItselfTheNextOneAsksFor) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  world.update("/a", "A2");
  world.more("page 2");
  world.done(body("a", "A2"));
  world.last("t2");
  EXPECT_EQ(world.state.counts.ahead, 1U);
  world.step(CalendarRemoved{});
  EXPECT_EQ(world.state.counts.ahead, 0U);
  EXPECT_THAT(world.hrefs(), IsEmpty());
}

}  // namespace
}  // namespace tidemark::test
