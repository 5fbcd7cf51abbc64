#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/fragile_store.h"
#include "store/open.h"
#include "store/store.h"
#include "support/temporary_directory.h"

namespace tidemark {
namespace {

using test::TemporaryDirectory;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string read(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

void make_store(const std::string& path) {
  const auto store = Store::open({.path = path});
  ASSERT_TRUE(store);
  WriteBatch batch;
  batch.put(Table::row, "old", "1");
  ASSERT_TRUE((*store)->commit(std::move(batch), 1));
}

Migration renames(FormatVersion from, const std::string& old_key, const std::string& new_key) {
  return {from, "renames " + old_key, [=](Store& store) -> Result<void> {
            TM_ASSIGN(const auto value, store.get(Table::row, old_key));
            if (!value) return {};
            WriteBatch batch;
            batch.erase(Table::row, old_key);
            batch.put(Table::row, new_key, *value);
            return store.commit(std::move(batch), store.last_sequence());
          }};
}

TEST(StoreFormat, IsInAFileThatPeopleCanRead) {
  const TemporaryDirectory dir;
  make_store(dir / "store");
  EXPECT_EQ(read(dir / "store/FORMAT"), "tidemark store format 2\n");
}

TEST(StoreFormat, ANewerOneIsRefusedNamingBoth) {
  const TemporaryDirectory dir;
  make_store(dir / "store");
  std::ofstream(dir / "store/FORMAT") << "tidemark store format 7\n";
  const auto refused = Store::open({.path = dir / "store"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::newer_format);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("format 7"), HasSubstr("up to 2")));
}

TEST(StoreFormat, ANewerOneIsRefusedAlsoWhenOnlyTheDatabaseSaysSo) {
  const TemporaryDirectory dir;
  { ASSERT_TRUE(open_store({.path = dir / "store"}, 4, {})); }
  std::filesystem::remove(dir / "store/FORMAT");
  const auto refused = Store::open({.path = dir / "store"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::newer_format);
}

TEST(StoreFormat, AGarbledFileIsRefusedAndAMissingOneWrittenAgain) {
  const TemporaryDirectory dir;
  make_store(dir / "store");
  for (const std::string text : {"", "1\n", "tidemark store format \n", "tidemark store format 2",
                                 "tidemark store format 2x\n", "tidemark store format 0\n",
                                 "tidemark store format 99999999999\n"}) {
    std::ofstream(dir / "store/FORMAT", std::ios::trunc) << text;
    const auto refused = Store::open({.path = dir / "store"});
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, Errc::corrupt) << text;
  }
  std::filesystem::remove(dir / "store/FORMAT");
  ASSERT_TRUE(Store::open({.path = dir / "store"}));
  EXPECT_EQ(read(dir / "store/FORMAT"), "tidemark store format 2\n");
}

TEST(StoreFormat, AnOlderOneIsCopiedAndMigratedStepByStep) {
  const TemporaryDirectory dir;
  make_store(dir / "store");
  {
    const auto store = open_store({.path = dir / "store"}, 4,
                                  {renames(2, "old", "newer"), renames(3, "newer", "newest")});
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_EQ((*store)->get(Table::row, "newest"), "1");
    EXPECT_EQ((*store)->get(Table::row, "old"), std::nullopt);
    EXPECT_EQ((*store)->last_sequence(), 1u);
  }
  EXPECT_EQ(read(dir / "store/FORMAT"), "tidemark store format 4\n");
  const auto copy = Store::open({.path = dir / "store/checkpoints/before-format-4"});
  ASSERT_TRUE(copy) << copy.error().message;
  EXPECT_EQ((*copy)->get(Table::row, "old"), "1");
  const auto old = Store::open({.path = dir / "store"});
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().code, Errc::newer_format);
}

TEST(StoreFormat, AMigrationThatFailedIsRunAgainAndTheCopyStays) {
  const TemporaryDirectory dir;
  make_store(dir / "store");
  const Migration fails{2, "fails", [](Store& store) -> Result<void> {
                          WriteBatch batch;
                          batch.put(Table::row, "half", "done");
                          TM_TRY(store.commit(std::move(batch), store.last_sequence()));
                          return fail(Errc::internal, "on purpose");
                        }};
  const auto failed = open_store({.path = dir / "store"}, 3, {fails});
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, AllOf(HasSubstr("from format 2"), HasSubstr("on purpose")));
  EXPECT_EQ(Store::open({.path = dir / "store"}).error().code, Errc::newer_format);
  const auto store = open_store({.path = dir / "store"}, 3, {renames(2, "old", "new")});
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ((*store)->get(Table::row, "new"), "1");
  const auto copy = Store::open({.path = dir / "store/checkpoints/before-format-3"});
  ASSERT_TRUE(copy);
  EXPECT_EQ((*copy)->get(Table::row, "half"), std::nullopt);
}

// As the first format had them, more than one of the migration's batches, with a crash within.
TEST(StoreFormat, RowsOfTheFirstOneSayThatNoRecordIsKnownToHaveWrittenThem) {
  const TemporaryDirectory dir;
  constexpr int kRows = 60;
  const std::string value(200'000, 'v');
  {
    const auto store = open_store({.path = dir / "store"}, 1, {});
    ASSERT_TRUE(store);
    for (int i = 0; i < kRows; ++i) {
      WriteBatch batch;
      batch.put(Table::row, "row " + std::to_string(i), value);
      ASSERT_TRUE((*store)->commit(std::move(batch), static_cast<Sequence>(i + 1)));
    }
  }
  const auto& migration = migrations().front();
  ASSERT_EQ(migration.from, 1u);
  const Migration stops{1, "stops", [&](Store& store) {
                          test::FragileStore fragile(store);
                          fragile.good_commits = 1;
                          return migration.run(fragile);
                        }};
  EXPECT_EQ(open_store({.path = dir / "store"}, 2, {stops}).error().code, Errc::disk_full);
  const auto store = Store::open({.path = dir / "store"});
  ASSERT_TRUE(store) << store.error().message;
  for (int i = 0; i < kRows; ++i) {
    ASSERT_EQ((*store)->get(Table::row, "row " + std::to_string(i)), std::string(8, '\0') + value);
  }
  EXPECT_EQ((*store)->last_sequence(), static_cast<Sequence>(kRows));
}

TEST(StoreFormat, IsRefusedWhenNoMigrationLeadsOn) {
  const TemporaryDirectory dir;
  make_store(dir / "store");
  const auto refused = open_store({.path = dir / "store"}, 3, {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("no migration"));
}

}  // namespace
}  // namespace tidemark
