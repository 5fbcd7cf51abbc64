// The store's contract in memory: what a simulated world stands on when it has to be fast. That it
// behaves as the one on RocksDB does is tested: model_store_test.cc.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>

#include "store/store.h"

namespace tidemark::sim {

// What survives the process.
struct ModelDisk {
  using Rows = std::map<std::string, std::string, std::less<>>;
  using Tables = std::array<Rows, kTableCount>;
  std::shared_ptr<Tables> tables = std::make_shared<Tables>();
  Sequence last_sequence = 0;
};

class ModelView : public StoreView {
 public:
  explicit ModelView(std::shared_ptr<const ModelDisk::Tables> tables)
      : tables_(std::move(tables)) {}

  Result<std::optional<std::string>> get(Table table, std::string_view key) const override;
  Result<std::vector<std::optional<std::string>>> multi_get(
      Table table, const std::vector<std::string>& keys) const override;
  Result<void> scan(Table table, std::string_view prefix, std::string_view from,
                    const ScanVisitor& visitor) const override;
  Result<void> scan_reverse(Table table, std::string_view prefix, std::string_view before,
                            const ScanVisitor& visitor) const override;

 private:
  const std::shared_ptr<const ModelDisk::Tables> tables_;
};

class ModelStore final : public Store {
 public:
  explicit ModelStore(ModelDisk& disk) : disk_(disk) {}

  Result<std::optional<std::string>> get(Table table, std::string_view key) const override {
    return ModelView(disk_.tables).get(table, key);
  }
  Result<std::vector<std::optional<std::string>>> multi_get(
      Table table, const std::vector<std::string>& keys) const override {
    return ModelView(disk_.tables).multi_get(table, keys);
  }
  Result<void> scan(Table table, std::string_view prefix, std::string_view from,
                    const ScanVisitor& visitor) const override {
    return ModelView(disk_.tables).scan(table, prefix, from, visitor);
  }
  Result<void> scan_reverse(Table table, std::string_view prefix, std::string_view before,
                            const ScanVisitor& visitor) const override {
    return ModelView(disk_.tables).scan_reverse(table, prefix, before, visitor);
  }
  // Copies all tables when somebody still looks at a snapshot or scans them.
  Result<void> commit(WriteBatch&& batch, Sequence through) override;
  Sequence last_sequence() const override { return disk_.last_sequence; }
  std::unique_ptr<StoreView> snapshot() const override {
    return std::make_unique<ModelView>(disk_.tables);
  }
  std::optional<Error> fault() const override { return std::nullopt; }
  StoreStats stats() const override;
  Result<void> checkpoint(const std::string& path) override;

 private:
  ModelDisk& disk_;
};

}  // namespace tidemark::sim
