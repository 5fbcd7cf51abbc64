// A real store whose commits and reads fail when a test says so.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "store/store.h"

namespace tidemark::test {

class FragileStore final : public Store {
 public:
  explicit FragileStore(Store& store) : store_(store) {}

  std::atomic<int> failing_commits = 0;  // the next so many fail
  std::atomic<int> commits = 0;
  std::optional<Table> unreadable{};  // set only while nobody reads
  Errc with = Errc::disk_full;

  Result<void> commit(WriteBatch&& batch, Sequence through) override {
    if (failing_commits > 0) {
      --failing_commits;
      const WriteBatch dropped = std::move(batch);
      return fail(with, "the test said so");
    }
    ++commits;
    return store_.commit(std::move(batch), through);
  }
  Result<std::optional<std::string>> get(Table table, std::string_view key) const override {
    if (unreadable == table) return fail(Errc::io_error, "the test said so");
    return store_.get(table, key);
  }
  Result<std::vector<std::optional<std::string>>> multi_get(
      Table table, const std::vector<std::string>& keys) const override {
    return store_.multi_get(table, keys);
  }
  Result<void> scan(Table table, std::string_view prefix, std::string_view from,
                    const ScanVisitor& visitor) const override {
    if (unreadable == table) return fail(Errc::io_error, "the test said so");
    return store_.scan(table, prefix, from, visitor);
  }
  Result<void> scan_reverse(Table table, std::string_view prefix, std::string_view before,
                            const ScanVisitor& visitor) const override {
    return store_.scan_reverse(table, prefix, before, visitor);
  }
  Sequence last_sequence() const override { return store_.last_sequence(); }
  std::unique_ptr<StoreView> snapshot() const override { return store_.snapshot(); }
  std::optional<Error> fault() const override { return store_.fault(); }
  StoreStats stats() const override { return store_.stats(); }
  Result<void> checkpoint(const std::string& path) override { return store_.checkpoint(path); }

 private:
  Store& store_;
};

}  // namespace tidemark::test
