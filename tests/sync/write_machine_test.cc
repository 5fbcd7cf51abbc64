// Commands in the calendar machine: when they begin, how they end, and what the mirror becomes.
#include <gmock/gmock.h>

#include "sync/write_machine_world.h"

namespace tidemark::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> types(const Transition<CalendarState>& transition) {
  std::vector<std::string> types;
  for (const auto& event : transition.events) types.push_back(event.type);
  return types;
}

TEST(WriteMachine, CreatesAndTellsInTheStepThatEndsIt) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  const auto begun = world.create("New");
  const auto task = world.task(begun);
  ASSERT_TRUE(task.has_value());
  EXPECT_EQ(task->kind, WriteKind::create);
  EXPECT_EQ(task->key.substr(0, 4), "wrt_");
  EXPECT_THAT(begun.events, IsEmpty());
  const auto ended = world.done(body("n", "New"));
  EXPECT_THAT(types(ended), ElementsAre("calendar.event.created", "calendar.write.done"));
  const Json note = ended.events[1].payload.value();
  EXPECT_EQ(note["write"], task->key);
  EXPECT_EQ(note["kind"], "create");
  EXPECT_EQ(note["external_event_id"], "/n");
  EXPECT_EQ(note["event"]["title"], "New");
  EXPECT_TRUE(world.is<Idle>());
  EXPECT_THAT(world.hrefs(), ElementsAre("/a", "/n"));
  EXPECT_EQ(world.state.writes, (WriteQueue{0, 1, 0, std::nullopt}));
}

TEST(WriteMachine, TheNextPullOfItsOwnChangeTellsNothing) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  world.update("/a", "A2");
  EXPECT_THAT(types(world.done(body("a", "A2"))),
              ElementsAre("calendar.event.updated", "calendar.write.done"));
  world.poll();
  EXPECT_THAT(world.last("t2", {body("a", "A2")}).events, IsEmpty());
}

TEST(WriteMachine, DeletesAtOnce) {
  WriteWorld world;
  world.mirror({body("a", "A"), body("b", "B")});
  world.remove("/a");
  EXPECT_THAT(types(world.done(gone("a"))),
              ElementsAre("calendar.event.deleted", "calendar.write.done"));
  EXPECT_THAT(world.hrefs(), ElementsAre("/b"));
  EXPECT_EQ(world.state.counts.resources, 1U);
}

TEST(WriteMachine, RefusesWhatCanBeKnownAtOnce) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  const auto code = [&](const WriteRequested& request) {
    const auto refused = world.try_step(request);
    return refused ? Errc::internal : refused.error().code;
  };
  EXPECT_EQ(code({WriteKind::update, "/nobody", "", WriteWorld::titled("X")}), Errc::not_found);
  EXPECT_EQ(code({WriteKind::update, "/a", "\"old\"", WriteWorld::titled("X")}), Errc::conflict);
  EXPECT_EQ(code({WriteKind::update, "/a#2025-12-17T12:00:00Z", "", WriteWorld::titled("X")}),
            Errc::not_found);
  EXPECT_EQ(code({WriteKind::create, "", "", WriteWorld::titled("no start")}),
            Errc::invalid_argument);
  world.configured.identity.read_only = true;
  world.step(world.configured);
  EXPECT_EQ(code({WriteKind::create, "", "", WriteWorld::made("X")}), Errc::forbidden);
  world.configured.identity.read_only = false;
  world.configured.identity.write = false;
  world.step(world.configured);
  const auto refused =
      world.try_step(WriteRequested{WriteKind::create, "", "", WriteWorld::made("X")});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::forbidden);
  EXPECT_THAT(refused.error().message, HasSubstr("write = true"));
}

TEST(WriteMachine, TakesTheVersionThatTheCallerNames) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  EXPECT_TRUE(world.task(world.update("/a", "A2", "\"e-A\"")).has_value());
}

TEST(WriteMachine, WritesOneAfterTheOtherAndEachFollowsOwnChanges) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  const auto first = world.task(world.update("/a", "A2"));
  EXPECT_FALSE(world.task(world.update("/a", "A3")).has_value());
  EXPECT_FALSE(world.task(world.update("/a", "A4", "e-A")).has_value());
  const auto second = world.task(world.done(body("a", "A2")));
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->base_hash, body("a", "A2").body_hash);
  // The third named its version, which is not the one that is there any more.
  const auto third = world.task(world.done(body("a", "A3")));
  ASSERT_TRUE(third.has_value());
  EXPECT_EQ(third->base_hash, first->base_hash);
}

TEST(WriteMachine, NobodyFollowsAChangeInWhichOthersMayHaveHadAHand) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  const auto first = world.task(world.update("/a", "A2"));
  world.update("/a", "A3");
  const WriteDone done{world.under_way(), body("a", "A2 and theirs"), true};
  const auto second = world.task(world.step(done));
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->base_hash, first->base_hash);
}

TEST(WriteMachine, NoPullRunsBesideAWriteAndAPassGoesOnAfterIt) {
  WriteWorld world;
  world.step(world.configured);
  EXPECT_FALSE(world.task(world.create("New")).has_value());
  const auto page = world.more("page2", {body("a", "A")});
  EXPECT_TRUE(world.task(page).has_value());
  EXPECT_EQ(page.effects.size(), 1U);
  const auto ended = world.done(body("n", "New"));
  EXPECT_EQ(world.order(ended).cursor, "page2");
  // It was in no page, and is not swept: the pass has met it.
  EXPECT_THAT(told(world.listed("t1", {body("b", "B")})), ElementsAre("created /b"));
  EXPECT_THAT(world.hrefs(), ElementsAre("/a", "/b", "/n"));
}

TEST(WriteMachine, WhatItDeletesInAPassDoesNotUnsettleThePass) {
  WriteWorld world;
  world.mirror({body("a", "A"), body("b", "B")});
  world.step(SyncNow{PassMode::reconcile});
  world.remove("/a");
  world.more("page2", {unchanged("a")});
  EXPECT_THAT(types(world.done(gone("a"))),
              ElementsAre("calendar.event.deleted", "calendar.write.done"));
  EXPECT_THAT(world.listed("t2", {unchanged("b")}).events, IsEmpty());
  EXPECT_TRUE(world.is<Idle>());
  EXPECT_THAT(world.hrefs(), ElementsAre("/b"));
}

TEST(WriteMachine, TellsAConflictOnceWithBothVersionsAndLooksAgain) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  world.update("/a", "Mine");
  const auto ended = world.conflict(body("a", "Theirs"));
  EXPECT_THAT(types(ended), ElementsAre("calendar.write.conflict"));
  const Json note = ended.events[0].payload.value();
  EXPECT_EQ(note["ours"], (Json{{"title", "Mine"}}));
  EXPECT_EQ(note["theirs"]["title"], "Theirs");
  EXPECT_EQ(world.state.next_sync, world.now);
  EXPECT_EQ(world.state.writes.waiting, 0U);
}

TEST(WriteMachine, AConflictWithADeletionHasNoTheirs) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  world.update("/a", "Mine");
  const auto ended = world.conflict(gone("a"));
  EXPECT_TRUE(ended.events[0].payload.value()["theirs"].is_null());
  // The mirror hears of it by the next pull, as of any foreign change.
  EXPECT_THAT(world.hrefs(), ElementsAre("/a"));
}

TEST(WriteMachine, TriesAgainLaterWhileSyncsGoOn) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  world.update("/a", "A2");
  EXPECT_THAT(world.fail_write(Errc::unavailable).events, IsEmpty());
  EXPECT_TRUE(world.is<Idle>());
  ASSERT_TRUE(world.state.writes.not_before.has_value());
  world.poll();
  EXPECT_TRUE(world.is<Pulling>());
  world.last("t2");
  EXPECT_TRUE(world.is<Idle>());
  world.now = *world.state.writes.not_before;
  EXPECT_TRUE(world.task(world.step(WriteRetry{})).has_value());
  EXPECT_THAT(types(world.done(body("a", "A2"))),
              ElementsAre("calendar.event.updated", "calendar.write.done"));
  EXPECT_FALSE(world.state.writes.not_before.has_value());
}

TEST(WriteMachine, GivesUpAfterADay) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  world.update("/a", "A2");
  const Sequence write = world.sequence;
  world.fail_write(Errc::unavailable);
  const auto ended = world.step(WriteDeadline{write});
  EXPECT_THAT(types(ended), ElementsAre("calendar.write.failed"));
  EXPECT_EQ(ended.events[0].payload.value()["error"]["code"], "timeout");
  EXPECT_THAT(world.step(WriteDeadline{write}).events, IsEmpty());
  EXPECT_EQ(world.state.writes.waiting, 0U);
}

TEST(WriteMachine, WhatIsUnderWayWhenItsTimeIsOverMayStillSucceed) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  world.update("/a", "A2");
  world.now += std::chrono::hours(24);
  EXPECT_THAT(world.step(WriteDeadline{world.sequence}).events, IsEmpty());
  EXPECT_THAT(types(world.fail_write(Errc::unavailable)), ElementsAre("calendar.write.failed"));
}

TEST(WriteMachine, FailsAtOnceWhatNoRetryCanMend) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  world.update("/a", "A2");
  const auto ended = world.fail_write(Errc::forbidden);
  EXPECT_THAT(types(ended), ElementsAre("calendar.write.failed"));
  EXPECT_EQ(ended.events[0].payload.value()["error"]["code"], "forbidden");
}

TEST(WriteMachine, WaitsForCredentialsAndGoesOnWithThem) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  world.update("/a", "A2");
  const auto refused = world.fail_write(Errc::unauthorized);
  EXPECT_TRUE(has_message(refused, input_type::kCredentialsRefused));
  EXPECT_EQ(world.state.pause, Pause::credentials);
  EXPECT_EQ(world.state.writes.waiting, 1U);
  // Resumed: the pass that is due begins, then the command.
  world.step(world.configured);
  EXPECT_TRUE(world.task(world.last("t2")).has_value());
}

TEST(WriteMachine, AResultOfAnEarlierAttemptChangesNothing) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  world.update("/a", "A2");
  EXPECT_THAT(world.step(WriteDone{1, body("a", "A2")}).events, IsEmpty());
  EXPECT_TRUE(world.is<Writing>());
}

TEST(WriteMachine, KeepsSyncWishesThatComeMeanwhile) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  world.update("/a", "A2");
  world.step(SyncNow{PassMode::full});
  EXPECT_TRUE(world.is<Writing>());
  EXPECT_EQ(world.order(world.done(body("a", "A2"))).mode, PassMode::full);
}

TEST(WriteMachine, ACalendarThatGoesTakesItsCommandsAlongAndSaysSo) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  world.update("/a", "A2");
  world.update("/a", "A3");
  world.update("/a", "A4");
  world.done(body("a", "A2"));
  // The second is under way: the server may take it, or have taken it.
  EXPECT_THAT(world.step(CalendarRemoved{}).events, IsEmpty());
  const auto refused = world.try_step(WriteRequested{WriteKind::remove, "/a", "", {}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::not_found);
  EXPECT_THAT(types(world.done(body("a", "A3"))),
              ElementsAre("calendar.event.updated", "calendar.write.done", "calendar.event.deleted",
                          "calendar.write.failed"));
  EXPECT_TRUE(world.step(ReportDone{}).end);
  EXPECT_THAT(world.rows.rows, IsEmpty());
}

TEST(WriteMachine, ACalendarThatIsBackBeforeTheCommandHasEndedBeginsAnew) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  world.update("/a", "A2");
  world.step(CalendarRemoved{});
  world.step(world.configured);
  EXPECT_THAT(types(world.fail_write(Errc::unavailable)),
              ElementsAre("calendar.event.deleted", "calendar.write.failed"));
  const auto revived = world.step(ReportDone{});
  EXPECT_FALSE(revived.end);
  EXPECT_EQ(world.order(revived).mode, PassMode::initial);
}

TEST(WriteMachine, ACalendarThatTakesACommandIsLookedForAgain) {
  WriteWorld world;
  world.mirror({body("a", "A"), body("b", "B")});
  world.update("/a", "A2");
  world.step(CalendarRemoved{*world.state.last_sync});
  world.now += std::chrono::minutes(1);
  const auto taken = world.done(body("a", "A2"));
  EXPECT_THAT(types(taken), ElementsAre("calendar.event.updated", "calendar.write.done"));
  EXPECT_TRUE(has_message(taken, input_type::kCalendarCheck));
  EXPECT_TRUE(world.is<Idle>());
  // So it is when the listing is heard of later than the command, however old it is.
  EXPECT_THAT(world.step(CalendarRemoved{*world.state.last_sync}).events, IsEmpty());
  // It is gone all the same.
  EXPECT_THAT(types(world.step(CalendarRemoved{world.now})),
              ElementsAre("calendar.event.deleted", "calendar.event.deleted"));

  WriteWorld refused;
  refused.mirror({body("a", "A")});
  refused.update("/a", "A2");
  refused.step(CalendarRemoved{*refused.state.last_sync});
  EXPECT_THAT(types(refused.conflict(gone("a"))),
              ElementsAre("calendar.write.conflict", "calendar.event.deleted"));
}

TEST(WriteMachine, ACommandWhoseAnswerIsLostOutlivesAListingThatLackedItsCalendar) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  world.update("/a", "A2");
  world.step(CalendarRemoved{*world.state.last_sync});
  const auto lost = world.fail_write(Errc::timeout);
  EXPECT_THAT(lost.events, IsEmpty());
  EXPECT_TRUE(has_message(lost, input_type::kCalendarCheck));
  EXPECT_EQ(world.state.writes.waiting, 1U);
}

TEST(WriteMachine, HasALimitAndForgetsOldResults) {
  WriteWorld world;
  world.mirror({body("a", "A")});
  for (std::uint64_t i = 0; i < kMaxWaitingWrites; ++i) world.create("N" + std::to_string(i));
  const auto refused =
      world.try_step(WriteRequested{WriteKind::create, "", "", WriteWorld::made("X")});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::overloaded);
  for (std::uint64_t i = 0; i < kMaxWaitingWrites; ++i) world.fail_write(Errc::forbidden);
  world.create("one more");
  world.fail_write(Errc::forbidden);
  EXPECT_EQ(world.state.writes.finished, kMaxFinishedWrites);
}

TEST(WriteMachine, ItsInputsAndRowsSurviveTheJournal) {
  const WriteRequested asked{WriteKind::update, "/a#1", "\"e\"", WriteWorld::made("X")};
  const auto input = decode_calendar_input(input_type::kWriteRequested, encode(asked));
  ASSERT_TRUE(input.has_value());
  const auto& read = std::get<WriteRequested>(*input);
  EXPECT_EQ(read.kind, asked.kind);
  EXPECT_EQ(read.event, asked.event);
  EXPECT_EQ(read.if_match, asked.if_match);
  EXPECT_EQ(read.changes, asked.changes);
  for (const bool mixed : {false, true}) {
    const auto ended =
        decode_calendar_input(input_type::kWriteDone, encode(WriteDone{7, body("a", "A"), mixed}));
    ASSERT_TRUE(ended.has_value());
    EXPECT_EQ(std::get<WriteDone>(*ended).effect, 7U);
    EXPECT_EQ(std::get<WriteDone>(*ended).item, body("a", "A"));
    EXPECT_EQ(std::get<WriteDone>(*ended).mixed, mixed);
  }
  WaitingWrite row{WriteKind::update,
                   WallTime{std::chrono::milliseconds{5}},
                   "cor_1",
                   "/a",
                   "/a",
                   "rid",
                   std::string("\0\x01", 2),
                   true,
                   "timeout",
                   "why",
                   asked.changes};
  EXPECT_EQ(decode_waiting_write(encode(row)).value(), row);
  EXPECT_FALSE(decode_waiting_write("\x01\x09").has_value());
  EXPECT_EQ(parse_write_id(write_id(WallTime{}, 77)), Sequence{77});
  EXPECT_EQ(parse_write_deadline(write_deadline_timer(77)), Sequence{77});
  EXPECT_EQ(sequence_of_write_key(write_key('w', 0x0102030405060708)), 0x0102030405060708U);
}

// Every pair of phase and input: no step fails, and none forgets a command.
TEST(WriteMachine, NoInputInAnyPhaseLosesACommand) {
  const std::vector<CalendarInput> inputs{
      CalendarPaused{},  CalendarPresent{},
      SyncNow{},         Page{99, {}},
      PullDone{99},      PullFailed{99},
      Continue{},        ReportDone{},
      WriteDone{99},     WriteConflicted{},
      WriteFailed{99},   WriteRetry{},
      WriteDeadline{99}, CalendarTimer{std::string(kSyncTimer)}};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    for (const int phase : {0, 1, 2, 3}) {
      WriteWorld world;
      world.mirror({body("a", "A"), body("b", "B")});
      if (phase == 1) world.poll();
      if (phase == 2) {
        world.poll();
        world.failed(Errc::unavailable);
      }
      if (phase == 3) {
        world.step(SyncNow{PassMode::reconcile});
        world.listed("t2");  // it suddenly lists nothing
      }
      world.update("/a", "A2");
      ASSERT_EQ(world.state.writes.waiting, 1U);
      world.step(inputs[i]);
      EXPECT_EQ(world.state.writes.waiting, 1U) << i << " in " << phase;
    }
  }
}

}  // namespace
}  // namespace tidemark::test
