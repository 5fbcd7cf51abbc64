#include "delivery/token_bucket.h"

#include <gtest/gtest.h>

#include <limits>

namespace tidemark::delivery {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNow{milliseconds{1'765'886'400'000}};  // 2025-12-16T12:00:00Z
constexpr WallTime kMidnight = kNow + 12h;

template <class T>
T reread(const T& value) {
  ByteWriter writer;
  value.write(writer);
  const std::string bytes = std::move(writer).str();
  ByteReader reader(bytes);
  const T read = T::read(reader);
  EXPECT_TRUE(reader.done());
  return read;
}

int take_all(TokenBucket& bucket, const RateLimit& limit, WallTime now) {
  int taken = 0;
  while (bucket.take(limit, now)) ++taken;
  return taken;
}

TEST(TokenBucket, StartsWithItsBurstAndRefillsAtItsRate) {
  const RateLimit limit{.milli_per_second = 2'000, .burst = 5};
  TokenBucket bucket;
  EXPECT_EQ(take_all(bucket, limit, kNow), 5);
  EXPECT_FALSE(bucket.take(limit, kNow + 499ms));
  EXPECT_TRUE(bucket.take(limit, kNow + 500ms));
  EXPECT_EQ(take_all(bucket, limit, kNow + 1500ms), 2);
  EXPECT_EQ(take_all(bucket, limit, kNow + 1h), 5);
}

TEST(TokenBucket, SaysTheFirstMillisecondThatSuffices) {
  for (const std::uint32_t rate : {1U, 7U, 333U, 999U, 1'000U, 30'001U, kMaxMilliPerSecond}) {
    const RateLimit limit{.milli_per_second = rate, .burst = 1};
    TokenBucket bucket;
    EXPECT_EQ(bucket.ready_at(limit, kNow), kNow);
    ASSERT_TRUE(bucket.take(limit, kNow));
    const WallTime ready = bucket.ready_at(limit, kNow);
    ASSERT_GT(ready, kNow);
    TokenBucket early = bucket;
    EXPECT_FALSE(early.take(limit, ready - 1ms)) << rate;
    EXPECT_EQ(early.ready_at(limit, ready - 1ms), ready) << rate;
    EXPECT_TRUE(bucket.take(limit, ready)) << rate;
  }
}

TEST(TokenBucket, NeverLosesAFractionByBeingAskedOften) {
  const RateLimit limit{.milli_per_second = 333, .burst = 1};
  TokenBucket bucket;
  ASSERT_TRUE(bucket.take(limit, kNow));
  int taken = 0;
  for (auto at = 1ms; at <= 300'000ms; ++at) taken += bucket.take(limit, kNow + at) ? 1 : 0;
  EXPECT_EQ(taken, 99);  // 0.333 * 300 = 99.9
}

TEST(TokenBucket, NeitherGrantsNorStarvesWhenTheClockStepsBack) {
  const RateLimit limit{.milli_per_second = 1'000, .burst = 3};
  TokenBucket bucket;
  EXPECT_EQ(take_all(bucket, limit, kNow), 3);
  const WallTime back = kNow - 24h;
  EXPECT_EQ(bucket.ready_at(limit, back), back + 1s);
  EXPECT_FALSE(bucket.take(limit, back));
  EXPECT_FALSE(bucket.take(limit, back + 999ms));
  EXPECT_TRUE(bucket.take(limit, back + 1s));
  // What was there before the step is still there after it.
  TokenBucket half;
  ASSERT_TRUE(half.take(limit, kNow));
  EXPECT_EQ(take_all(half, limit, back), 2);
}

TEST(TokenBucket, FollowsALimitThatChanges) {
  TokenBucket bucket;
  ASSERT_TRUE(bucket.take({.milli_per_second = 1'000, .burst = 1'000}, kNow));
  EXPECT_EQ(take_all(bucket, {.milli_per_second = 1'000, .burst = 2}, kNow), 2);
  EXPECT_EQ(take_all(bucket, {.milli_per_second = 1'000, .burst = 1'000}, kNow + 10s), 10);
}

TEST(TokenBucket, SurvivesLimitsAndTimesBeyondAllSense) {
  TokenBucket bucket;
  const WallTime end{milliseconds{std::numeric_limits<std::int64_t>::max()}};
  const WallTime begin{milliseconds{std::numeric_limits<std::int64_t>::min()}};
  EXPECT_TRUE(bucket.take({.milli_per_second = 0, .burst = 0}, kNow));
  EXPECT_FALSE(bucket.take({.milli_per_second = 0, .burst = 0}, kNow + 999s));
  EXPECT_FALSE(bucket.take({.milli_per_second = 0, .burst = 0}, begin));
  EXPECT_EQ(take_all(bucket, {.milli_per_second = 4'000'000'000U, .burst = 4'000'000'000U}, end),
            static_cast<int>(kMaxBurst));
}

TEST(TokenBucket, IsStoredInAFewBytes) {
  const RateLimit limit{.milli_per_second = 333, .burst = 7};
  TokenBucket bucket;
  EXPECT_TRUE(bucket.take(limit, kNow));
  EXPECT_EQ(reread(bucket), bucket);
  EXPECT_NE(reread(bucket), TokenBucket{});
  ByteWriter writer;
  bucket.write(writer);
  EXPECT_EQ(std::move(writer).str(), "\x80\xb6\xdc\x05\x80\xd8\xc0\xf0\xe4\x66");
}

TEST(DailyQuota, CountsPerDayOfUtc) {
  DailyQuota quota;
  EXPECT_EQ(quota.ready_at(2, kNow), kNow);
  EXPECT_TRUE(quota.take(2, kNow));
  EXPECT_TRUE(quota.take(2, kMidnight - 1ms));
  EXPECT_FALSE(quota.take(2, kMidnight - 1ms));
  EXPECT_EQ(quota.used(kMidnight - 1ms), 2U);
  EXPECT_EQ(quota.ready_at(2, kMidnight - 1ms), kMidnight);
  EXPECT_EQ(quota.ready_at(2, kMidnight), kMidnight);
  EXPECT_EQ(quota.used(kMidnight), 0U);
  EXPECT_TRUE(quota.take(2, kMidnight));
  EXPECT_EQ(quota.ready_at(0, kMidnight), kMidnight + 24h);
  EXPECT_EQ(reread(quota), quota);
}

TEST(DailyQuota, FollowsALimitThatChanges) {
  DailyQuota quota;
  EXPECT_TRUE(quota.take(2, kNow));
  EXPECT_FALSE(quota.take(1, kNow));
  EXPECT_TRUE(quota.take(2, kNow));
}

TEST(DailyQuota, GrantsNoDayTwiceWhenTheClockStepsBackOverMidnight) {
  DailyQuota quota;
  EXPECT_TRUE(quota.take(2, kMidnight - 1s));
  EXPECT_TRUE(quota.take(2, kMidnight - 1s));
  EXPECT_TRUE(quota.take(2, kMidnight));
  EXPECT_TRUE(quota.take(2, kMidnight - 1s));
  EXPECT_FALSE(quota.take(2, kMidnight - 1s));
  EXPECT_FALSE(quota.take(2, kMidnight + 1s));
  EXPECT_EQ(quota.ready_at(2, kMidnight - 1s), kMidnight + 24h);
  EXPECT_TRUE(quota.take(2, kMidnight + 24h));
}

TEST(DailyQuota, DoesNotStarveWhenTheClockStepsBackByDays) {
  DailyQuota quota;
  EXPECT_TRUE(quota.take(1, kMidnight));
  const WallTime back = kMidnight - 24h * 30;
  EXPECT_FALSE(quota.take(1, back));
  EXPECT_EQ(quota.ready_at(1, back), back + 24h);
  EXPECT_TRUE(quota.take(1, back + 24h));
}

}  // namespace
}  // namespace tidemark::delivery
