#include "store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "store/key.h"
#include "support/temporary_directory.h"

namespace tidemark {
namespace {

using test::TemporaryDirectory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::unique_ptr<Store> open(const std::string& path) {
  auto store = Store::open({.path = path});
  if (!store) ADD_FAILURE() << store.error().message;
  return store ? std::move(*store) : nullptr;
}

void put(Store& store, Table table, const std::string& key, const std::string& value,
         Sequence sequence) {
  WriteBatch batch;
  batch.put(table, key, value);
  const auto done = store.commit(std::move(batch), sequence);
  ASSERT_TRUE(done) << done.error().message;
}

std::vector<std::string> keys(const StoreView& view, Table table, std::string_view prefix,
                              std::string_view from = {}) {
  std::vector<std::string> found;
  const auto done = view.scan(table, prefix, from, [&](auto key, auto) {
    found.emplace_back(key);
    return true;
  });
  EXPECT_TRUE(done);
  return found;
}

std::vector<std::string> keys_reverse(const StoreView& view, Table table, std::string_view prefix,
                                      std::string_view before = {}) {
  std::vector<std::string> found;
  const auto done = view.scan_reverse(table, prefix, before, [&](auto key, auto) {
    found.emplace_back(key);
    return true;
  });
  EXPECT_TRUE(done);
  return found;
}

TEST(Store, GivesBackWhatWasCommittedAfterReopening) {
  const TemporaryDirectory dir;
  {
    const auto store = open(dir / "store");
    for (std::size_t i = 0; i < kTableCount; ++i) {
      put(*store, static_cast<Table>(i), "key", "value " + std::to_string(i), i + 1);
    }
  }
  const auto store = open(dir / "store");
  EXPECT_EQ(store->last_sequence(), kTableCount);
  for (std::size_t i = 0; i < kTableCount; ++i) {
    EXPECT_EQ(store->get(static_cast<Table>(i), "key"), "value " + std::to_string(i));
  }
}

TEST(Store, AppliesPutsAndErasesOfABatchInOrder) {
  const TemporaryDirectory dir;
  const auto store = open(dir / "store");
  WriteBatch batch;
  batch.put(Table::row, "a", "1");
  batch.erase(Table::row, "a");
  batch.erase(Table::row, "b");
  batch.put(Table::row, "b", "2");
  batch.put(Table::row, std::string_view("\0", 1), "");
  EXPECT_EQ(batch.count(), 5u);
  ASSERT_TRUE(store->commit(std::move(batch), 1));
  EXPECT_EQ(store->get(Table::row, "a"), std::nullopt);
  EXPECT_EQ(store->get(Table::row, "b"), "2");
  EXPECT_EQ(store->get(Table::row, std::string_view("\0", 1)), "");
}

TEST(Store, KeepsTheOrderOfEachKeyAmongMany) {
  const TemporaryDirectory dir;
  const auto store = open(dir / "store");
  WriteBatch batch;
  for (int i = 0; i < 300; ++i) {
    const auto table = i % 2 == 0 ? Table::row : Table::instance;
    const std::string key = std::to_string(i * 7 % 10);
    i % 30 == 29 ? batch.erase(table, key) : batch.put(table, key, std::to_string(i));
  }
  std::map<std::pair<Table, std::string>, std::optional<std::string>> last;
  batch.for_each([&](Table table, std::string_view key, const std::string_view* value) {
    last[{table, std::string(key)}] = value ? std::optional<std::string>(*value) : std::nullopt;
  });
  ASSERT_TRUE(store->commit(std::move(batch), 1));
  for (const auto& [place, value] : last)
    EXPECT_EQ(store->get(place.first, place.second).value(), value);
}

TEST(Store, MultiGetAnswersInTheOrderAsked) {
  const TemporaryDirectory dir;
  const auto store = open(dir / "store");
  put(*store, Table::row, "a", "1", 1);
  put(*store, Table::row, "c", "3", 2);
  const auto values = store->multi_get(Table::row, {"c", "b", "a", "c"});
  ASSERT_TRUE(values);
  EXPECT_THAT(*values, ElementsAre("3", std::nullopt, "1", "3"));
  EXPECT_THAT(*store->multi_get(Table::row, {}), IsEmpty());
}

TEST(Store, ScansKeysOfAPrefixAscending) {
  const TemporaryDirectory dir;
  const auto store = open(dir / "store");
  Sequence sequence = 0;
  for (const std::string key :
       {"a", "b", "b1", "b2", "b\xFF", "b\xFF\xFF", "c", "\xFF", "\xFF\xFF"}) {
    put(*store, Table::row, key, "", ++sequence);
  }
  EXPECT_THAT(keys(*store, Table::row, "b"), ElementsAre("b", "b1", "b2", "b\xFF", "b\xFF\xFF"));
  EXPECT_THAT(keys(*store, Table::row, "b", "b15"), ElementsAre("b2", "b\xFF", "b\xFF\xFF"));
  EXPECT_THAT(keys(*store, Table::row, "b", "a"),
              ElementsAre("b", "b1", "b2", "b\xFF", "b\xFF\xFF"));
  EXPECT_THAT(keys(*store, Table::row, "b", "c"), IsEmpty());
  EXPECT_THAT(keys(*store, Table::row, "b\xFF"), ElementsAre("b\xFF", "b\xFF\xFF"));
  EXPECT_THAT(keys(*store, Table::row, "\xFF"), ElementsAre("\xFF", "\xFF\xFF"));
  EXPECT_EQ(keys(*store, Table::row, "").size(), 9u);
  EXPECT_THAT(keys(*store, Table::timer, ""), IsEmpty());
}

TEST(Store, ScansKeysOfAPrefixDescending) {
  const TemporaryDirectory dir;
  const auto store = open(dir / "store");
  Sequence sequence = 0;
  for (const std::string key : {"a", "b", "b1", "b2", "b\xFF", "c", "\xFF"}) {
    put(*store, Table::row, key, "", ++sequence);
  }
  EXPECT_THAT(keys_reverse(*store, Table::row, "b"), ElementsAre("b\xFF", "b2", "b1", "b"));
  EXPECT_THAT(keys_reverse(*store, Table::row, "b", "b2"), ElementsAre("b1", "b"));
  EXPECT_THAT(keys_reverse(*store, Table::row, "b", "zz"), ElementsAre("b\xFF", "b2", "b1", "b"));
  EXPECT_THAT(keys_reverse(*store, Table::row, "b", "a"), IsEmpty());
  EXPECT_THAT(keys_reverse(*store, Table::row, "\xFF"), ElementsAre("\xFF"));
  EXPECT_THAT(keys_reverse(*store, Table::row, "", "b1"), ElementsAre("b", "a"));
}

TEST(Store, StopsAScanWhenTheVisitorSaysSo) {
  const TemporaryDirectory dir;
  const auto store = open(dir / "store");
  for (int i = 0; i < 5; ++i) put(*store, Table::row, std::to_string(i), "", i + 1);
  int seen = 0;
  const auto twice = [&](auto, auto) { return ++seen < 2; };
  ASSERT_TRUE(store->scan(Table::row, "", "", twice));
  EXPECT_EQ(seen, 2);
  seen = 0;
  ASSERT_TRUE(store->scan_reverse(Table::row, "", "", twice));
  EXPECT_EQ(seen, 2);
}

TEST(Store, AVisitorMayReadTheStore) {
  const TemporaryDirectory dir;
  const auto store = open(dir / "store");
  put(*store, Table::row, "a", "1", 1);
  std::optional<std::string> read;
  ASSERT_TRUE(store->scan(Table::row, "", "", [&](auto key, auto) {
    read = store->get(Table::row, key).value_or(std::nullopt);
    return true;
  }));
  EXPECT_EQ(read, "1");
}

TEST(Store, ASnapshotSeesNothingOfLaterCommits) {
  const TemporaryDirectory dir;
  const auto store = open(dir / "store");
  put(*store, Table::row, "a", "old", 1);
  const auto snapshot = store->snapshot();
  put(*store, Table::row, "a", "new", 2);
  put(*store, Table::row, "b", "new", 3);
  EXPECT_EQ(snapshot->get(Table::row, "a"), "old");
  EXPECT_THAT(keys(*snapshot, Table::row, ""), ElementsAre("a"));
  EXPECT_THAT(keys_reverse(*snapshot, Table::row, ""), ElementsAre("a"));
  EXPECT_THAT(*snapshot->multi_get(Table::row, {"a", "b"}), ElementsAre("old", std::nullopt));
  EXPECT_EQ(store->get(Table::row, "a"), "new");
}

TEST(Store, RefusesASequenceThatGoesBack) {
  const TemporaryDirectory dir;
  const auto store = open(dir / "store");
  put(*store, Table::row, "a", "1", 7);
  put(*store, Table::row, "b", "1", 7);
  const auto refused = store->commit(WriteBatch(), 6);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid_argument);
  EXPECT_EQ(store->last_sequence(), 7u);
  EXPECT_FALSE(store->fault());
}

TEST(Store, RefusesABatchOverTheLimit) {
  const TemporaryDirectory dir;
  const auto store = open(dir / "store");
  WriteBatch batch;
  batch.put(Table::row, "a", std::string(kMaxBatchBytes, 'x'));
  const auto refused = store->commit(std::move(batch), 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::limit_exceeded);
  EXPECT_EQ(store->get(Table::row, "a"), std::nullopt);
}

TEST(Store, RefusesADirectoryInUse) {
  const TemporaryDirectory dir;
  const auto store = open(dir / "store");
  const auto second = Store::open({.path = dir / "store"});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::locked);
  EXPECT_THAT(second.error().message, HasSubstr(dir / "store"));
  EXPECT_THAT(second.error().message, HasSubstr("another tidemark"));
}

TEST(Store, SaysWhenThereIsNoneAndItMayNotBeCreated) {
  const TemporaryDirectory dir;
  const auto missing = Store::open({.path = dir / "store", .create_if_missing = false});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
  EXPECT_FALSE(std::filesystem::exists(dir / "store"));
}

TEST(Store, ACheckpointIsAStoreOfItsOwn) {
  const TemporaryDirectory dir;
  const auto store = open(dir / "store");
  put(*store, Table::row, "a", "1", 1);
  ASSERT_TRUE(store->checkpoint(dir / "copy"));
  put(*store, Table::row, "a", "2", 2);
  const auto again = store->checkpoint(dir / "copy");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::conflict);
  const auto copy = open(dir / "copy");
  EXPECT_EQ(copy->get(Table::row, "a"), "1");
  EXPECT_EQ(copy->last_sequence(), 1u);
  put(*copy, Table::row, "a", "3", 2);
  EXPECT_EQ(store->get(Table::row, "a"), "2");
}

TEST(Store, StatsCountWhatIsThere) {
  const TemporaryDirectory dir;
  const auto store = open(dir / "store");
  for (int i = 0; i < 20; ++i) put(*store, Table::row, std::to_string(i), "value", i + 1);
  const auto stats = store->stats();
  EXPECT_EQ(stats.last_sequence, 20u);
  EXPECT_EQ(stats.watermark, 20u);
  EXPECT_GT(stats.wal_bytes, 0u);
  EXPECT_GE(stats.disk_bytes, stats.wal_bytes);
  EXPECT_GT(stats.memory_bytes, 0u);
  ASSERT_EQ(stats.table_keys.size(), kTableCount);
  EXPECT_EQ(stats.table_keys[static_cast<std::size_t>(Table::row)],
            std::make_pair(std::string("row"), std::uint64_t{20}));
}

}  // namespace
}  // namespace tidemark
