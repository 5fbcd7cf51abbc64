// Reading, at one moment or live.
#pragma once

#include <rocksdb/db.h>

#include <memory>

#include "store/database.h"
#include "store/store.h"

namespace tidemark {

// Reads of a borrowed database; snapshot null reads the live one.
class RocksReader {
 public:
  RocksReader(const Database* database, const rocksdb::Snapshot* snapshot)
      : database_(database), snapshot_(snapshot) {}

  Result<std::optional<std::string>> get(Table table, std::string_view key) const;
  Result<std::vector<std::optional<std::string>>> multi_get(
      Table table, const std::vector<std::string>& keys) const;
  Result<void> scan(Table table, std::string_view prefix, std::string_view from,
                    const ScanVisitor& visitor) const;
  Result<void> scan_reverse(Table table, std::string_view prefix, std::string_view before,
                            const ScanVisitor& visitor) const;

 private:
  rocksdb::ReadOptions read_options() const;
  Result<void> check_open() const;

  const Database* database_;
  const rocksdb::Snapshot* snapshot_;
};

class SnapshotView final : public StoreView {
 public:
  explicit SnapshotView(std::shared_ptr<DatabaseHandle> handle);
  ~SnapshotView() override;

  Result<std::optional<std::string>> get(Table table, std::string_view key) const override;
  Result<std::vector<std::optional<std::string>>> multi_get(
      Table table, const std::vector<std::string>& keys) const override;
  Result<void> scan(Table table, std::string_view prefix, std::string_view from,
                    const ScanVisitor& visitor) const override;
  Result<void> scan_reverse(Table table, std::string_view prefix, std::string_view before,
                            const ScanVisitor& visitor) const override;

 private:
  std::shared_ptr<DatabaseHandle> handle_;
  DatabaseHandle::Lease lease_;
  const rocksdb::Snapshot* snapshot_;
  RocksReader reader_;
};

}  // namespace tidemark
