// The machine of a calendar's notification channels, step by step.
#include "sync/watch_machine.h"

#include <gmock/gmock.h>

#include "support/memory_rows.h"

namespace tidemark::test {
namespace {

using namespace sync;  // NOLINT: the machine's vocabulary is what these tests are written in
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::SizeIs;

constexpr const char* kAddress = "https://tidemark.example.org/hooks/google";

class WatchWorld : public testing::Test {
 protected:
  Transition<WatchState> step(const WatchInput& input) {
    const std::string tenant = "acme";
    const InstanceId instance = watch_instance("acme", "work", "cal_1");
    const StepContext context{++sequence, now, tenant, instance, "cor_1", rows};
    auto result = WatchMachine::step(context, state, input);
    EXPECT_TRUE(result.has_value());
    if (!result) return {};
    state = result->end ? WatchState{} : result->state;
    ended = result->end;
    for (const auto& timer : result->timers) wake = timer.due;
    if (!result->end) {
      const auto stored = decode_watch_state(encode(state));
      EXPECT_TRUE(stored && *stored == state);
    }
    EXPECT_LE(state.channels.size(), kMaxChannels);
    order.reset();
    for (const auto& effect : result->effects) {
      const auto decoded = decode_channel_order(effect.payload);
      EXPECT_TRUE(decoded && !order) << "one order a step";
      if (decoded) order = *decoded;
      effect_ = sequence;
    }
    return std::move(*result);
  }

  void want(const std::string& address = kAddress) {
    step(WatchWanted{"work", "cal_1", "team", address});
  }
  // The answers to the last order.
  void made() { step(WatchDone{effect_, "resource", now + kWatchLifetime}); }
  void stopped() { step(WatchStopped{effect_}); }
  void failed(Errc code) { step(WatchFailed{effect_, Error{code, "no", std::nullopt}}); }
  // To the timer.
  void wait() {
    ASSERT_TRUE(wake.has_value());
    now = *wake;
    wake.reset();
    step(WatchTimer{});
  }
  bool asks() const { return order && !order->stops; }
  bool stops(const std::string& channel) const {
    return order && order->stops && order->channel == channel && order->resource == "resource";
  }

  MemoryRows rows;
  WatchState state;
  Sequence sequence = 0;
  WallTime now{milliseconds{1'765'886'400'000}};
  std::optional<WallTime> wake;
  std::optional<ChannelOrder> order;
  bool ended = false;

 private:
  Sequence effect_ = 0;
};

TEST_F(WatchWorld, AsksForAChannelOfItsOwnName) {
  want();
  ASSERT_TRUE(asks());
  EXPECT_EQ(order->remote_id, "team");
  EXPECT_EQ(order->address, kAddress);
  EXPECT_EQ(order->expires, now + kWatchLifetime);
  EXPECT_FALSE(order->renews);
  EXPECT_LE(order->channel.size(), 64U);
  EXPECT_EQ(calendar_of_channel(order->channel), "cal_1");
  made();
  EXPECT_FALSE(order);
  ASSERT_NE(state.serving(), nullptr);
  // A tenth of a week before its end, more or less.
  EXPECT_GT(*wake, now + hours(7 * 24 - 17 * 2));
  EXPECT_LT(*wake, now + hours(7 * 24 - 12));
}

TEST_F(WatchWorld, ReplacesItBeforeItsEndAndStopsTheOldOneAfterAnOverlap) {
  want();
  const std::string first = order->channel;
  made();
  wait();
  ASSERT_TRUE(asks());
  EXPECT_TRUE(order->renews);
  EXPECT_NE(order->channel, first);
  const std::string second = order->channel;
  made();
  EXPECT_FALSE(order) << "both live for a while";
  EXPECT_EQ(*wake, now + kWatchOverlap);
  wait();
  EXPECT_TRUE(stops(first));
  stopped();
  ASSERT_THAT(state.channels, SizeIs(1));
  EXPECT_EQ(state.serving()->id, second);
}

TEST_F(WatchWorld, AsksAgainByTheSameNameWhileItDoesNotKnow) {
  want();
  const std::string name = order->channel;
  failed(Errc::timeout);
  EXPECT_FALSE(order);
  wait();
  ASSERT_TRUE(asks());
  EXPECT_EQ(order->channel, name);
  made();
  EXPECT_EQ(state.serving()->id, name);
}

TEST_F(WatchWorld, ALostChannelIsStoppedByTheResourceOfTheNextOne) {
  want();
  const std::string lost = order->channel;
  failed(Errc::conflict);
  wait();
  ASSERT_TRUE(asks());
  EXPECT_NE(order->channel, lost);
  made();
  EXPECT_TRUE(stops(lost));
  stopped();
  EXPECT_THAT(state.channels, SizeIs(1));
}

TEST_F(WatchWorld, ALostReplacementMakesRoomBeforeTheNextOneIsMade) {
  want();
  const std::string first = order->channel;
  made();
  wait();
  const std::string lost = order->channel;
  failed(Errc::conflict);
  EXPECT_FALSE(order);
  wait();
  EXPECT_TRUE(stops(lost));
  stopped();
  ASSERT_TRUE(asks());
  made();
  wait();
  EXPECT_TRUE(stops(first));
}

TEST_F(WatchWorld, TwoLostOnesAreLeftUntilTheFirstEnds) {
  want();
  failed(Errc::conflict);
  wait();
  failed(Errc::conflict);
  EXPECT_THAT(state.channels, SizeIs(2));
  const WallTime first_ends = state.channels.front().expires;
  wait();
  EXPECT_FALSE(order);
  EXPECT_EQ(*wake, first_ends);
  wait();
  ASSERT_TRUE(asks());
  const std::string second = state.channels.front().id;
  made();
  EXPECT_TRUE(stops(second));
}

TEST_F(WatchWorld, IsNotAskedForADayWhereItCannotBeWatched) {
  want();
  failed(Errc::invalid_argument);
  EXPECT_GT(*wake, now + hours(21));
  EXPECT_EQ(state.error_code, "invalid_argument");
  want();
  EXPECT_TRUE(asks()) << "told anew: something has changed";
}

TEST_F(WatchWorld, LeavesRefusedCredentialsToTheAccount) {
  want();
  failed(Errc::unauthorized);
  EXPECT_GE(*wake, now + minutes(11));
  want();
  EXPECT_TRUE(asks());
}

TEST_F(WatchWorld, StopsWhatThereIsAndEnds) {
  want();
  const std::string only = order->channel;
  made();
  step(WatchUnwanted{});
  EXPECT_TRUE(stops(only));
  failed(Errc::unavailable);
  EXPECT_FALSE(ended);
  wait();
  EXPECT_TRUE(stops(only));
  stopped();
  EXPECT_TRUE(ended);
  step(WatchTimer{});
  EXPECT_TRUE(ended) << "late news";
}

TEST_F(WatchWorld, AnAnswerThatComesAfterItIsUnwantedIsStopped) {
  want();
  const std::string only = order->channel;
  step(WatchUnwanted{});
  EXPECT_FALSE(order) << "nobody knows yet what there is to stop";
  made();
  EXPECT_TRUE(stops(only));
  stopped();
  EXPECT_TRUE(ended);
}

TEST_F(WatchWorld, WhatMayExistIsFoundOutThoughUnwanted) {
  want();
  const std::string lost = order->channel;
  step(WatchUnwanted{});
  failed(Errc::timeout);
  wait();
  ASSERT_TRUE(asks());
  EXPECT_EQ(order->channel, lost);
  failed(Errc::conflict);
  wait();
  ASSERT_TRUE(asks()) << "another channel tells the resource";
  EXPECT_EQ(order->address, kAddress);
  const std::string other = order->channel;
  made();
  EXPECT_TRUE(stops(lost));
  stopped();
  EXPECT_TRUE(stops(other));
  stopped();
  EXPECT_TRUE(ended);
}

TEST_F(WatchWorld, WhatCannotBeStoppedEndsWithItsTime) {
  want();
  made();
  const WallTime end = state.serving()->expires;
  step(WatchUnwanted{});
  for (int tries = 0; !ended && tries < 100; ++tries) {
    if (order) failed(Errc::invalid_argument);
    if (!ended) wait();
  }
  EXPECT_TRUE(ended);
  EXPECT_EQ(now, end);
}

TEST_F(WatchWorld, AnotherAddressReplacesTheChannelAtOnce) {
  want();
  const std::string first = order->channel;
  made();
  want("https://elsewhere.example.org/hooks/google");
  ASSERT_TRUE(asks());
  EXPECT_EQ(order->address, "https://elsewhere.example.org/hooks/google");
  EXPECT_FALSE(order->renews);
  made();
  EXPECT_EQ(*wake, now + kWatchOverlap);
  wait();
  EXPECT_TRUE(stops(first));
}

TEST_F(WatchWorld, AnotherAddressDuringAnOverlapMakesRoomFirst) {
  want();
  const std::string first = order->channel;
  made();
  wait();
  made();
  want("https://elsewhere.example.org/hooks/google");
  EXPECT_TRUE(stops(first));
  stopped();
  ASSERT_TRUE(asks());
  made();
  EXPECT_NE(state.serving(), nullptr);
}

TEST_F(WatchWorld, AChannelThatEndsAtOnceIsNotAskedForInALoop) {
  want();
  step(WatchDone{sequence, "resource", now + seconds(1)});
  EXPECT_FALSE(order);
  EXPECT_EQ(state.error_code, "protocol_error");
  wait();
  EXPECT_FALSE(order) << "it has ended; the pause has not";
  EXPECT_GE(*wake, now + seconds(30));
}

}  // namespace
}  // namespace tidemark::test
