// Notifications that a calendar has changed: a burst is one pass, and none is lost to a pass that
// had already looked.
#include <gmock/gmock.h>

#include "sync/calendar_world.h"

namespace tidemark::test {
namespace {

using std::chrono::milliseconds;

std::optional<WallTime> news_due(const Transition<CalendarState>& transition) {
  std::optional<WallTime> due;
  for (const auto& timer : transition.timers) {
    if (timer.name == kNewsTimer) due = timer.due;
  }
  return due;
}

std::size_t pulls(const Transition<CalendarState>& transition) {
  return static_cast<std::size_t>(
      std::count_if(transition.effects.begin(), transition.effects.end(),
                    [](const auto& effect) { return effect.executor == kPullExecutor; }));
}

TEST(CalendarNews, ABurstIsOnePassSoonAfterItsLastNotification) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  std::optional<WallTime> due;
  for (int i = 0; i < 100; ++i) {
    const auto heard = world.step(CalendarNotified{});
    EXPECT_EQ(pulls(heard), 0U);
    due = news_due(heard);
  }
  ASSERT_TRUE(due.has_value());
  EXPECT_EQ(*due, world.now + milliseconds(15));
  world.now = *due;
  const auto pass = world.step(NewsTimer{});
  EXPECT_EQ(world.order(pass).mode, PassMode::incremental);
  EXPECT_EQ(pulls(world.last("t2")), 0U);
  EXPECT_TRUE(world.is<Idle>());
}

TEST(CalendarNews, IsNotPutOffForEver) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  const WallTime first = world.now;
  for (int i = 0; i < 20; ++i) {
    const auto heard = world.step(CalendarNotified{});
    EXPECT_LE(*news_due(heard), first + milliseconds(100));
    world.now += milliseconds(10);
  }
}

TEST(CalendarNews, DuringAPassLeadsToOneMoreAfterIt) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  for (int i = 0; i < 10; ++i) world.step(CalendarNotified{});
  const auto ended = world.last("t2");
  EXPECT_EQ(pulls(ended), 0U) << "there may be more of them";
  EXPECT_EQ(news_due(ended), world.now + milliseconds(15));
  EXPECT_EQ(pulls(world.step(NewsTimer{})), 1U);
  const auto last = world.last("t3");
  EXPECT_EQ(pulls(last), 0U);
  EXPECT_FALSE(news_due(last).has_value());
}

TEST(CalendarNews, DuringALongPassHasWaitedLongEnough) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  world.step(CalendarNotified{});
  world.now += milliseconds(500);
  EXPECT_LE(*news_due(world.last("t2")), world.now);
}

TEST(CalendarNews, APassThatBeginsForAnotherReasonServesThem) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.step(CalendarNotified{});
  const auto pass = world.step(SyncNow{});
  EXPECT_EQ(pulls(pass), 1U);
  EXPECT_FALSE(news_due(pass).has_value()) << "cancelled";
  EXPECT_EQ(pulls(world.step(NewsTimer{})), 0U);
  EXPECT_EQ(pulls(world.last("t2")), 0U);
}

TEST(CalendarNews, DoesNotBreakThePauseAfterAFailure) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  world.failed(Errc::unavailable);
  EXPECT_EQ(pulls(world.step(CalendarNotified{})), 0U);
  EXPECT_TRUE(world.is<Waiting>());
  world.poll();
  EXPECT_TRUE(news_due(world.last("t2")).has_value()) << "what waited may have looked before";
}

TEST(CalendarNews, AnUnscheduledOrPausedCalendarDoesNothing) {
  CalendarWorld unscheduled(false);
  unscheduled.configured.sync = PassMode::initial;
  unscheduled.mirror({body("a", "A")});
  EXPECT_FALSE(news_due(unscheduled.step(CalendarNotified{})).has_value());
  CalendarWorld paused;
  paused.mirror({body("a", "A")});
  paused.step(CalendarNotified{});
  paused.step(CalendarPaused{Pause::deselected});
  EXPECT_EQ(pulls(paused.step(NewsTimer{})), 0U);
}

}  // namespace
}  // namespace tidemark::test
