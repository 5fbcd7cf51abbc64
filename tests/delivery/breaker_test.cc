#include "delivery/breaker.h"

#include <gtest/gtest.h>

#include "base/sha256.h"

namespace tidemark::delivery {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNow{milliseconds{1'765'886'400'000}};  // a multiple of ten seconds
constexpr BreakerPolicy kPolicy{};

struct Endpoint {
  Breaker breaker;
  WallTime now = kNow;
  BreakerPolicy policy = kPolicy;

  Admission admit() { return breaker.admit(policy, now); }
  BreakerChange succeed() { return breaker.end_attempt(policy, true, now); }
  BreakerChange fail() { return breaker.end_attempt(policy, false, now); }
  BreakerChange probe(bool succeeded) { return breaker.end_probe(policy, succeeded, now); }
  void trip() {
    for (int i = 0; i < 9; ++i) EXPECT_EQ(fail(), BreakerChange::none);
    EXPECT_EQ(fail(), BreakerChange::opened);
  }
};

TEST(Breaker, OpensWhenHalfOfTenAttemptsFail) {
  Endpoint at;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(at.succeed(), BreakerChange::none);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(at.fail(), BreakerChange::none);
  EXPECT_EQ(at.admit(), Admission::send);
  EXPECT_EQ(at.breaker.ready_at(kPolicy, at.now), at.now);
  EXPECT_EQ(at.fail(), BreakerChange::opened);
  EXPECT_EQ(at.breaker.phase(), BreakerPhase::open);
  EXPECT_EQ(at.admit(), Admission::wait);
  EXPECT_EQ(at.breaker.ready_at(kPolicy, at.now), at.now + 30s);
}

TEST(Breaker, StaysClosedBelowTheRatioAndBelowTheLeastNumber) {
  Endpoint few;
  for (int i = 0; i < 9; ++i) EXPECT_EQ(few.fail(), BreakerChange::none);
  Endpoint many;
  for (int i = 0; i < 102; ++i) many.succeed();
  for (int i = 0; i < 101; ++i) EXPECT_EQ(many.fail(), BreakerChange::none);
  EXPECT_EQ(many.fail(), BreakerChange::opened);
}

TEST(Breaker, ForgetsWhatIsOlderThanItsWindow) {
  Endpoint at;
  for (int i = 0; i < 9; ++i) at.fail();
  at.now += 60s;
  EXPECT_EQ(at.fail(), BreakerChange::none);
  Endpoint within;
  for (int i = 0; i < 9; ++i) within.fail();
  within.now += 59'999ms;
  EXPECT_EQ(within.fail(), BreakerChange::opened);
}

TEST(Breaker, LetsExactlyOneProbeThroughAfterTheCoolDown) {
  Endpoint at;
  at.trip();
  at.now += 30s - 1ms;
  EXPECT_EQ(at.admit(), Admission::wait);
  at.now += 1ms;
  EXPECT_EQ(at.admit(), Admission::probe);
  EXPECT_EQ(at.breaker.phase(), BreakerPhase::half_open);
  EXPECT_EQ(at.breaker.ready_at(kPolicy, at.now), std::nullopt);
  at.now += 1h;
  EXPECT_EQ(at.admit(), Admission::wait);
  EXPECT_EQ(at.probe(true), BreakerChange::closed);
  EXPECT_EQ(at.admit(), Admission::send);
  // The failures from before are forgotten.
  EXPECT_EQ(at.fail(), BreakerChange::none);
}

TEST(Breaker, DoublesTheCoolDownUpToTenMinutesAndBeginsAnewWhenClosed) {
  Endpoint at;
  at.trip();
  for (const auto cool_down : {30s, 60s, 120s, 240s, 480s, 600s, 600s, 600s}) {
    EXPECT_EQ(at.breaker.ready_at(kPolicy, at.now), at.now + cool_down);
    at.now += cool_down;
    EXPECT_EQ(at.admit(), Admission::probe);
    EXPECT_EQ(at.probe(false), BreakerChange::opened);
  }
  at.now += 600s;
  EXPECT_EQ(at.admit(), Admission::probe);
  EXPECT_EQ(at.probe(true), BreakerChange::closed);
  at.trip();
  EXPECT_EQ(at.breaker.ready_at(kPolicy, at.now), at.now + 30s);
}

TEST(Breaker, IsMovedOutOfHalfOpenByItsProbeOnly) {
  Endpoint at;
  at.trip();
  EXPECT_EQ(at.fail(), BreakerChange::none);
  EXPECT_EQ(at.succeed(), BreakerChange::none);
  EXPECT_EQ(at.breaker.ready_at(kPolicy, at.now), at.now + 30s);
  at.now += 30s;
  EXPECT_EQ(at.admit(), Admission::probe);
  EXPECT_EQ(at.succeed(), BreakerChange::none);
  EXPECT_EQ(at.fail(), BreakerChange::none);
  EXPECT_EQ(at.breaker.phase(), BreakerPhase::half_open);
  EXPECT_EQ(at.probe(false), BreakerChange::opened);
  EXPECT_EQ(at.breaker.ready_at(kPolicy, at.now), at.now + 60s);
}

TEST(Breaker, SendsAnotherProbeWhenOneWasAbandoned) {
  Endpoint at;
  at.breaker.abandon_probe(at.now);
  EXPECT_EQ(at.breaker, Breaker{});
  at.trip();
  at.now += 30s;
  EXPECT_EQ(at.admit(), Admission::probe);
  at.breaker.abandon_probe(at.now);
  EXPECT_EQ(at.breaker.ready_at(kPolicy, at.now), at.now);
  EXPECT_EQ(at.admit(), Admission::probe);
  EXPECT_EQ(at.probe(false), BreakerChange::opened);
  EXPECT_EQ(at.breaker.ready_at(kPolicy, at.now), at.now + 60s);
}

TEST(Breaker, DisablesAfterFiveDaysWithoutASuccess) {
  Endpoint at;
  at.fail();
  for (int hour = 1; hour < 120; ++hour) {
    at.now += 1h;
    EXPECT_EQ(at.fail(), BreakerChange::none) << hour;
  }
  EXPECT_EQ(at.breaker.failing_for(), 119h);
  at.now += 1h;
  EXPECT_EQ(at.fail(), BreakerChange::disable);
}

TEST(Breaker, DisablesOnAFailedProbe) {
  Endpoint at;
  at.policy.disable_after = 1min;
  at.trip();
  at.now += 30s;
  EXPECT_EQ(at.admit(), Admission::probe);
  EXPECT_EQ(at.probe(false), BreakerChange::opened);
  at.now += 60s;
  EXPECT_EQ(at.admit(), Admission::probe);
  EXPECT_EQ(at.probe(false), BreakerChange::disable);
}

TEST(Breaker, BeginsCountingAnewAfterASuccess) {
  Endpoint at;
  for (int hour = 0; hour < 110; ++hour, at.now += 1h) at.fail();
  EXPECT_EQ(at.succeed(), BreakerChange::none);
  EXPECT_EQ(at.breaker.failing_for(), 0h);
  for (int hour = 0; hour < 110; ++hour, at.now += 1h) EXPECT_EQ(at.fail(), BreakerChange::none);
}

TEST(Breaker, DisablesNothingBecauseTheMachineSleptOrTheClockJumped) {
  Endpoint at;
  at.fail();
  at.now += 24h * 365;
  EXPECT_EQ(at.fail(), BreakerChange::none);
  EXPECT_EQ(at.breaker.failing_for(), 30h);
  at.now -= 24h * 365;
  EXPECT_EQ(at.fail(), BreakerChange::none);
  EXPECT_EQ(at.breaker.failing_for(), 30h);
}

TEST(Breaker, NeverDisablesWhenToldSo) {
  Endpoint at;
  at.policy.disable_after = 0ms;
  for (int day = 0; day < 100; ++day, at.now += 24h) EXPECT_EQ(at.fail(), BreakerChange::none);
}

TEST(Breaker, DoesNotStarveWhenTheClockStepsBack) {
  Endpoint at;
  at.trip();
  at.now -= 24h;
  EXPECT_EQ(at.breaker.ready_at(kPolicy, at.now), at.now + 30s);
  EXPECT_EQ(at.admit(), Admission::wait);
  at.now += 30s;
  EXPECT_EQ(at.admit(), Admission::probe);
  // Nor does it forget what it has counted, or keep it for a day.
  Endpoint counting;
  for (int i = 0; i < 9; ++i) counting.fail();
  counting.now -= 24h;
  Endpoint later = counting;
  EXPECT_EQ(counting.fail(), BreakerChange::opened);
  later.succeed();
  later.now += 60s;
  EXPECT_EQ(later.fail(), BreakerChange::none);
}

TEST(Breaker, IsReadBackAsItWasWritten) {
  Endpoint at;
  at.succeed();
  for (int i = 0; i < 9; ++i, at.now += 5s) at.fail();
  at.now += 30s;
  at.admit();
  ByteWriter writer;
  at.breaker.write(writer);
  const std::string bytes = std::move(writer).str();
  ByteReader reader(bytes);
  EXPECT_EQ(Breaker::read(reader), at.breaker);
  EXPECT_TRUE(reader.done());
  // A changed digest is a changed format: raise the format byte and read both.
  EXPECT_EQ(to_hex(sha256(bytes)).substr(0, 16), "d3883655db0cf1bf");
}

TEST(Breaker, RefusesBytesThatAreNoBreaker) {
  ByteWriter writer;
  Breaker{}.write(writer);
  const std::string good = std::move(writer).str();
  for (std::size_t size = 0; size < good.size(); ++size) {
    ByteReader reader(std::string_view(good).substr(0, size));
    Breaker::read(reader);
    EXPECT_FALSE(reader.ok()) << size;
  }
  for (const std::size_t at : {std::size_t{0}, std::size_t{1}}) {
    std::string bad = good;
    bad[at] = '\x07';
    ByteReader reader(bad);
    Breaker::read(reader);
    EXPECT_FALSE(reader.ok()) << at;
  }
}

}  // namespace
}  // namespace tidemark::delivery
