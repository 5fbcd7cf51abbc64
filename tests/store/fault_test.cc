#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "store/oracle.h"
#include "store/store.h"
#include "support/faulty_file_system.h"
#include "support/temporary_directory.h"

namespace tidemark {
namespace {

using test::DiskFault;
using test::DiskOperation;
using test::FaultyFileSystem;
using test::Oracle;
using test::TemporaryDirectory;
using ::testing::HasSubstr;
using Unsynced = FaultyFileSystem::Unsynced;

constexpr std::uint64_t kSmallBuffer = 64 << 10;  // flushes happen, too

StoreOptions options_for(const TemporaryDirectory& dir,
                         const std::shared_ptr<FaultyFileSystem>& disk) {
  return {.path = dir / "store",
          .write_buffer_bytes = kSmallBuffer,
          .maintenance_interval = std::chrono::milliseconds{0},
          .file_system = disk};
}

std::unique_ptr<Store> open(const StoreOptions& options, const std::string& where = "") {
  auto store = Store::open(options);
  if (!store) ADD_FAILURE() << where << ": " << store.error().message;
  return store ? std::move(*store) : nullptr;
}

struct World {
  TemporaryDirectory dir;
  std::shared_ptr<FaultyFileSystem> disk = std::make_shared<FaultyFileSystem>();
  Oracle oracle;
  StoreOptions options = options_for(dir, disk);
};

TEST(StoreUnderFaults, APowerCutKeepsEveryAcknowledgedCommitAndNoPartOfAnother) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    World world;
    for (int life = 0; life < 3; ++life) {
      const auto where = "seed " + std::to_string(seed) + " life " + std::to_string(life);
      auto store = open(world.options, where);
      ASSERT_TRUE(store);
      world.oracle.expect_equal(*store, where);
      for (std::uint64_t i = 0; i < 5 + seed * 3; ++i) {
        ASSERT_TRUE(world.oracle.commit(*store, 1500)) << where;
      }
      world.disk->cut_power();
      EXPECT_FALSE(world.oracle.commit(*store)) << where;
      store.reset();
      world.disk->restore_power(seed % 2 == 0 ? Unsynced::lost : Unsynced::torn, seed);
    }
    const auto store = open(world.options);
    ASSERT_TRUE(store);
    world.oracle.expect_equal(*store, "seed " + std::to_string(seed));
  }
}

// Opens, commits and checkpoints, whatever fails on the way; then closes, or loses power.
bool live(World& world, Unsynced unsynced) {
  auto store = Store::open(world.options);
  if (store) {
    for (int i = 0; i < 14; ++i) world.oracle.commit(**store, 2500);
    world.oracle.expect_equal(**store, "while failing");
    static_cast<void>((*store)->checkpoint(world.dir / "copy"));
    for (int i = 0; i < 4; ++i) world.oracle.commit(**store, 2500);
    world.oracle.expect_equal(**store, "while failing");
  }
  const bool opened = store.has_value();
  if (unsynced != Unsynced::kept) world.disk->cut_power();
  store = {};
  if (unsynced != Unsynced::kept) world.disk->restore_power(unsynced, world.oracle.sequence());
  return opened;
}

std::uint64_t operations_of_a_life() {
  World world;
  world.disk->arm({.nth = ~0ULL});
  EXPECT_TRUE(live(world, Unsynced::kept));
  EXPECT_EQ(world.oracle.sequence(), 18u);
  return world.disk->operations_since_armed();
}

// Every operation with TIDEMARK_FULL_SWEEP=1, else one of so many.
std::uint64_t stride() {
  return std::getenv("TIDEMARK_FULL_SWEEP") != nullptr ? 1 : 31;
}

// An opening takes some dozens of operations.
constexpr std::uint64_t kOperationsOfOpening = 40;

// Opens after a failure and fails in the middle of that, too. True when it failed there.
bool fail_again(World& world, DiskFault fault, Unsynced unsynced) {
  fault.nth = 1 + fault.nth % kOperationsOfOpening;
  world.disk->arm(fault);
  auto store = Store::open(world.options);
  if (store) world.oracle.expect_equal(**store, "while failing again");
  const bool failed = world.disk->operations_since_armed() >= fault.nth;
  if (unsynced != Unsynced::kept) world.disk->cut_power();
  store = {};
  if (unsynced != Unsynced::kept) world.disk->restore_power(unsynced, fault.nth);
  world.disk->heal();
  return failed;
}

enum class Again { no, in_recovery };

void sweep(DiskFault fault, Unsynced unsynced, std::uint64_t first, Again again = Again::no) {
  const auto count = operations_of_a_life();
  ASSERT_GT(count, 100u);
  int failed_again = 0;
  for (std::uint64_t n = first; n <= count && !::testing::Test::HasFailure(); n += stride()) {
    const auto where = "operation " + std::to_string(n) + " of " + std::to_string(count);
    SCOPED_TRACE(where);
    World world;
    fault.nth = n;
    world.disk->arm(fault);
    live(world, unsynced);
    world.disk->heal();
    if (again == Again::in_recovery) failed_again += fail_again(world, fault, unsynced) ? 1 : 0;
    auto store = open(world.options, where);
    ASSERT_TRUE(store);
    world.oracle.expect_equal(*store, where);
    ASSERT_TRUE(world.oracle.commit(*store)) << world.oracle.last_result().error().message;
    store.reset();
    store = open(world.options, where);
    ASSERT_TRUE(store);
    world.oracle.expect_equal(*store, where);
  }
  if (again == Again::in_recovery) {
    EXPECT_GT(failed_again, 2);
  }
}

TEST(StoreUnderFaults, AnyOneIoErrorLosesNothingAcknowledged) {
  sweep({.kind = DiskFault::Kind::io_error}, Unsynced::kept, 3);
}

TEST(StoreUnderFaults, AnyOneFullDiskLosesNothingAcknowledged) {
  sweep({.kind = DiskFault::Kind::disk_full}, Unsynced::kept, 1);
}

TEST(StoreUnderFaults, IoErrorsFromAnyMomentOnLoseNothingAcknowledged) {
  sweep({.kind = DiskFault::Kind::io_error, .for_ever = true}, Unsynced::kept, 1);
}

TEST(StoreUnderFaults, AFullDiskFromAnyMomentOnLosesNothingAcknowledged) {
  sweep({.kind = DiskFault::Kind::disk_full, .for_ever = true}, Unsynced::kept, 2);
}

TEST(StoreUnderFaults, APowerCutAfterAnIoErrorLosesNothingAcknowledged) {
  sweep({.kind = DiskFault::Kind::io_error}, Unsynced::lost, 1);
  sweep({.kind = DiskFault::Kind::io_error, .for_ever = true}, Unsynced::torn, 2);
}

TEST(StoreUnderFaults, AFailureAndAnotherOneDuringRecoveryLoseNothingAcknowledged) {
  for (const auto kind : {DiskFault::Kind::io_error, DiskFault::Kind::disk_full}) {
    sweep({.kind = kind}, Unsynced::kept, 5, Again::in_recovery);
    sweep({.kind = kind, .for_ever = true}, Unsynced::torn, 9, Again::in_recovery);
  }
  sweep({.kind = DiskFault::Kind::power_cut}, Unsynced::torn, 3, Again::in_recovery);
}

class CommitFails : public ::testing::TestWithParam<std::tuple<DiskFault::Kind, DiskOperation>> {};

TEST_P(CommitFails, LoudlyAndIsGoneAndTheNextSucceedsOnceTheCauseIs) {
  const auto [kind, operation] = GetParam();
  const auto expected = kind == DiskFault::Kind::disk_full ? Errc::disk_full : Errc::io_error;
  World world;
  auto store = open(world.options);
  ASSERT_TRUE(store);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(world.oracle.commit(*store));
  world.disk->arm(
      {.kind = kind, .for_ever = true, .operations = only(operation), .path_contains = ".log"});
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(world.oracle.commit(*store));
    ASSERT_FALSE(world.oracle.last_result());
    ASSERT_TRUE(store->fault());
    world.oracle.expect_equal(*store, "while failing");
    if (i == 0) {
      EXPECT_EQ(world.oracle.last_result().error().code, expected);
      EXPECT_EQ(store->fault()->code, expected);
      EXPECT_THAT(world.oracle.last_result().error().message, HasSubstr(world.dir / "store"));
    }
  }
  world.disk->heal();
  ASSERT_TRUE(world.oracle.commit(*store)) << world.oracle.last_result().error().message;
  EXPECT_FALSE(store->fault());
  world.oracle.expect_equal(*store, "after it");
  store.reset();
  store = open(world.options);
  ASSERT_TRUE(store);
  world.oracle.expect_equal(*store, "after reopening");
}

TEST_P(CommitFails, AndDoesNotComeBackWhenTheProcessDiesThen) {
  const auto [kind, operation] = GetParam();
  World world;
  auto store = open(world.options);
  ASSERT_TRUE(store);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(world.oracle.commit(*store));
  // For ever: the first may hit zeros written ahead, which a commit can do without.
  world.disk->arm(
      {.kind = kind, .for_ever = true, .operations = only(operation), .path_contains = ".log"});
  EXPECT_FALSE(world.oracle.commit(*store));
  world.disk->cut_power();
  store.reset();
  world.disk->restore_power(Unsynced::kept);
  world.disk->heal();
  store = open(world.options);
  ASSERT_TRUE(store);
  world.oracle.expect_equal(*store, "after reopening");
}

INSTANTIATE_TEST_SUITE_P(
    StoreUnderFaults, CommitFails,
    ::testing::Combine(::testing::Values(DiskFault::Kind::disk_full, DiskFault::Kind::io_error),
                       ::testing::Values(DiskOperation::append, DiskOperation::sync)));

TEST(StoreUnderFaults, ASnapshotStaysReadableWhileCommitsFail) {
  World world;
  auto store = open(world.options);
  ASSERT_TRUE(store);
  ASSERT_TRUE(world.oracle.commit(*store));
  auto snapshot = store->snapshot();
  world.disk->arm({.for_ever = true, .path_contains = ".log"});
  EXPECT_FALSE(world.oracle.commit(*store));
  EXPECT_TRUE(snapshot->get(Table::instance, "state").value());
  world.disk->heal();
  snapshot.reset();
  EXPECT_TRUE(world.oracle.commit(*store));
}

TEST(StoreUnderFaults, CommitsGoOnWhenOnlyTheWatermarkCannotBeWritten) {
  World world;
  auto store = open(world.options);
  ASSERT_TRUE(store);
  world.disk->arm({.for_ever = true, .path_contains = "WATERMARK"});
  EXPECT_TRUE(world.oracle.commit(*store));
  EXPECT_TRUE(world.oracle.commit(*store));
  EXPECT_EQ(store->stats().watermark, 0u);
  world.disk->heal();
  EXPECT_TRUE(world.oracle.commit(*store));
  EXPECT_EQ(store->stats().watermark, 3u);
}

TEST(StoreUnderFaults, EveryCommitIsSynced) {
  World world;
  const auto store = open(world.options);
  ASSERT_TRUE(store);
  const auto logs = world.disk->syncs_of(".log");
  const auto marks = world.disk->syncs_of("WATERMARK");
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(world.oracle.commit(*store));
  EXPECT_EQ(world.disk->syncs_of(".log"), logs + 10);
  EXPECT_EQ(world.disk->syncs_of("WATERMARK"), marks + 10);
}

}  // namespace
}  // namespace tidemark
