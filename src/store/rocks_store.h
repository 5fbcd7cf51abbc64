// The Store on RocksDB.
//
// Directory: LOCK, FORMAT, WATERMARK, db/ (RocksDB's), wal/ (its logs), checkpoints/ (made before
// migrations). docs/storage-format.md says more.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "store/database.h"
#include "store/rocks_options.h"
#include "store/rocks_view.h"
#include "store/store.h"
#include "store/watermark.h"

namespace tidemark {

// Held for as long as the store is open.
class DirectoryLock {
 public:
  static Result<DirectoryLock> take(const std::shared_ptr<rocksdb::FileSystem>& file_system,
                                    const std::string& directory);
  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  DirectoryLock(std::shared_ptr<rocksdb::FileSystem> file_system, rocksdb::FileLock* lock)
      : file_system_(std::move(file_system)), lock_(lock) {}

  std::shared_ptr<rocksdb::FileSystem> file_system_;
  rocksdb::FileLock* lock_;
};

// What the meta table holds of the store itself; both values are written big-endian.
inline constexpr std::string_view kProgressKey = "store/progress";  // u64 sequence, u64 commits
inline constexpr std::string_view kFormatKey = "store/format";      // u64

std::string encode_progress(const Progress& progress);
std::optional<Progress> decode_progress(std::string_view value);

class RocksStore final : public Store {
 public:
  struct Parts {
    StoreOptions options;
    std::shared_ptr<rocksdb::FileSystem> file_system;
    DirectoryLock lock;
    RocksOptions rocks;
    std::unique_ptr<Database> database;
    std::unique_ptr<Watermark> watermark;
    Progress progress;
  };
  explicit RocksStore(Parts parts);
  ~RocksStore() override;

  Result<std::optional<std::string>> get(Table table, std::string_view key) const override;
  Result<std::vector<std::optional<std::string>>> multi_get(
      Table table, const std::vector<std::string>& keys) const override;
  Result<void> scan(Table table, std::string_view prefix, std::string_view from,
                    const ScanVisitor& visitor) const override;
  Result<void> scan_reverse(Table table, std::string_view prefix, std::string_view before,
                            const ScanVisitor& visitor) const override;

  Result<void> commit(WriteBatch&& batch, Sequence through) override;
  Sequence last_sequence() const override { return last_sequence_.load(); }
  std::unique_ptr<StoreView> snapshot() const override;
  std::optional<Error> fault() const override;
  StoreStats stats() const override;
  Result<void> checkpoint(const std::string& path) override;

 private:
  Result<void> write(const WriteBatch& batch, const Progress& progress);
  void record_watermark();

  // recovery.cc; all under commit_mutex_.
  Result<void> recover();
  Result<void> probe_disk() const;
  Result<void> reopen();
  std::unique_ptr<Database> open_again(Error& error);

  void set_fault(std::optional<Error> error);
  void maintain();

  const StoreOptions options_;
  const std::shared_ptr<rocksdb::FileSystem> file_system_;
  const DirectoryLock lock_;
  const RocksOptions rocks_;
  const std::shared_ptr<DatabaseHandle> database_;
  const std::unique_ptr<Watermark> watermark_;

  std::mutex commit_mutex_;
  Progress progress_;  // guarded by commit_mutex_
  std::atomic<Sequence> last_sequence_;
  std::atomic<bool> watermark_failing_ = false;

  mutable std::mutex fault_mutex_;
  std::optional<Error> fault_;

  std::mutex maintenance_mutex_;
  std::condition_variable maintenance_wakes_;
  bool maintenance_wanted_ = false;
  bool stopping_ = false;
  std::thread maintenance_;
};

}  // namespace tidemark
