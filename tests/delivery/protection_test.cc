// What protects receivers and everybody else from one that fails or is slow: breaker, rates,
// quotas.
#include <algorithm>

#include "delivery_world.h"

namespace tidemark::test {
namespace {

using namespace std::chrono_literals;
using delivery::EndpointStatus;
using delivery::Hold;

class Protection : public DeliveryWorld {};

TEST_F(Protection, TheBreakerOpensAtExactlyItsNumberOfFailures) {
  auto& got = receive("one", [](const HttpRequest&) { return status(503); });
  create("one", {{"concurrency", 1}, {"schedule", {"0s", "1h"}}});
  emit(15);
  run_for(20s);
  EXPECT_EQ(got.size(), 10U);
  EXPECT_EQ(hold("one").reason, Hold::Reason::breaker_open);
}

TEST_F(Protection, AnHoursOutageIsDrainedInOrderAtTheRateAndCostsOthersNothing) {
  bool down = true;
  auto& slow = receive("slow", [&](const HttpRequest&) {
    return down ? SimulatedDriver::Answer{fail(Errc::timeout, "no answer"), 15s} : status(200);
  });
  auto& quick = receive("quick");
  create("slow", {{"ordered", true},
                  {"schedule", {{"attempts", 50}, {"first", "1m"}, {"factor", 1}}},
                  {"rate", {{"per_second", 10}, {"burst", 1}}}});
  create("quick", {{"concurrency", 16}});
  std::map<std::string, WallTime> emitted;
  std::vector<std::string> ids;
  for (int minute = 0; minute < 60; ++minute) {
    for (const auto& id : emit(10)) {
      emitted[id] = clock_.now();
      ids.push_back(id);
    }
    run_for(1min);
  }
  ASSERT_EQ(quick.size(), 600U);
  for (const auto& one : quick) EXPECT_EQ(one.at, emitted[one.id]) << "no latency of its own";
  down = false;
  slow.clear();
  run_for(30min);
  EXPECT_EQ(ids_of(slow), ids) << "all of them, in order, once each";
  for (std::size_t i = 1; i < slow.size(); ++i) {
    EXPECT_GE(slow[i].at - slow[i - 1].at, 99ms) << "10 a second";
  }
}

TEST_F(Protection, TheBreakerSparesADeadEndpointAndProbesItOnceAtATime) {
  bool down = true;
  auto& got = receive("one", [&](const HttpRequest&) { return down ? status(500) : status(200); });
  create("one", {{"concurrency", 4}});
  emit(1000);
  run_for(5s);
  const auto first = got.size();
  EXPECT_LE(first, 20U) << "ten attempts and what was on its way";
  EXPECT_EQ(hold("one").reason, Hold::Reason::breaker_open);
  run_for(10min);
  EXPECT_LE(got.size() - first, 8U) << "one probe for each cool-down, which doubles";
  EXPECT_LE(state("one").counts.waiting, 30U) << "a dead endpoint's events stay in the journal";
  down = false;
  run_for(24h);
  EXPECT_EQ(state("one").counts.delivered, 1000U);
}

TEST_F(Protection, AProbeThatFailsKeepsTheBreakerOpenWhateverIsConfiguredMeanwhile) {
  auto& got = receive("one", [](const HttpRequest&) {
    return SimulatedDriver::Answer{HttpResponse{500, {}, {}}, 2s};
  });
  create("one", {{"concurrency", 1}});
  emit(30);
  run_for(20s);
  ASSERT_EQ(got.size(), 10U);
  run_for(31s);
  ASSERT_EQ(got.size(), 11U) << "the probe";
  create("one", {{"concurrency", 2}});
  run_for(50s);
  EXPECT_EQ(got.size(), 11U);
  EXPECT_EQ(hold("one").reason, Hold::Reason::breaker_open);
}

TEST_F(Protection, DaysOfFailureDisableTheEndpoint) {
  receive("one", [&](const HttpRequest&) { return status(500); });
  create("one", {{"disable_after", "1d"}});
  for (int hour = 0; hour < 30; ++hour) {
    emit(1);
    run_for(1h);
  }
  EXPECT_EQ(state("one").status, EndpointStatus::disabled);
  EXPECT_NE(state("one").reason.find("hours"), std::string::npos) << state("one").reason;
}

TEST_F(Protection, RateAndQuotaAreKept) {
  auto& got = receive("one");
  create("one", {{"rate", {{"per_second", 5}, {"burst", 5}}}, {"daily_quota", 40}});
  emit(100);
  run_for(3s);
  EXPECT_GE(got.size(), 19U);
  EXPECT_LE(got.size(), 21U);
  EXPECT_EQ(hold("one").reason, Hold::Reason::rate_limited);
  run_for(10s);
  EXPECT_EQ(got.size(), 40U);
  EXPECT_EQ(hold("one").reason, Hold::Reason::quota_used);
  reopen();
  run_for(1h);
  EXPECT_EQ(got.size(), 40U) << "a restart does not refill the day's quota";
  run_for(24h);
  EXPECT_EQ(got.size(), 80U);
}

TEST_F(Protection, ATenantsLimitsCountOverAllItsEndpointsAndLeaveOthersAlone) {
  crash();
  options_.tenants["acme"].rate = delivery::RateLimit{2000, 1};
  open();
  auto& a = receive("a");
  auto& b = receive("b");
  auto& other = receive("other");
  create("a");
  create("b");
  create("other", Json::object(), "umbrella");
  emit(100);
  emit(100, "umbrella");
  run_for(10s);
  EXPECT_LE(a.size() + b.size(), 22U);
  EXPECT_GE(a.size() + b.size(), 18U);
  EXPECT_GE(a.size(), 5U) << "neither starves";
  EXPECT_GE(b.size(), 5U);
  EXPECT_EQ(other.size(), 100U);
}

}  // namespace
}  // namespace tidemark::test
