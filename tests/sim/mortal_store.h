// The store as a process sees it that may die at any commit, on a disk that may refuse.
#pragma once

#include <functional>

#include "sim/stage.h"
#include "store/store.h"

namespace tidemark::sim {

// Everything of one process that has been killed: its store writes and reads nothing more.
class MortalStore final : public Store {
 public:
  MortalStore(Stage& stage, Store& store) : stage_(stage), store_(store) {}

  bool dead() const { return dead_; }
  void die(Fault how) {
    stage_.faults.note(how);
    dead_ = true;
  }
  // Dies if it strikes.
  bool struck(Fault how) {
    if (!dead_ && stage_.faults.strikes(how)) dead_ = true;
    return dead_;
  }
  std::uint64_t commits() const { return commits_; }
  // Sees each batch that has become durable.
  std::function<void(Sequence through)> committed;

  Result<void> commit(WriteBatch&& batch, Sequence through) override;
  Result<std::optional<std::string>> get(Table table, std::string_view key) const override {
    TM_TRY(alive());
    return store_.get(table, key);
  }
  Result<std::vector<std::optional<std::string>>> multi_get(
      Table table, const std::vector<std::string>& keys) const override {
    TM_TRY(alive());
    return store_.multi_get(table, keys);
  }
  Result<void> scan(Table table, std::string_view prefix, std::string_view from,
                    const ScanVisitor& visitor) const override {
    TM_TRY(alive());
    return store_.scan(table, prefix, from, visitor);
  }
  Result<void> scan_reverse(Table table, std::string_view prefix, std::string_view before,
                            const ScanVisitor& visitor) const override {
    TM_TRY(alive());
    return store_.scan_reverse(table, prefix, before, visitor);
  }
  Sequence last_sequence() const override { return store_.last_sequence(); }
  std::unique_ptr<StoreView> snapshot() const override { return store_.snapshot(); }
  std::optional<Error> fault() const override { return store_.fault(); }
  StoreStats stats() const override { return store_.stats(); }
  Result<void> checkpoint(const std::string& path) override { return store_.checkpoint(path); }

 private:
  Result<void> alive() const {
    if (!dead_) return {};
    return fail(Errc::io_error, "the process has been killed");
  }

  Stage& stage_;
  Store& store_;
  bool dead_ = false;
  std::uint64_t commits_ = 0;
  milliseconds trouble_until_{0};
};

}  // namespace tidemark::sim
