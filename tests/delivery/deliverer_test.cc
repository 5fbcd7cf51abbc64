// What receivers get, and when.
#include <algorithm>

#include "delivery_world.h"

namespace tidemark::test {
namespace {

using namespace std::chrono_literals;
using delivery::EndpointStatus;
using delivery::Hold;

class Deliveries : public DeliveryWorld {};

TEST_F(Deliveries, EveryEventReachesEveryEndpointOnceSignedAndAsItStandsInTheFeed) {
  auto& one = receive("one");
  auto& two = receive("two", [](const HttpRequest& request) {
    EXPECT_TRUE(find_header(request.headers, "webhook-signature")->starts_with("v1,"));
    EXPECT_EQ(find_header(request.headers, "webhook-timestamp"), "1765886400");
    return SimulatedDriver::Answer{};
  });
  create("one");
  create("two");
  const auto ids = emit(100);
  settle();
  run_for(1s);
  auto got = ids_of(one);
  std::sort(got.begin(), got.end());
  EXPECT_EQ(got, ids);
  EXPECT_EQ(two.size(), 100U);
  const auto feed = read_feed_lines(*store_, {.limit = 1});
  EXPECT_EQ(one.front().body, feed->items.front().json);
  EXPECT_EQ(state("one").counts.delivered, 100U);
  EXPECT_EQ(state("one").counts.waiting, 0U);
}

TEST_F(Deliveries, BeginWithWhatHappensAfterTheEndpointWasMade) {
  auto& got = receive("one");
  emit(5);
  create("one");
  const auto ids = emit(2);
  run_for(1s);
  EXPECT_EQ(got.size(), ids.size());
}

TEST_F(Deliveries, NothingIsSentBeforeItsCommitAndNothingTwiceAfterARestart) {
  auto& got = receive("one");
  create("one");
  emit(50);
  run_for(1s);
  EXPECT_EQ(got.size(), 50U);
  reopen();
  run_for(1s);
  EXPECT_EQ(got.size(), 50U) << "the cursor was committed with the results";
}

TEST_F(Deliveries, WhatWasOnItsWayInACrashIsSentAgainUnderTheSameId) {
  auto& got = receive("one");
  create("one");
  const auto ids = emit(3);
  driver_.run();  // sent, not yet answered
  ASSERT_EQ(got.size(), 3U);
  reopen();
  run_for(1s);
  auto seen = ids_of(got);
  EXPECT_EQ(seen.size(), 6U);
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  EXPECT_EQ(seen, ids);
}

TEST_F(Deliveries, AFailureIsTriedAgainOnScheduleWhileOthersGoOn) {
  bool fails = true;
  auto& got = receive("one", [&](const HttpRequest& request) {
    const bool first = request.body.find("\"n\":0}") != std::string::npos;
    return first && fails ? status(500) : status(204);
  });
  create("one", {{"schedule", {"0s", "5s", "1m"}}});
  const WallTime begun = clock_.now();
  const auto ids = emit(3);
  run_for(1s);
  EXPECT_EQ(got.size(), 3U) << "later events do not wait";
  EXPECT_EQ(state("one").counts.waiting, 1U);
  run_for(10s);
  ASSERT_EQ(got.size(), 4U);
  EXPECT_EQ(got[3].id, ids[0]);
  EXPECT_GE(got[3].at - begun, 4500ms);
  EXPECT_LE(got[3].at - begun, 5600ms);
  fails = false;
  run_for(2min);
  EXPECT_EQ(got.size(), 5U);
  EXPECT_EQ(state("one").counts.waiting, 0U);
  EXPECT_EQ(state("one").counts.delivered, 3U);
}

TEST_F(Deliveries, AFailureBehindTheCursorIsNotBegunAnewAfterACrash) {
  auto& got = receive("one", [&](const HttpRequest& request) {
    const bool hangs = request.body.find("\"n\":0}") != std::string::npos;
    return hangs ? SimulatedDriver::Answer{HttpResponse{200, {}, {}}, 1h} : status(500);
  });
  create("one", {{"schedule", {"0s", "10m"}}});
  const auto ids = emit(2);
  run_for(1s);
  ASSERT_EQ(got.size(), 2U);
  ASSERT_EQ(state("one").counts.waiting, 1U);
  reopen();
  run_for(1min);
  ASSERT_EQ(got.size(), 3U);
  EXPECT_EQ(got[2].id, ids[0]) << "only what had no result";
  run_for(15min);
  const auto seen = ids_of(got);
  EXPECT_EQ(std::count(seen.begin(), seen.end(), ids[1]), 2) << "as often as its schedule says";
}

TEST_F(Deliveries, ARewindOverADeadLetterBeginsItAnewAndOnlyOnce) {
  bool fails = true;
  auto& got = receive("one", [&](const HttpRequest&) { return fails ? status(500) : status(200); });
  create("one", {{"schedule", {"0s"}}});
  const auto start = state("one").cursor;
  const auto ids = emit(1);
  run_for(1min);
  ASSERT_EQ(state("one").counts.dead, 1U);
  fails = false;
  got.clear();
  ASSERT_TRUE(submit(endpoint("one"), delivery::input_type::kRewind,
                     encode(delivery::RewindEndpoint{start})));
  run_for(1min);
  EXPECT_EQ(ids_of(got), ids);
  EXPECT_EQ(state("one").counts.dead, 0U);
  EXPECT_EQ(state("one").counts.waiting, 0U);
}

TEST_F(Deliveries, TheLastFailureMakesADeadLetterWithItsHistoryAndAnEvent) {
  auto& got =
      receive("one", [](const HttpRequest&) { return status(500, {}, std::string(5000, 'x')); });
  create("one", {{"schedule", {"0s", "5s", "5s"}}});
  const auto ids = emit(1);
  run_for(1min);
  EXPECT_EQ(got.size(), 3U) << "never more attempts than the schedule has";
  const auto after = state("one");
  EXPECT_EQ(after.counts.dead, 1U);
  EXPECT_EQ(after.counts.waiting, 0U);
  const auto row =
      read_row(*store_, endpoint("one"), delivery::dead_key(*parse_id(kEventPrefix, ids[0])));
  ASSERT_TRUE(row && *row);
  const auto dead = delivery::decode_delivery(**row);
  ASSERT_TRUE(dead);
  ASSERT_EQ(dead->attempts.size(), 3U);
  EXPECT_EQ(dead->attempts[0].status, 500U);
  EXPECT_EQ(dead->attempts[0].answer.size(), delivery::kMaxKeptAnswerBytes);
  EXPECT_EQ(feed_types(), (std::vector<std::string>{"test.happened", "delivery.dead_lettered"}));
  run_for(1h);
  EXPECT_EQ(got.size(), 3U) << "not even the news of it goes there";
}

TEST_F(Deliveries, NewsOfADeadLetterGoesToOthersAndMakesNoNewsOfItsOwn) {
  receive("bad", [](const HttpRequest&) { return status(500); });
  receive("worse", [](const HttpRequest&) { return status(500); });
  create("bad", {{"schedule", {"0s"}}});
  create("worse", {{"schedule", {"0s"}}});
  emit(1);
  run_for(1h);
  const auto types = feed_types();
  EXPECT_EQ(std::count(types.begin(), types.end(), "delivery.dead_lettered"), 2);
  EXPECT_EQ(state("bad").counts.dead, 2U) << "the event, and the other one's news";
}

TEST_F(Deliveries, RetryAfterIsHonouredOn429And503Only) {
  int code = 429;
  auto& got = receive("one", [&](const HttpRequest&) {
    return status(code, {{"Retry-After", "120"}});
  });
  create("one", {{"schedule", {"0s", "5s", "5s"}}});
  emit(1);
  run_for(1s);
  run_for(110s);
  EXPECT_EQ(got.size(), 1U);
  code = 500;
  run_for(12s);
  EXPECT_EQ(got.size(), 2U);
  run_for(10s);
  EXPECT_EQ(got.size(), 3U) << "a 500 cannot ask for patience";
}

TEST_F(Deliveries, AnAnswerOf410DisablesTheEndpointAndSaysSo) {
  auto& got = receive("one", [](const HttpRequest&) { return status(410); });
  create("one");
  emit(1);
  run_for(1s);
  EXPECT_EQ(state("one").status, EndpointStatus::disabled);
  EXPECT_EQ(hold("one").reason, Hold::Reason::disabled);
  const auto sent = got.size();
  emit(5);
  run_for(24h);
  EXPECT_EQ(got.size(), sent);
  const auto types = feed_types();
  EXPECT_EQ(std::count(types.begin(), types.end(), "endpoint.disabled"), 1);
}

TEST_F(Deliveries, ARedirectIsAFailure) {
  receive("one", [](const HttpRequest&) { return status(302, {{"Location", "http://x/"}}); });
  create("one");
  emit(1);
  run_for(1s);
  EXPECT_EQ(state("one").counts.waiting, 1U);
  EXPECT_EQ(state("one").last_error, "HTTP status 302");
}

TEST_F(Deliveries, AnOrderedEndpointSeesOrderThroughFailures) {
  int calls = 0;
  auto& got = receive(
      "one", [&](const HttpRequest&) { return ++calls % 3 == 0 ? status(500) : status(200); });
  create("one", {{"ordered", true}, {"schedule", {"0s", "1s", "1s", "1s"}}});
  const auto ids = emit(20);
  run_for(5min);
  std::vector<std::string> once;
  for (const auto& one : got) {
    if (once.empty() || once.back() != one.id) once.push_back(one.id);
  }
  EXPECT_EQ(once, ids);
  EXPECT_EQ(state("one").counts.delivered, 20U);
}

TEST_F(Deliveries, AnOrderedEndpointGoesOnBehindADeadLetter) {
  auto& got = receive("one", [&](const HttpRequest& request) {
    return request.body.find("\"n\":0}") != std::string::npos ? status(500) : status(200);
  });
  create("one", {{"ordered", true}, {"schedule", {"0s", "1s"}}});
  emit(1);
  run_for(500ms);
  emit(2);
  run_for(200ms);
  EXPECT_EQ(got.size(), 1U) << "later events are held back";
  EXPECT_EQ(hold("one").reason, Hold::Reason::waits_for_retry);
  run_for(1min);
  EXPECT_EQ(state("one").counts.dead, 1U);
  EXPECT_GE(state("one").counts.delivered, 2U);
}

TEST_F(Deliveries, ATenantGetsItsOwnEventsOnly) {
  auto& got = receive("one");
  create("one");
  emit(3, "umbrella");
  const auto own = emit(1);
  run_for(1s);
  EXPECT_EQ(ids_of(got), own);
}

TEST_F(Deliveries, TypesAndFiltersLeaveEventsOutAndTheCursorPassesThem) {
  auto& got = receive("one");
  create("one", {{"types", {"wanted.*"}},
                 {"filter", {{{"field", "payload.n"}, {"op", "greater"}, {"value", 2}}}}});
  emit(2, "acme", "wanted.thing");
  emit(2, "acme", "other.thing");
  emit(2, "acme", "wanted.thing");
  run_for(1s);
  EXPECT_EQ(got.size(), 2U);
  EXPECT_EQ(state("one").counts.filtered, 4U);
}

TEST_F(Deliveries, APausedEndpointKeepsItsPlace) {
  auto& got = receive("one");
  create("one");
  ASSERT_TRUE(submit(endpoint("one"), delivery::input_type::kPause,
                     encode(delivery::PauseEndpoint{"maintenance"})));
  settle();
  emit(10);
  run_for(1h);
  EXPECT_TRUE(got.empty());
  EXPECT_EQ(hold("one").detail, "maintenance");
  ASSERT_TRUE(submit(endpoint("one"), delivery::input_type::kResume, {}));
  run_for(1s);
  EXPECT_EQ(got.size(), 10U);
}

TEST_F(Deliveries, ARewindRepeatsEventsUnderTheirIdsWithoutTouchingHealth) {
  bool fails = false;
  auto& got = receive("one", [&](const HttpRequest&) { return fails ? status(500) : status(200); });
  create("one", {{"schedule", {"0s", "1s"}}});
  const auto start = state("one").cursor;
  const auto ids = emit(30);
  run_for(1s);
  got.clear();
  fails = true;
  ASSERT_TRUE(submit(endpoint("one"), delivery::input_type::kRewind,
                     encode(delivery::RewindEndpoint{start})));
  run_for(500ms);
  EXPECT_EQ(state("one").breaker.phase(), delivery::BreakerPhase::closed);
  fails = false;
  run_for(1min);
  auto again = ids_of(got);
  std::sort(again.begin(), again.end());
  again.erase(std::unique(again.begin(), again.end()), again.end());
  EXPECT_EQ(again, ids);
  EXPECT_FALSE(state("one").replay_until);
}

TEST_F(Deliveries, NothingLeavesUnsigned) {
  no_key_ = Error{Errc::unauthorized, "the master key is missing", {}};
  auto& got = receive("one");
  create("one");
  emit(3);
  run_for(10s);
  EXPECT_TRUE(got.empty());
  EXPECT_EQ(hold("one").reason, Hold::Reason::no_key);
  no_key_.reset();
  run_for(2min);
  EXPECT_EQ(got.size(), 3U) << "it is looked for again";
}

TEST_F(Deliveries, DeadLettersAreBegunAnewAtTheirRate) {
  bool fails = true;
  auto& got = receive("one", [&](const HttpRequest&) { return fails ? status(500) : status(200); });
  create("one", {{"schedule", {"0s"}}, {"concurrency", 1}});
  const auto ids = emit(5);
  run_for(1h);
  ASSERT_EQ(state("one").counts.dead, 5U);
  fails = false;
  run_for(1h);
  got.clear();
  std::vector<Position> positions;
  for (const auto& id : ids) positions.push_back(*parse_id(kEventPrefix, id));
  ASSERT_TRUE(submit(endpoint("one"), delivery::input_type::kRetry,
                     encode(delivery::RetryDeliveries{positions, 1s, {}})));
  run_for(1min);
  EXPECT_EQ(ids_of(got), ids);
  EXPECT_GE(got.back().at - got.front().at, 4s);
  EXPECT_EQ(state("one").counts.dead, 0U);
}

TEST_F(Deliveries, AnEndpointThatIsRemovedLeavesNothingBehind) {
  receive("one", [](const HttpRequest&) { return status(500); });
  create("one", {{"schedule", {"0s", "1h"}}, {"concurrency", 64}});
  emit(700);
  run_for(3h);
  ASSERT_TRUE(submit(endpoint("one"), delivery::input_type::kRemove, {}));
  run_for(1s);
  EXPECT_FALSE(read_state(*store_, endpoint("one"))->has_value());
  std::size_t rows = 0;
  ASSERT_TRUE(scan_rows(*store_, endpoint("one"), "", "", [&](std::string_view, std::string_view) {
    ++rows;
    return true;
  }));
  EXPECT_EQ(rows, 0U);
  const auto sent = driver_.sent;
  emit(3);
  run_for(1h);
  EXPECT_EQ(driver_.sent, sent);
}

// Crashes at every turn of a run, one after the other, and looks at what the receivers got.
TEST_F(Deliveries, ACrashAtAnyTurnLosesNothingAndKeepsOrder) {
  int calls = 0;
  auto& plain = receive(
      "plain", [&](const HttpRequest&) { return ++calls % 4 == 0 ? status(503) : status(200); });
  auto& ordered = receive(
      "ordered", [&](const HttpRequest&) { return ++calls % 5 == 0 ? status(500) : status(200); });
  create("plain", {{"schedule", {"0s", "1s", "1s", "1s", "1s", "1s"}}});
  create("ordered", {{"ordered", true}, {"schedule", {"0s", "1s", "1s", "1s", "1s", "1s"}}});
  std::vector<std::string> ids;
  for (int round = 0; round < 60; ++round) {
    const auto some = emit(3);
    ids.insert(ids.end(), some.begin(), some.end());
    for (int turns = 0; turns < round % 9; ++turns) {
      turn();
      clock_.advance(milliseconds{round * 7 % 20});
    }
    reopen();
  }
  run_for(10min);
  const auto distinct = [](std::vector<std::string> all) {
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  };
  EXPECT_EQ(distinct(ids_of(plain)), ids);
  EXPECT_EQ(distinct(ids_of(ordered)), ids);
  // Order: an event is never seen for the first time before one that comes earlier in the feed.
  std::string newest;
  for (const auto& id : ids_of(ordered)) {
    if (id > newest) {
      EXPECT_TRUE(newest.empty() || std::find(ids.begin(), ids.end(), id) ==
                                        std::find(ids.begin(), ids.end(), newest) + 1)
          << id << " came right after " << newest;
      newest = id;
    }
  }
  EXPECT_EQ(state("plain").counts.delivered, ids.size());
}

}  // namespace
}  // namespace tidemark::test
