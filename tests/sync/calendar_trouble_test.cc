// What the calendar machine does when something goes wrong: failures, emptied and removed
// calendars, pauses, and work that is too large for one step.
#include <gmock/gmock.h>

#include "sync/backoff.h"
#include "sync/calendar_world.h"
#include "sync/finish.h"

namespace tidemark::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(CalendarRule16, AnEmptiedCalendarIsConfirmedBeforeAnythingIsDeleted) {
  CalendarWorld world;
  world.mirror({body("a", "A"), body("b", "B")});
  world.step(SyncNow{PassMode::reconcile});
  const auto emptied = world.listed("t2");
  EXPECT_THAT(told(emptied), IsEmpty());
  EXPECT_TRUE(world.is<Confirming>());
  EXPECT_TRUE(has_message(emptied, input_type::kCalendarCheck));
  EXPECT_EQ(*world.state.next_sync, world.now + std::chrono::seconds(30));
  EXPECT_EQ(world.state.cursor, "t1");
  // Neither time nor the account's answer alone is enough.
  world.poll();
  EXPECT_TRUE(world.is<Confirming>());
  const auto second = world.step(CalendarPresent{});
  EXPECT_EQ(world.order(second).mode, PassMode::reconcile);
  EXPECT_THAT(told(world.listed("t3")), ElementsAre("deleted /a", "deleted /b"));
  EXPECT_EQ(world.state.counts.resources, 0U);
  EXPECT_EQ(world.state.cursor, "t3");
}

TEST(CalendarRule16, WhatIsBackAtTheSecondLookWasNeverGone) {
  CalendarWorld world(false);
  world.configured.sync = PassMode::incremental;
  world.mirror({body("a", "A"), body("b", "B")});
  world.step(SyncNow{PassMode::incremental});
  EXPECT_THAT(told(world.last("t2", {gone("a"), gone("b")})), IsEmpty());
  EXPECT_TRUE(world.is<Confirming>());
  world.step(CalendarPresent{});  // unscheduled: no time has to pass
  EXPECT_THAT(told(world.listed("t3", {unchanged("a"), body("b", "B2")})),
              ElementsAre("updated /b"));
  EXPECT_EQ(world.state.counts.deletion_rows, 0U);
  EXPECT_TRUE(world.is<Idle>());
}

TEST(CalendarRule16, ForgottenDeletionsOfAnAbandonedPassDoNothingLater) {
  CalendarWorld world;
  world.mirror({body("a", "A"), body("b", "B"), body("c", "C")});
  world.poll();
  world.more("p2", {gone("a")});
  world.failed(Errc::stale_cursor);
  EXPECT_EQ(world.state.counts.deletion_rows, 1U);
  EXPECT_THAT(told(world.listed("t2", {unchanged("a"), unchanged("b"), unchanged("c")})),
              IsEmpty());
  EXPECT_EQ(world.state.counts.deletion_rows, 0U);
  EXPECT_THAT(world.hrefs(), SizeIs(3));
}

TEST(CalendarRule16, ForbiddenSuspendsTheCalendarAndKeepsItsRows) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  world.failed(Errc::forbidden);
  EXPECT_EQ(world.state.health, Health::suspended);
  EXPECT_THAT(world.hrefs(), ElementsAre("/a"));
  EXPECT_GE(*world.state.next_sync, world.now + std::chrono::minutes(45));
  const auto retried = world.step(SyncNow{PassMode::incremental});
  EXPECT_EQ(world.order(retried).cursor, "t1");
}

TEST(CalendarRule16, NotFoundAsksTheAccountAndDeletesNothing) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  const auto missing = world.failed(Errc::not_found);
  ASSERT_TRUE(has_message(missing, input_type::kCalendarCheck));
  const auto check = decode_account_input(missing.messages[0].type, missing.messages[0].payload);
  EXPECT_TRUE(std::get<CalendarCheck>(*check).missing);
  EXPECT_EQ(missing.messages[0].to.value, "account/acme/work");
  EXPECT_THAT(world.hrefs(), ElementsAre("/a"));
}

TEST(CalendarRule16, ARemovedCalendarDeletesEachEventInBoundedStepsAndEnds) {
  CalendarWorld world;
  std::vector<PageItem> items;
  for (int i = 0; i < 150; ++i) items.push_back(body("r" + std::to_string(1000 + i), "T"));
  world.mirror(items);
  const auto removed = world.step(CalendarRemoved{});
  EXPECT_THAT(removed.events, SizeIs(150));
  EXPECT_GE(world.continuations, 3);
  EXPECT_THAT(world.rows.rows, IsEmpty());
  const auto ended = world.step(ReportDone{});
  EXPECT_TRUE(ended.end);
  // Late news of its last pull does not bring it back.
  EXPECT_TRUE(world.step(Page{1, {body("x", "X")}}).end);
  EXPECT_THAT(world.rows.rows, IsEmpty());
}

TEST(CalendarRule16, ACalendarThatWasReadSinceItWasMissedIsLookedForAgain) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  const auto late = world.step(CalendarRemoved{*world.state.last_sync - std::chrono::seconds(1)});
  EXPECT_THAT(late.events, IsEmpty());
  EXPECT_THAT(world.hrefs(), ElementsAre("/a"));
  ASSERT_TRUE(has_message(late, input_type::kCalendarCheck));
  const auto check = decode_account_input(late.messages[0].type, late.messages[0].payload);
  EXPECT_TRUE(std::get<CalendarCheck>(*check).alive);
  EXPECT_FALSE(std::get<CalendarCheck>(*check).missing);
  EXPECT_THAT(world.step(CalendarRemoved{*world.state.last_sync}).events, SizeIs(1));
}

TEST(CalendarRule16, ACalendarWhosePagesComeIsLookedForAgain) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  const auto looked = *world.state.last_sync;
  world.now += std::chrono::minutes(1);
  world.poll();
  EXPECT_FALSE(has_message(world.step_once(CalendarRemoved{world.now - std::chrono::seconds(1)}),
                           input_type::kCalendarCheck));  // nothing has come yet
  CalendarWorld reading;
  reading.mirror({body("a", "A")});
  reading.now += std::chrono::minutes(1);
  reading.poll();
  reading.step(Page{reading.pull(), {body("b", "B")}});
  EXPECT_TRUE(has_message(reading.step(CalendarRemoved{looked}), input_type::kCalendarCheck));
}

TEST(CalendarRule16, ACalendarThatComesBackWhileItIsRemovedBeginsAnew) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.step_once(CalendarRemoved{});
  world.step_once(world.configured);
  world.step_once(Continue{});
  const auto revived = world.step(ReportDone{});
  EXPECT_FALSE(revived.end);
  EXPECT_EQ(world.order(revived).mode, PassMode::initial);
}

TEST(CalendarMachine, BacksOffWithJitterAndHonoursRetryAfter) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  world.failed(Errc::unavailable);
  EXPECT_EQ(world.state.health, Health::retrying);
  EXPECT_LE(*world.state.next_sync - world.now, std::chrono::milliseconds(1250));
  for (int i = 0; i < 20; ++i) {
    world.poll();
    world.failed(Errc::unavailable);
  }
  EXPECT_GE(*world.state.next_sync - world.now, std::chrono::minutes(11));
  EXPECT_LE(*world.state.next_sync - world.now, std::chrono::minutes(19));
  world.poll();
  world.step(
      PullFailed{world.pull(), Error{Errc::unavailable, "busy", std::chrono::seconds(3600)}});
  EXPECT_GE(*world.state.next_sync - world.now, std::chrono::seconds(3600));
  world.poll();
  world.last("t2");
  EXPECT_EQ(world.state.failures, 0U);
  EXPECT_EQ(world.state.error, "");
}

TEST(CalendarMachine, JitterDependsOnTheSequenceOnly) {
  const std::chrono::milliseconds poll(60'000);
  EXPECT_EQ(with_jitter(poll, 10, 5), with_jitter(poll, 10, 5));
  EXPECT_NE(with_jitter(poll, 10, 5), with_jitter(poll, 10, 6));
  for (Sequence sequence = 0; sequence < 1000; ++sequence) {
    EXPECT_GE(with_jitter(poll, 10, sequence), std::chrono::milliseconds(54'000));
    EXPECT_LE(with_jitter(poll, 10, sequence), std::chrono::milliseconds(66'000));
  }
}

TEST(CalendarMachine, AfterThreeHardFailuresThePassIsBegunAnew) {
  CalendarWorld world;
  world.step(world.configured);
  world.more("bad-page-cursor", {body("a", "A")});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(std::get<Pulling>(world.state.phase).pass.cursor, "bad-page-cursor");
    world.failed(Errc::protocol_error);
    world.poll();
  }
  EXPECT_EQ(std::get<Pulling>(world.state.phase).pass.cursor, "");
  EXPECT_THAT(told(world.listed("t1", {body("a", "A"), body("b", "B")})),
              ElementsAre("created /b"));
}

TEST(CalendarMachine, RefusedCredentialsStopItWithoutATimer) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  const auto refused = world.failed(Errc::unauthorized);
  EXPECT_TRUE(has_message(refused, input_type::kCredentialsRefused));
  EXPECT_FALSE(world.state.next_sync.has_value());
  EXPECT_THAT(world.step(SyncNow{PassMode::incremental}).effects, IsEmpty());
  const auto resumed = world.step(world.configured);
  EXPECT_EQ(world.order(resumed).cursor, "t1");
}

TEST(CalendarMachine, ADeselectedCalendarKeepsItsMirrorAndItsPlace) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  world.step(CalendarPaused{Pause::deselected});
  world.more("p2", {body("b", "B")});  // what runs may end, but nothing new begins
  EXPECT_TRUE(world.is<Waiting>());
  EXPECT_THAT(world.hrefs(), ElementsAre("/a", "/b"));
  const auto resumed = world.step(world.configured);
  EXPECT_EQ(world.order(resumed).cursor, "p2");
}

TEST(CalendarMachine, ASweepOfAHundredThousandRowsTakesBoundedSteps) {
  CalendarWorld world;
  world.mirror({body("r", "T")});
  // As many more without a body each, written as earlier passes would have.
  constexpr std::uint64_t kResources = 100'000;
  IndexRow index;
  index.quarantined = true;
  index.generation = world.state.generation + 1;  // the next pass has seen them
  for (std::uint64_t i = 0; i < kResources; ++i) {
    if (i == kResources - 10) index.generation = world.state.generation;
    world.rows.rows[href_key(kIndexRow, "/s" + std::to_string(1'000'000 + i))] = encode(index);
  }
  world.state.counts.resources += kResources;
  world.state.counts.quarantined += kResources;
  world.step(SyncNow{PassMode::reconcile});
  std::get<Pulling>(world.state.phase).pass.seen = kResources - 10;
  world.step_once(PullDone{world.pull(), "t2", true, true, false, {unchanged("r")}});
  int steps = 1;
  while (!world.is<Idle>()) {
    const std::size_t before = world.rows.scanned;
    world.step_once(Continue{});
    EXPECT_LE(world.rows.scanned - before, kSweepRowsPerStep + 2 * kChangesPerStep + 10);
    ++steps;
  }
  EXPECT_GE(steps, 200);
  EXPECT_EQ(world.state.counts.resources, kResources - 9);
}

}  // namespace
}  // namespace tidemark::test
