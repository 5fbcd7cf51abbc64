// What a store must hold: exactly what was acknowledged.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "store/store.h"

namespace tidemark::test {

// Commits steps whose keys are never used twice, so that a failed one that comes back is seen, and
// whose rows, journal entries and states belong together, so that a torn one is seen.
class Oracle {
 public:
  // True when acknowledged.
  bool commit(Store& store, std::size_t value_bytes = 100) {
    const auto attempt = std::to_string(++attempts_);
    const std::string value = attempt + std::string(value_bytes, 'v');
    WriteBatch batch;
    auto after = expected_;
    const auto put = [&](Table table, const std::string& key) {
      batch.put(table, key, value);
      after[{table, key}] = value;
    };
    put(Table::row, "attempt " + attempt);
    put(Table::journal, "attempt " + attempt);
    put(Table::instance, "state");
    if (!last_.empty() && attempts_ % 3 == 0) {
      batch.erase(Table::row, "attempt " + last_);
      after.erase({Table::row, "attempt " + last_});
    }
    error_ = store.commit(std::move(batch), sequence_ + 1);
    if (!error_) return false;
    expected_ = std::move(after);
    last_ = attempt;
    ++sequence_;
    return true;
  }

  void expect_equal(const Store& store, const std::string& where) const {
    EXPECT_EQ(store.last_sequence(), sequence_) << where;
    std::map<std::pair<Table, std::string>, std::string> found;
    for (const auto table : {Table::row, Table::journal, Table::instance}) {
      const auto done = store.scan(table, "", "", [&](auto key, auto value) {
        found[{table, std::string(key)}] = value;
        return true;
      });
      ASSERT_TRUE(done) << where << ": " << done.error().message;
    }
    ASSERT_EQ(found.size(), expected_.size()) << where;
    ASSERT_TRUE(found == expected_) << where;
  }

  Sequence sequence() const { return sequence_; }
  const Result<void>& last_result() const { return error_; }

 private:
  std::map<std::pair<Table, std::string>, std::string> expected_;
  std::string last_;
  std::uint64_t attempts_ = 0;
  Sequence sequence_ = 0;
  Result<void> error_;
};

}  // namespace tidemark::test
