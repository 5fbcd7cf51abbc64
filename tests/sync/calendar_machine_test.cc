// The calendar machine against the calendar rules it answers for.
#include <gmock/gmock.h>

#include "sync/backoff.h"
#include "sync/calendar_world.h"

namespace tidemark::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(CalendarMachine, BeginsWithAnInitialPassAndTellsOfEachEvent) {
  CalendarWorld world;
  const auto begun = world.step(world.configured);
  EXPECT_EQ(world.order(begun).mode, PassMode::initial);
  EXPECT_EQ(begun.effects.front().host, "acme/work");
  const auto ended = world.listed("t1", {body("a", "A"), body("b", "B")});
  EXPECT_THAT(told(ended), ElementsAre("created /a", "created /b"));
  EXPECT_EQ(world.state.cursor, "t1");
  EXPECT_TRUE(world.is<Idle>());
  EXPECT_EQ(world.state.counts.resources, 2U);
  EXPECT_EQ(world.state.counts.events, 2U);
  EXPECT_TRUE(world.state.next_sync.has_value());
}

TEST(CalendarMachine, TellsExactlyWhatInterfaceSays) {
  CalendarWorld world;
  world.step(world.configured);
  const auto created = world.listed("t1", {body("a", "A")});
  const EmittedEvent& first = created.events.at(0);
  EXPECT_EQ(first.type, kEventCreated);
  EXPECT_EQ(first.source, "caldav:work");
  EXPECT_EQ(first.dedupe_key, "calendar:caldav:cal_1:/a:e-A");
  EXPECT_EQ(first.payload.value()["calendar"],
            (Json{{"provider", "caldav"}, {"account", "work"}, {"id", "cal_1"}, {"name", "Work"}}));
  EXPECT_EQ(first.payload.value()["event"]["title"], "A");
  EXPECT_EQ(first.payload.value().size(), 2U);
  world.poll();
  const auto updated = world.last("t2", {body("a", "A2")});
  EXPECT_EQ(updated.events.at(0).payload.value()["changed"], Json::array({"title"}));
  EXPECT_EQ(updated.events.at(0).dedupe_key, "calendar:caldav:cal_1:/a:e-A2");
}

TEST(CalendarMachine, TellsNothingAndReportsNothingWhenNothingChanged) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  const auto ended = world.last("t1");
  EXPECT_THAT(ended.events, IsEmpty());
  EXPECT_THAT(ended.rows, IsEmpty());
  EXPECT_THAT(ended.effects, IsEmpty());
}

TEST(CalendarRule6, GoesOnFromEachPageAndStopsWhenTheTokenDoesNotAdvance) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  const auto next = world.more("t1-page2", {body("b", "B")});
  EXPECT_EQ(world.order(next).cursor, "t1-page2");
  EXPECT_FALSE(world.order(next).first);
  world.more("t1-page2");
  EXPECT_TRUE(world.is<Waiting>());
  EXPECT_EQ(world.state.error_code, "protocol_error");
}

TEST(CalendarRule7, TokenNeverRunsAheadOfABodyNotYetFetched) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  const auto announced = world.more("bodies", {pending("b"), pending("c")});
  EXPECT_EQ(world.state.cursor, "t1");
  EXPECT_EQ(world.state.counts.pending, 2U);
  EXPECT_EQ(world.order(announced).cursor, "bodies");
  world.page({body("b", "B")});
  EXPECT_EQ(world.state.cursor, "t1");
  world.failed(Errc::unavailable);
  EXPECT_EQ(world.state.cursor, "t1");
  // The pass goes on where it was, with what it had announced.
  const auto retried = world.step(CalendarTimer{std::string(kSyncTimer)});
  EXPECT_EQ(world.order(retried).cursor, "bodies");
  EXPECT_EQ(world.state.counts.pending, 1U);
  world.last("t2", {body("c", "C")});
  EXPECT_EQ(world.state.cursor, "t2");
  EXPECT_EQ(world.state.counts.pending, 0U);
}

TEST(CalendarRule7, BodiesThatNeverCameBringAReconcile) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  world.last("t2", {pending("b")});
  EXPECT_EQ(world.state.counts.pending, 1U);
  ASSERT_TRUE(world.state.reconcile_due.has_value());
  EXPECT_LE(*world.state.reconcile_due, world.now + std::chrono::hours(1));
  world.now = *world.state.reconcile_due;
  const auto next = world.step(CalendarTimer{std::string(kSyncTimer)});
  EXPECT_EQ(world.order(next).mode, PassMode::reconcile);
  world.listed("t3", {unchanged("a")});
  EXPECT_EQ(world.state.counts.pending, 0U);
}

TEST(CalendarRule8, ARefusedTokenBeginsAReconcileAndKeepsTheMirrorVisible) {
  CalendarWorld world;
  world.mirror({body("a", "A"), body("b", "B")});
  world.poll();
  const auto refused = world.failed(Errc::stale_cursor);
  EXPECT_EQ(world.order(refused).mode, PassMode::reconcile);
  EXPECT_EQ(world.order(refused).cursor, "");
  EXPECT_THAT(world.hrefs(), ElementsAre("/a", "/b"));
  EXPECT_THAT(told(world.page({unchanged("a")})), IsEmpty());
  EXPECT_THAT(told(world.listed("t2", {body("c", "C")})), ElementsAre("created /c", "deleted /b"));
  EXPECT_EQ(world.state.cursor, "t2");
}

TEST(CalendarRule8, SweepsOnlyAfterTheLastPage) {
  CalendarWorld world;
  world.mirror({body("a", "A"), body("b", "B"), body("c", "C")});
  world.step(SyncNow{PassMode::reconcile});
  EXPECT_THAT(told(world.more("page2", {unchanged("a")})), IsEmpty());
  EXPECT_THAT(world.hrefs(), ElementsAre("/a", "/b", "/c"));
  EXPECT_THAT(told(world.listed("t2", {unchanged("b")})), ElementsAre("deleted /c"));
  EXPECT_THAT(world.hrefs(), ElementsAre("/a", "/b"));
}

TEST(CalendarRule8, AServerThatRefusesEveryTokenIsNotAskedInALoop) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  world.failed(Errc::stale_cursor);
  world.failed(Errc::stale_cursor);
  EXPECT_TRUE(world.is<Waiting>());
  EXPECT_EQ(world.state.health, Health::failing);
  EXPECT_GE(*world.state.next_sync, world.now + std::chrono::seconds(45));
}

TEST(CalendarRule9, ReconcilesOnScheduleAndSoonAfterASuspiciousAnswer) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.now += std::chrono::minutes(5);
  world.poll();
  world.step(PullDone{world.pull(), "t2", true, false, true, {}});
  EXPECT_TRUE(world.is<Idle>());  // the last listing is minutes old
  world.now += std::chrono::hours(1);
  auto next = world.step(CalendarTimer{std::string(kSyncTimer)});
  EXPECT_EQ(world.order(next).mode, PassMode::reconcile);
  world.listed("t3", {unchanged("a")});
  next = world.step(CalendarTimer{std::string(kSyncTimer)});
  EXPECT_EQ(world.order(next).mode, PassMode::incremental);
  world.last("t4");
  world.now += std::chrono::hours(24);
  next = world.step(CalendarTimer{std::string(kSyncTimer)});
  EXPECT_EQ(world.order(next).mode, PassMode::reconcile);
}

TEST(CalendarRule10, AnEtagAloneIsNoChangeButIsKept) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  auto touched = body("a", "A");
  touched.etag = touched.events[0].event.etag = "e-new";
  EXPECT_THAT(told(world.last("t2", {touched})), IsEmpty());
  const auto index = read_index(world.rows, "/a");
  EXPECT_EQ((*index)->etag, "e-new");
  EXPECT_EQ(read_events(world.rows, "/a", **index)->at(0).etag, "e-new");
}

TEST(CalendarRule10, AnEtagThatStayedOverAChangeIsNoDedupeKey) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  auto changed = body("a", "B");
  changed.etag = changed.events[0].event.etag = "e-A";
  const auto ended = world.last("t2", {changed});
  ASSERT_THAT(told(ended), ElementsAre("updated /a"));
  EXPECT_NE(ended.events[0].dedupe_key, "calendar:caldav:cal_1:/a:e-A");
}

TEST(CalendarRule11, OneMissingResourceNeitherEmptiesNorStopsTheCalendar) {
  CalendarWorld world;
  world.mirror({body("a", "A"), body("b", "B")});
  world.poll();
  EXPECT_THAT(told(world.last("t2", {gone("never-seen"), gone("a")})), ElementsAre("deleted /a"));
  EXPECT_THAT(world.hrefs(), ElementsAre("/b"));
}

CalendarEvent series(const std::string& title) {
  CalendarEvent event = make_event("/s", "uid-s", title);
  event.recurrence = {"RRULE:FREQ=DAILY"};
  event.source_hash = content_hash(event);
  return event;
}

TEST(CalendarRule14, ARemovedOverrideRevertsToWhatItsMasterSays) {
  CalendarWorld world;
  const auto override = make_event("/s", "uid-s", "moved", "2025-12-17T12:00:00Z");
  world.mirror({body_of("/s", {series("daily"), override}, "e1")});
  world.poll();
  auto reverted = body_of("/s", {series("daily")}, "e2");
  reverted.reverted = {make_event("/s", "uid-s", "daily", "2025-12-17T12:00:00Z")};
  const auto ended = world.last("t2", {reverted});
  ASSERT_THAT(told(ended), ElementsAre("updated /s#2025-12-17T12:00:00Z"));
  EXPECT_EQ(ended.events[0].payload.value()["event"]["title"], "daily");
  EXPECT_EQ(ended.events[0].payload.value()["changed"], Json::array({"title"}));
  EXPECT_EQ(world.state.counts.events, 1U);
}

TEST(CalendarRule14, AnExdateDeletesTheInstance) {
  CalendarWorld world;
  const auto override = make_event("/s", "uid-s", "moved", "2025-12-17T12:00:00Z");
  world.mirror({body_of("/s", {series("daily"), override}, "e1")});
  world.poll();
  auto excluded = series("daily");
  excluded.recurrence.push_back("EXDATE:20251217T120000Z");
  excluded.source_hash = content_hash(excluded);
  EXPECT_THAT(told(world.last("t2", {body_of("/s", {excluded}, "e2")})),
              ElementsAre("updated /s", "deleted /s#2025-12-17T12:00:00Z"));
}

TEST(CalendarRule14, DiffsByRecurrenceIdAndDeletesMasterAndOverridesOneByOne) {
  CalendarWorld world;
  const auto first = make_event("/s", "uid-s", "x", "2025-12-17T12:00:00Z");
  auto second = make_event("/s", "uid-s", "y", "2025-12-18T12:00:00Z");
  world.mirror({body_of("/s", {series("daily"), first, second}, "e1"), body("z", "Z")});
  world.poll();
  second.title = "y2";
  second.source_hash = content_hash(second);
  EXPECT_THAT(told(world.last("t2", {body_of("/s", {series("daily"), first, second}, "e2")})),
              ElementsAre("updated /s#2025-12-18T12:00:00Z"));
  world.poll();
  EXPECT_THAT(told(world.last("t3", {gone("s")})),
              ElementsAre("deleted /s", "deleted /s#2025-12-17T12:00:00Z",
                          "deleted /s#2025-12-18T12:00:00Z"));
  EXPECT_EQ(world.state.counts.events, 1U);
}

TEST(CalendarRule14, AUidThatChangesInPlaceIsADeletionAndACreation) {
  CalendarWorld world;
  world.mirror({body("a", "A"), body("z", "Z")});
  world.poll();
  const auto other = body_of("/a", {make_event("/a", "uid-other", "A")}, "e2");
  EXPECT_THAT(told(world.last("t2", {other})), ElementsAre("deleted /a", "created /a"));
  EXPECT_THAT(other_holders(world.rows, "uid-a", "", 10), IsEmpty());
  EXPECT_THAT(other_holders(world.rows, "uid-other", "", 10), ElementsAre("/a"));
}

TEST(CalendarRule15, ANewHrefWithTheUidOfADeletedOneIsAMove) {
  for (const bool deletion_first : {true, false}) {
    CalendarWorld world;
    world.mirror({body("a", "A"), body("z", "Z")});
    world.poll();
    const auto moved = body_of("/b", {make_event("/b", "uid-a", "A")}, "e2");
    if (deletion_first) {
      world.more("p2", {gone("a")});
      world.more("p3", {moved});
    } else {
      world.more("p2", {moved});
      world.more("p3", {gone("a")});
    }
    const auto ended = world.last("t2");
    ASSERT_THAT(told(ended), ElementsAre("updated /b"));
    EXPECT_EQ(ended.events[0].payload.value()["changed"], Json::array({"external_event_id"}));
    EXPECT_EQ(ended.events[0].payload.value()["previous_external_event_id"], "/a");
    EXPECT_THAT(world.hrefs(), ElementsAre("/b", "/z"));
    EXPECT_EQ(world.state.counts.creation_rows + world.state.counts.deletion_rows, 0U);
  }
}

TEST(CalendarRule15, AMoveIsRecognisedByASweepToo) {
  CalendarWorld world;
  world.mirror({body("a", "A"), body("z", "Z")});
  world.step(SyncNow{PassMode::reconcile});
  const auto moved = body_of("/b", {make_event("/b", "uid-a", "A2")}, "e2");
  const auto ended = world.listed("t2", {moved, unchanged("z")});
  ASSERT_THAT(told(ended), ElementsAre("updated /b"));
  EXPECT_EQ(ended.events[0].payload.value()["changed"],
            (Json::array({"external_event_id", "title"})));
}

TEST(CalendarRule15, DuplicateUidsUnderTwoLiveHrefsAreLegal) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  const auto copy = body_of("/b", {make_event("/b", "uid-a", "A")}, "e2");
  EXPECT_THAT(told(world.last("t2", {copy})), ElementsAre("created /b"));
  world.poll();
  EXPECT_THAT(told(world.last("t3", {gone("a")})), ElementsAre("deleted /a"));
  EXPECT_THAT(other_holders(world.rows, "uid-a", "", 10), ElementsAre("/b"));
}

TEST(CalendarRule15, WhatComesAndGoesWithinOnePassIsNeverTold) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  const auto copy = body_of("/b", {make_event("/b", "uid-a", "A")}, "e2");
  world.more("p2", {copy});
  EXPECT_THAT(told(world.last("t2", {gone("b")})), IsEmpty());
  EXPECT_THAT(world.hrefs(), ElementsAre("/a"));
}

TEST(CalendarMachine, ADeletedResourceThatComesBackInThePassIsOnlyAnUpdate) {
  CalendarWorld world;
  world.mirror({body("a", "A"), body("b", "B")});
  world.poll();
  world.more("p2", {gone("a")});
  EXPECT_THAT(told(world.last("t2", {body("a", "A2")})), ElementsAre("updated /a"));
}

TEST(CalendarRule18, QuarantineKeepsTheBytesAndTheLastGoodEvents) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  PageItem damaged = marked(PageItem::Kind::quarantined, "a", "e-bad");
  damaged.bytes = "BEGIN:NONSENSE";
  damaged.reason = "no calendar";
  EXPECT_THAT(told(world.last("t2", {damaged})), IsEmpty());
  EXPECT_EQ(world.state.counts.quarantined, 1U);
  EXPECT_EQ(world.state.counts.events, 1U);
  const auto kept = decode_quarantine_row(*world.rows.get(href_key(kQuarantineRow, "/a")));
  EXPECT_EQ(kept->bytes, "BEGIN:NONSENSE");
  world.poll();
  EXPECT_THAT(told(world.last("t3", {body("a", "A2")})), ElementsAre("updated /a"));
  EXPECT_EQ(world.state.counts.quarantined, 0U);
  EXPECT_FALSE(world.rows.get(href_key(kQuarantineRow, "/a")).has_value());
}

TEST(CalendarRule18, AResourceThatNeverWasReadableIsCreatedOnceItIs) {
  CalendarWorld world;
  world.step(world.configured);
  PageItem damaged = marked(PageItem::Kind::quarantined, "a");
  damaged.reason = "no calendar";
  EXPECT_THAT(told(world.listed("t1", {damaged, body("b", "B")})), ElementsAre("created /b"));
  world.poll();
  EXPECT_THAT(told(world.last("t2", {body("a", "A")})), ElementsAre("created /a"));
  world.poll();
  EXPECT_THAT(told(world.last("t3", {gone("a")})), ElementsAre("deleted /a"));
}

TEST(CalendarMachine, AResourceWithoutEventsIsKeptAndNotTold) {
  CalendarWorld world;
  const auto task = [](const std::string& etag) {
    PageItem item = body_of("/t", {}, etag);
    item.bytes = "a task " + etag;
    item.body_hash = etag;
    return item;
  };
  world.mirror({body("a", "A"), task("e1")});
  EXPECT_EQ(world.state.counts.events, 1U);
  EXPECT_EQ(world.state.counts.resources, 2U);
  EXPECT_EQ(world.state.counts.quarantined, 0U);
  world.poll();
  EXPECT_THAT(told(world.last("t2", {task("e2")})), IsEmpty());
  world.poll();
  EXPECT_THAT(told(world.last("t3", {body("t", "T")})), ElementsAre("created /t"));
  world.poll();
  EXPECT_THAT(told(world.last("t4", {task("e4")})), ElementsAre("deleted /t"));
  world.poll();
  EXPECT_THAT(told(world.last("t5", {gone("t")})), IsEmpty());
  EXPECT_EQ(world.state.counts.resources, 1U);
  EXPECT_EQ(world.rows.rows.size(), 4U);  // index, body, time and UID row of the event
}

TEST(CalendarMachine, RepeatedPagesAreNoOps) {
  CalendarWorld world;
  world.step(world.configured);
  EXPECT_THAT(told(world.page({body("a", "A"), body("b", "B")})),
              ElementsAre("created /a", "created /b"));
  // After a crash the same pull runs again and says the same.
  EXPECT_THAT(told(world.page({body("a", "A"), body("b", "B")})), IsEmpty());
  EXPECT_THAT(told(world.listed("t1", {body("c", "C")})), ElementsAre("created /c"));
  EXPECT_EQ(world.state.counts.resources, 3U);
}

TEST(CalendarMachine, IgnoresWhatAGivenUpPullStillSays) {
  CalendarWorld world;
  world.mirror({body("a", "A")});
  world.poll();
  const Sequence old_pull = world.pull();
  world.failed(Errc::stale_cursor);
  EXPECT_THAT(told(world.step(Page{old_pull, {body("b", "B")}})), IsEmpty());
  world.step(PullDone{old_pull, "wrong", true, true, false, {}});
  EXPECT_TRUE(world.is<Pulling>());
  EXPECT_THAT(world.hrefs(), ElementsAre("/a"));
}

TEST(CalendarMachine, AFullPassFetchesAgainAndRepeatsNoEvent) {
  CalendarWorld world;
  world.mirror({body("a", "A"), body("b", "B")});
  const auto begun = world.step(SyncNow{PassMode::full});
  EXPECT_EQ(world.order(begun).mode, PassMode::full);
  EXPECT_THAT(told(world.listed("t2", {body("a", "A"), body("b", "B")})), IsEmpty());
}

TEST(CalendarMachine, RemembersARequestMadeWhileAPassRuns) {
  CalendarWorld world(false);
  world.configured.sync = PassMode::incremental;
  world.step(world.configured);
  world.step(SyncNow{PassMode::incremental});
  world.step(SyncNow{PassMode::reconcile});
  const auto ended = world.listed("t1", {body("a", "A")});
  EXPECT_EQ(world.order(ended).mode, PassMode::reconcile);
  world.listed("t1", {unchanged("a")});
  EXPECT_TRUE(world.is<Idle>());
  EXPECT_FALSE(world.state.next_sync.has_value());
}

TEST(CalendarMachine, StateMessagesAndOrdersSurviveTheirEncoding) {
  auto item = body("a", "A");
  item.reverted = {make_event("/a", "uid-a", "A", "2025-12-17")};
  const auto input = decode_calendar_input(
      input_type::kPullDone, encode(PullDone{7, std::string("\0x", 2), false, true, true, {item}}));
  ASSERT_TRUE(input.has_value());
  const auto& done = std::get<PullDone>(*input);
  EXPECT_EQ(done.pull, 7U);
  EXPECT_EQ(done.cursor, std::string("\0x", 2));
  EXPECT_EQ(done.items.at(0), item);
  EXPECT_FALSE(decode_calendar_input(input_type::kPage, "garbage").has_value());
  EXPECT_FALSE(decode_calendar_input("no.such", "\x01\xA0").has_value());
}

}  // namespace
}  // namespace tidemark::test
