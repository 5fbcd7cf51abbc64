// The model store against the one on RocksDB: the same commits, the same answers.
#include "sim/model_store.h"

#include <gtest/gtest.h>

#include "sim/random.h"
#include "support/temporary_directory.h"

namespace tidemark::sim {
namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;

class ModelStoreTest : public testing::TestWithParam<std::uint64_t> {
 protected:
  ModelStoreTest() { open(); }

  void open() {
    StoreOptions options{.path = directory_ / "store"};
    options.maintenance_interval = milliseconds{0};
    options.write_buffer_bytes = 64U << 10;
    auto opened = Store::open(options);
    ASSERT_TRUE(opened) << opened.error().message;
    rocks_ = std::move(*opened);
    model_ = std::make_unique<ModelStore>(disk_);
  }
  void reopen() {
    model_.reset();
    rocks_.reset();
    open();
  }

  // Few letters, the least and the greatest byte among them, so that prefixes and bounds meet.
  std::string any_key() {
    static constexpr std::string_view kLetters("\0ab\xFE\xFF", 5);
    std::string key;
    for (auto count = random_.below(5); count > 0; --count) {
      key += kLetters[random_.below(kLetters.size())];
    }
    return key;
  }
  Table any_table() { return random_.chance(500) ? Table::row : Table::timer; }

  void commit_something() {
    WriteBatch for_rocks;
    WriteBatch for_model;
    for (auto count = random_.below(30); count > 0; --count) {
      const Table table = any_table();
      const std::string key = any_key();
      if (random_.chance(300)) {
        for_rocks.erase(table, key);
        for_model.erase(table, key);
      } else {
        const std::string value(random_.below(200), static_cast<char>('a' + random_.below(26)));
        for_rocks.put(table, key, value);
        for_model.put(table, key, value);
      }
    }
    // Now and then it goes back, which neither takes.
    const Sequence last = rocks_->last_sequence();
    const Sequence through = random_.chance(100) && last > 0 ? last - 1 : last + random_.below(3);
    const auto a = rocks_->commit(std::move(for_rocks), through);
    const auto b = model_->commit(std::move(for_model), through);
    ASSERT_EQ(a.has_value(), b.has_value());
    if (!a) {
      EXPECT_EQ(a.error().code, b.error().code);
    }
    EXPECT_EQ(rocks_->last_sequence(), model_->last_sequence());
  }

  static Rows scanned(const StoreView& view, Table table, const std::string& prefix,
                      const std::string& bound, std::size_t limit, bool reverse) {
    Rows rows;
    const ScanVisitor visitor = [&](std::string_view key, std::string_view value) {
      rows.emplace_back(key, value);
      return rows.size() < limit;
    };
    const auto result = reverse ? view.scan_reverse(table, prefix, bound, visitor)
                                : view.scan(table, prefix, bound, visitor);
    EXPECT_TRUE(result);
    return rows;
  }

  void compare(const StoreView& a, const StoreView& b) {
    const Table table = any_table();
    const std::string prefix = any_key().substr(0, random_.below(3));
    const std::string bound = any_key();
    const std::size_t limit = 1 + random_.below(20);
    EXPECT_EQ(scanned(a, table, prefix, bound, limit, false),
              scanned(b, table, prefix, bound, limit, false));
    EXPECT_EQ(scanned(a, table, prefix, bound, limit, true),
              scanned(b, table, prefix, bound, limit, true));
    EXPECT_EQ(a.get(table, bound).value(), b.get(table, bound).value());
    const std::vector<std::string> keys{any_key(), any_key(), any_key()};
    EXPECT_EQ(a.multi_get(table, keys).value(), b.multi_get(table, keys).value());
  }

  Random random_{GetParam()};
  test::TemporaryDirectory directory_;
  std::unique_ptr<Store> rocks_;
  ModelDisk disk_;
  std::unique_ptr<ModelStore> model_;
};

TEST_P(ModelStoreTest, AnswersAsRocksDbDoes) {
  struct Kept {
    std::unique_ptr<StoreView> rocks;
    std::unique_ptr<StoreView> model;
  };
  std::vector<Kept> snapshots;
  for (int i = 0; i < 400 && !HasFailure(); ++i) {
    const auto dice = random_.below(100);
    if (dice < 40) {
      commit_something();
    } else if (dice < 90) {
      compare(*rocks_, *model_);
      if (!snapshots.empty()) compare(*snapshots.back().rocks, *snapshots.back().model);
    } else if (dice < 96) {
      if (snapshots.size() > 3) snapshots.clear();
      snapshots.push_back({rocks_->snapshot(), model_->snapshot()});
    } else {
      snapshots.clear();
      reopen();
    }
  }
}

// A scan sees what was there when it began, whatever is committed meanwhile.
TEST_P(ModelStoreTest, ScansSeeOneMoment) {
  for (Store* store : {rocks_.get(), static_cast<Store*>(model_.get())}) {
    WriteBatch batch;
    for (const char* key : {"a", "b", "c"}) batch.put(Table::row, key, "1");
    ASSERT_TRUE(store->commit(std::move(batch), 1));
    std::string seen;
    ASSERT_TRUE(store->scan(Table::row, {}, {}, [&](std::string_view key, std::string_view) {
      seen += key;
      WriteBatch more;
      more.erase(Table::row, "b");
      more.put(Table::row, std::string(key) + "x", "2");
      EXPECT_TRUE(store->commit(std::move(more), 1));
      return true;
    }));
    EXPECT_EQ(seen, "abc");
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ModelStoreTest, testing::Range<std::uint64_t>(1, 13));

}  // namespace
}  // namespace tidemark::sim
