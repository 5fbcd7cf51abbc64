// The simulation itself: that a seed is a world, and that the auditors look.
#include "sim/world.h"

#include <gtest/gtest.h>

#include "base/log.h"

namespace tidemark::sim {
namespace {

class WorldTest : public testing::Test {
 protected:
  // Everything that can fail does.
  WorldTest() { log::configure(log::Level::none, log::Format::text); }
  ~WorldTest() override { log::configure(log::Level::warning, log::Format::text); }

  static WorldReport run(std::uint64_t seed, StoreKind store,
                         milliseconds trouble = std::chrono::minutes(10)) {
    return run_world({.seed = seed, .store = store, .trouble = trouble});
  }
};

TEST_F(WorldTest, ASeedIsAlwaysTheSameWorld) {
  const auto first = run(3, StoreKind::model);
  const auto again = run(3, StoreKind::model);
  EXPECT_FALSE(first.violation);
  EXPECT_GT(first.crashes, 0U);
  EXPECT_EQ(first.digest, again.digest);
  EXPECT_EQ(first.simulated, again.simulated);
  EXPECT_EQ(first.faults, again.faults);
  EXPECT_NE(first.digest, run(4, StoreKind::model).digest);
}

TEST_F(WorldTest, WhoWaitsForWhatNeverComesIsGivenUp) {
  Stage stage(1);
  Fiber fiber([&] {
    while (stage.clock.now() < WallTime::max()) Fiber::current()->wait();
  });
  EXPECT_THROW(
      {
        while (true) fiber.resume();
      },
      NeverEnds);
  EXPECT_TRUE(fiber.ended());
}

TEST_F(WorldTest, WorldsOnRocksDbComeRightWhateverIsLostOfWhatWasNotSynced) {
  FaultCounts sums{};
  for (std::uint64_t seed = 5; seed <= 12; ++seed) {
    const auto report = run(seed, StoreKind::rocksdb);
    ASSERT_FALSE(report.violation)
        << "seed " << seed << ": " << report.violation->auditor << ": " << report.violation->what;
    for (std::size_t i = 0; i < kFaultKinds; ++i) sums[i] += report.faults[i];
  }
  EXPECT_GT(sums[static_cast<std::size_t>(Fault::torn_tail)], 0U);
  EXPECT_GT(sums[static_cast<std::size_t>(Fault::short_write)], 0U);
}

TEST_F(WorldTest, EveryFaultHappensInSomeWorld) {
  FaultCounts sums{};
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const auto report = run(seed, StoreKind::model, std::chrono::minutes(20));
    ASSERT_FALSE(report.violation)
        << "seed " << seed << ": " << report.violation->auditor << ": " << report.violation->what;
    for (std::size_t i = 0; i < kFaultKinds; ++i) sums[i] += report.faults[i];
  }
  for (std::size_t i = 0; i < kFaultKinds; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (fault == Fault::short_write || fault == Fault::torn_tail) continue;  // RocksDB's
    if (fault == Fault::credentials_refused) continue;                       // rare
    EXPECT_GT(sums[i], 0U) << name(fault);
  }
}

}  // namespace
}  // namespace tidemark::sim
