#include "store/rocks_store.h"

#include <utility>

#include "base/log.h"
#include "store/key.h"
#include "store/rocks_error.h"
#include "store/unmoved.h"
#include "store/write_batch_operations.h"

namespace tidemark {

std::string encode_progress(const Progress& progress) {
  return KeyWriter().u64(progress.sequence).u64(progress.commits).str();
}

std::optional<Progress> decode_progress(std::string_view value) {
  KeyReader reader(value);
  Progress progress;
  progress.sequence = reader.u64();
  progress.commits = reader.u64();
  if (!reader.ok() || !reader.rest().empty()) return std::nullopt;
  return progress;
}

RocksStore::RocksStore(Parts parts)
    : options_(std::move(parts.options)),
      file_system_(std::move(parts.file_system)),
      lock_(std::move(parts.lock)),
      rocks_(std::move(parts.rocks)),
      database_(std::make_shared<DatabaseHandle>(std::move(parts.database))),
      watermark_(std::move(parts.watermark)),
      progress_(parts.progress),
      last_sequence_(parts.progress.sequence) {
  if (options_.maintenance_interval.count() > 0) {
    maintenance_ = std::thread([this] { maintain(); });
  }
}

RocksStore::~RocksStore() {
  if (maintenance_.joinable()) {
    {
      const std::lock_guard lock(maintenance_mutex_);
      stopping_ = true;
    }
    maintenance_wakes_.notify_all();
    maintenance_.join();
  }
  if (auto synced = watermark_->sync(); !synced) {
    log::warning("the store's watermark could not be synced while closing",
                 {.error_code = name(synced.error().code), .detail = synced.error().message});
  }
}

Result<std::optional<std::string>> RocksStore::get(Table table, std::string_view key) const {
  const DatabaseHandle::Lease lease(*database_);
  return RocksReader(lease.get(), nullptr).get(table, key);
}

Result<std::vector<std::optional<std::string>>> RocksStore::multi_get(
    Table table, const std::vector<std::string>& keys) const {
  const DatabaseHandle::Lease lease(*database_);
  return RocksReader(lease.get(), nullptr).multi_get(table, keys);
}

Result<void> RocksStore::scan(Table table, std::string_view prefix, std::string_view from,
                              const ScanVisitor& visitor) const {
  const DatabaseHandle::Lease lease(*database_);
  return RocksReader(lease.get(), nullptr).scan(table, prefix, from, visitor);
}

Result<void> RocksStore::scan_reverse(Table table, std::string_view prefix, std::string_view before,
                                      const ScanVisitor& visitor) const {
  const DatabaseHandle::Lease lease(*database_);
  return RocksReader(lease.get(), nullptr).scan_reverse(table, prefix, before, visitor);
}

std::unique_ptr<StoreView> RocksStore::snapshot() const {
  return std::make_unique<SnapshotView>(database_);
}

Result<void> RocksStore::commit(WriteBatch&& batch, Sequence through) {
  const WriteBatch taken = std::move(batch);
  if (taken.bytes() > kMaxBatchBytes) {
    return fail(Errc::limit_exceeded, "a commit of " + std::to_string(taken.bytes()) +
                                          " bytes is over the limit of " +
                                          std::to_string(kMaxBatchBytes) + ": split it");
  }
  const std::lock_guard lock(commit_mutex_);
  if (through == kUnmoved) through = progress_.sequence;
  if (through < progress_.sequence) {
    return fail(Errc::invalid_argument, "commit through sequence " + std::to_string(through) +
                                            " after " + std::to_string(progress_.sequence) +
                                            ": sequences never go back");
  }
  TM_TRY(recover());
  const Progress next{through, progress_.commits + 1};
  if (auto written = write(taken, next); !written) {
    set_fault(written.error());
    return written;
  }
  progress_ = next;
  last_sequence_.store(through);
  record_watermark();
  return {};
}

Result<void> RocksStore::write(const WriteBatch& batch, const Progress& progress) {
  const DatabaseHandle::Lease lease(*database_);
  const Database& database = *lease.get();
  rocksdb::WriteBatch rocks(batch.impl_->bytes.size() + 16 * batch.count() + 128);
  rocksdb::Status status;
  // A key that goes into a write buffer next to the one before it spares most of the search.
  for (const auto& placed : batch.impl_->in_key_order()) {
    auto* table = database.table(placed.operation->table);
    const rocksdb::Slice key(placed.key());
    status = placed.operation->erases ? rocks.Delete(table, key)
                                      : rocks.Put(table, key, rocksdb::Slice(placed.value()));
    if (!status.ok()) return fail(to_error("preparing a commit", status));
  }
  status = rocks.Put(database.table(Table::meta), rocksdb::Slice(kProgressKey),
                     encode_progress(progress));
  if (status.ok()) {
    rocksdb::WriteOptions durable;
    durable.sync = true;
    status = database->Write(durable, &rocks);
  }
  if (status.ok()) return {};
  return fail(
      to_error("committing to " + options_.path + " failed, nothing of it was kept", status));
}

// The commit is durable whatever happens here: a watermark left behind proves less, no more.
void RocksStore::record_watermark() {
  auto recorded = watermark_->record(progress_);
  if (recorded && options_.maintenance_interval.count() == 0) recorded = watermark_->sync();
  if (!recorded && !watermark_failing_.exchange(true)) {
    log::warning("the store's watermark cannot be written; commits go on",
                 {.error_code = name(recorded.error().code), .detail = recorded.error().message});
  }
  if (recorded) watermark_failing_ = false;
  if (!maintenance_.joinable()) return;
  {
    const std::lock_guard lock(maintenance_mutex_);
    if (std::exchange(maintenance_wanted_, true)) return;
  }
  maintenance_wakes_.notify_all();
}

std::optional<Error> RocksStore::fault() const {
  const std::lock_guard lock(fault_mutex_);
  return fault_;
}

StoreStats RocksStore::stats() const {
  StoreStats stats;
  stats.last_sequence = last_sequence();
  stats.watermark = watermark_->recorded().sequence;
  const DatabaseHandle::Lease lease(*database_);
  if (lease.get() == nullptr) return stats;
  const Database& database = *lease.get();
  for (std::size_t i = 0; i < kTableCount; ++i) {
    auto* table = database.tables()[i];
    std::uint64_t value = 0;
    if (database->GetIntProperty(table, rocksdb::DB::Properties::kTotalSstFilesSize, &value)) {
      stats.disk_bytes += value;
    }
    if (database->GetIntProperty(table, rocksdb::DB::Properties::kEstimateTableReadersMem,
                                 &value)) {
      stats.memory_bytes += value;
    }
    value = 0;
    database->GetIntProperty(table, rocksdb::DB::Properties::kEstimateNumKeys, &value);
    stats.table_keys.emplace_back(name(static_cast<Table>(i)), value);
  }
  std::uint64_t cached = 0;  // memtables are charged to the cache, so they are in here
  if (database->GetIntProperty(rocksdb::DB::Properties::kBlockCacheUsage, &cached)) {
    stats.memory_bytes += cached;
  }
  rocksdb::VectorLogPtr logs;
  if (const_cast<rocksdb::DB&>(*database).GetSortedWalFiles(logs).ok()) {
    for (const auto& log : logs) stats.wal_bytes += log->SizeFileBytes();
  }
  stats.disk_bytes += stats.wal_bytes;
  return stats;
}

}  // namespace tidemark
