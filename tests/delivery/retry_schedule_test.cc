#include "delivery/retry_schedule.h"

#include <gtest/gtest.h>

#include <set>

namespace tidemark::delivery {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNow{milliseconds{1'765'886'400'000}};

Result<RetrySchedule> from(const char* json) {
  return retry_schedule_from_json(Json::parse(json), "schedule");
}

std::string error_of(const char* json) {
  const auto schedule = from(json);
  return schedule ? "no error" : schedule.error().message;
}

milliseconds delay_of(const RetrySchedule& schedule, std::uint32_t done, std::string_view event,
                      std::optional<std::chrono::seconds> retry_after = {}) {
  const auto at = next_attempt(schedule, done, kNow, event, retry_after);
  EXPECT_TRUE(at);
  return at.value_or(kNow - 1h) - kNow;
}

TEST(RetrySchedule, TriesTenTimesInThreeDaysWhenNothingIsSaid) {
  const RetrySchedule schedule;
  EXPECT_EQ(to_json(schedule).dump(), R"(["0s","5s","5m","30m","2h","5h","10h","14h","20h","1d"])");
  EXPECT_EQ(next_attempt(schedule, 0, kNow, "evt_1", {}), kNow);
  EXPECT_TRUE(next_attempt(schedule, 9, kNow, "evt_1", {}));
  EXPECT_EQ(next_attempt(schedule, 10, kNow, "evt_1", {}), std::nullopt);
  EXPECT_EQ(next_attempt(schedule, 4'000'000'000U, kNow, "evt_1", {}), std::nullopt);
}

TEST(RetrySchedule, MovesEachDelayByUpToATenth) {
  const RetrySchedule schedule{{10s, 1h}};
  std::set<milliseconds> seen;
  milliseconds least = 100h;
  milliseconds most = 0h;
  for (int event = 0; event < 1'000; ++event) {
    const auto delay = delay_of(schedule, 0, "evt_" + std::to_string(event));
    least = std::min(least, delay);
    most = std::max(most, delay);
    seen.insert(delay);
  }
  EXPECT_GE(least, 9s);
  EXPECT_LT(least, 9'100ms);
  EXPECT_LE(most, 11s);
  EXPECT_GT(most, 10'900ms);
  EXPECT_GT(seen.size(), 500U);
}

TEST(RetrySchedule, WaitsTheSameInEveryReplay) {
  // A changed number here is a changed meaning of old journals.
  EXPECT_EQ(delay_of({{10s, 10s}}, 0, "evt_1"), 9285ms);
  EXPECT_EQ(delay_of({{10s, 10s}}, 1, "evt_1"), 10710ms);
  EXPECT_EQ(delay_of({{10s, 10s}}, 0, "evt_2"), 10281ms);
}

TEST(RetrySchedule, IsNeverBeforeWhatTheReceiverAsksFor) {
  const RetrySchedule schedule{{10s}};
  EXPECT_EQ(delay_of(schedule, 0, "evt_1", 60s), 60s);
  for (int event = 0; event < 100; ++event) {
    EXPECT_GE(delay_of(schedule, 0, "evt_" + std::to_string(event), 10s), 10s);
  }
  EXPECT_GE(delay_of(schedule, 0, "evt_1", 1s), 9s);
  EXPECT_EQ(delay_of(schedule, 0, "evt_1", std::chrono::seconds::max()), kLongestRetryDelay);
  EXPECT_GE(delay_of(schedule, 0, "evt_1", std::chrono::seconds::min()), 9s);
}

TEST(RetrySchedule, IsReadFromTextAndFromLists) {
  const RetrySchedule expected{{0s, 5s, 5min}};
  EXPECT_EQ(parse_retry_schedule("0s,5s,5m"), expected);
  EXPECT_EQ(parse_retry_schedule(" 0s , 5s,\t5m "), expected);
  EXPECT_EQ(from(R"("0s,5s,5m")"), expected);
  EXPECT_EQ(from(R"(["0s","5s","5m"])"), expected);
  EXPECT_EQ(retry_schedule_from_json(to_json(expected), "x"), expected);
}

TEST(RetrySchedule, GrowsExponentiallyUpToALimit) {
  EXPECT_EQ(from(R"({"attempts":3,"first":"2s"})"), (RetrySchedule{{0s, 2s, 4s}}));
  EXPECT_EQ(from(R"({"attempts":5,"first":"2s","factor":10,"max":"30s"})"),
            (RetrySchedule{{0s, 2s, 20s, 30s, 30s}}));
  EXPECT_EQ(from(R"({"attempts":3,"first":"7s","factor":1})"), (RetrySchedule{{0s, 7s, 7s}}));
  EXPECT_EQ(from(R"({"attempts":1,"first":"2s"})"), (RetrySchedule{{0s}}));
  const auto longest = from(R"({"attempts":50,"first":"7d","factor":10,"max":"7d"})");
  ASSERT_TRUE(longest) << longest.error().message;
  EXPECT_EQ(longest->delays.back(), kLongestRetryDelay);
  EXPECT_EQ(from(R"({"attempts":2,"first":"2d"})")->delays.back(), 48h);
}

TEST(RetrySchedule, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(error_of(R"(["0s","5 minutes"])").substr(0, 45),
            "schedule[1]: \"5 minutes\" is not a duration: w");
  EXPECT_EQ(error_of(R"(["0s",5])"), "schedule[1]: must be a duration such as \"5m\"");
  EXPECT_EQ(error_of("[]"), "schedule: needs at least one delay, such as \"0s\"");
  EXPECT_EQ(error_of("7").substr(0, 34), "schedule: must be a list of delays");
  EXPECT_EQ(error_of(R"(["8d"])"), "schedule[0]: is longer than 7d");
  EXPECT_EQ(error_of(R"("")").substr(0, 33), "schedule[0]: \"\" is not a duration");
  EXPECT_EQ(error_of(R"({"attempts":51,"first":"1s"})"),
            "schedule.attempts: must be a whole number from 1 to 50");
  EXPECT_EQ(error_of(R"({"attempts":3})"), "schedule.first: is missing");
  EXPECT_EQ(error_of(R"({"attempts":3,"first":"2s","max":"1s"})"),
            "schedule.max: must be a duration from 2s to 7d");
  EXPECT_EQ(error_of(R"({"attempts":3,"first":"0s"})"),
            "schedule.first: must be a duration from 1ms to 7d");
  EXPECT_EQ(error_of(R"({"attempts":3,"first":"2s","factor":1.5})"),
            "schedule.factor: must be a whole number from 1 to 10");
  EXPECT_EQ(error_of(R"({"attempts":3,"frist":"2s"})"),
            "schedule: unknown key \"frist\"; there are: attempts, first, factor, max");
  std::string many = "0s";
  for (int i = 0; i < 50; ++i) many += ",1s";
  const auto too_many = parse_retry_schedule(many);
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error().code, Errc::limit_exceeded);
  EXPECT_EQ(too_many.error().message, "schedule: has more than 50 attempts");
  EXPECT_FALSE(exponential_schedule({.attempts = 0}));
  EXPECT_FALSE(exponential_schedule({.attempts = 3, .factor = 0}));
  EXPECT_FALSE(exponential_schedule({.attempts = 3, .first = 2h, .longest = 1h}));
}

}  // namespace
}  // namespace tidemark::delivery
