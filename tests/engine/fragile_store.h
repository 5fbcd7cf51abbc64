// A real store whose commits and reads wait or fail when a test says so.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "store/store.h"

namespace tidemark::test {

class FragileStore final : public Store {
 public:
  explicit FragileStore(Store& store) : store_(store) {}

  std::atomic<int> failing_commits = 0;  // the next so many fail
  std::optional<int> good_commits{};     // after so many all fail
  std::atomic<int> commits = 0;
  std::optional<Table> unreadable{};  // set only while nobody reads
  Errc with = Errc::disk_full;

  // The next so many commits wait, each for a release() that says whether it succeeds.
  void hold(int commits) {
    const std::lock_guard lock(mutex_);
    to_hold_ = commits;
  }
  void wait_until_held() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return held_; });
  }
  void release(bool succeed) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return held_; });
    held_ = false;
    verdict_ = succeed;
    changed_.notify_all();
  }

  Result<void> commit(WriteBatch&& batch, Sequence through) override {
    if (!wait_for_verdict()) failing_commits = 1;
    if (failing_commits > 0) {
      --failing_commits;
      const WriteBatch dropped = std::move(batch);
      return fail(with, "the test said so");
    }
    if (good_commits && commits >= *good_commits) return fail(with, "the test said so");
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
  bool wait_for_verdict() {
    std::unique_lock lock(mutex_);
    if (to_hold_ == 0) return true;
    --to_hold_;
    held_ = true;
    verdict_.reset();
    changed_.notify_all();
    changed_.wait(lock, [&] { return verdict_.has_value(); });
    return *verdict_;
  }

  Store& store_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int to_hold_ = 0;
  bool held_ = false;
  std::optional<bool> verdict_;
};

}  // namespace tidemark::test
