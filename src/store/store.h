// The embedded store: the only place that names RocksDB.
//
// One open Store is one data directory, locked to one process. Every commit is synced: when
// commit() returns ok, the whole batch survives a power cut. Reading is thread-safe at any time;
// commits are serialised by the caller (the engine has one committing thread).
//
//   TM_ASSIGN(auto store, Store::open({.path = "data/store"}));
//   WriteBatch batch;
//   batch.put(Table::row, key, value);
//   TM_TRY(store->commit(std::move(batch), sequence));
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace tidemark {

// One column family each. A number, once used, is never reused; docs/storage-format.md describes
// each table's keys and values.
enum class Table : std::uint8_t {
  meta = 0,           // format version, last sequence, watermark companion
  journal = 1,        // sequence -> record
  journal_index = 2,  // secondary keys -> nothing
  instance = 3,       // machine instance -> state
  row = 4,            // (instance, row key) -> value
  timer = 5,          // (due, instance, name)
  outbox = 6,         // (sequence, index) -> effect
  dedupe = 7,         // key -> (sequence, expiry)
  secret = 8,         // (tenant, name) -> sealed secret
  input = 9,          // sequence -> the input's bytes, apart from the record that holds their hash
  event = 10,         // (sequence, index) -> event envelope
};
inline constexpr std::size_t kTableCount = 11;
std::string_view name(Table table);

class WriteBatch {
 public:
  WriteBatch();
  WriteBatch(WriteBatch&&) noexcept;
  WriteBatch& operator=(WriteBatch&&) noexcept;
  ~WriteBatch();

  void put(Table table, std::string_view key, std::string_view value);
  void erase(Table table, std::string_view key);
  void clear();
  std::size_t bytes() const;
  std::size_t count() const;
  // What it holds, in the order given; `value` is null for an erased key. For stores of another
  // kind, and for whoever checks what is about to be written.
  using Visitor =
      std::function<void(Table table, std::string_view key, const std::string_view* value)>;
  void for_each(const Visitor& visitor) const;

 private:
  friend class RocksStore;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Seam for fault injection and simulation; defined in store/file_system.h. Null is the real one.
class StoreFileSystem;

struct StoreOptions {
  std::string path;
  bool create_if_missing = true;
  // Memory is bounded by block_cache_bytes + write_buffer_bytes (memtables are charged to the
  // cache) plus about 1 MiB of index and filter blocks per million keys.
  std::uint64_t block_cache_bytes = 8ULL << 20;
  std::uint64_t write_buffer_bytes = 8ULL << 20;  // over all tables together
  std::uint64_t max_wal_bytes = 64ULL << 20;
  // How long a commit's watermark may stay unsynced, and how often a failing store is tried again
  // when nobody commits. Zero: synced by every commit, and no background thread, for simulations.
  std::chrono::milliseconds maintenance_interval{1000};
  std::shared_ptr<StoreFileSystem> file_system{};
};

// A commit takes at most this much, as WriteBatch::bytes() counts: Errc::limit_exceeded.
inline constexpr std::size_t kMaxBatchBytes = 32 << 20;

struct StoreStats {
  std::uint64_t disk_bytes = 0;
  std::uint64_t wal_bytes = 0;
  std::uint64_t memory_bytes = 0;
  Sequence last_sequence = 0;
  Sequence watermark = 0;
  std::vector<std::pair<std::string, std::uint64_t>> table_keys{};  // estimates, by table name
};

// Returns false to stop the scan.
using ScanVisitor = std::function<bool(std::string_view key, std::string_view value)>;

// A consistent view at one moment, or the live store. Thread-safe.
class StoreView {
 public:
  virtual ~StoreView() = default;
  virtual Result<std::optional<std::string>> get(Table table, std::string_view key) const = 0;
  virtual Result<std::vector<std::optional<std::string>>> multi_get(
      Table table, const std::vector<std::string>& keys) const = 0;
  // Keys that start with prefix, ascending, beginning at the first key >= from (from may be empty).
  virtual Result<void> scan(Table table, std::string_view prefix, std::string_view from,
                            const ScanVisitor& visitor) const = 0;
  // The same, descending, beginning at the last key < before (empty: the prefix's end).
  virtual Result<void> scan_reverse(Table table, std::string_view prefix, std::string_view before,
                                    const ScanVisitor& visitor) const = 0;
};

class Store : public StoreView {
 public:
  // Errc::locked      another process has the directory
  // Errc::newer_format  written by a newer version
  // Errc::corrupt     acknowledged writes are missing or damaged; the message says what and what to
  // do Errc::not_found   nothing there and create_if_missing is false
  static Result<std::unique_ptr<Store>> open(const StoreOptions& options);

  // Ok: the whole batch is durable and last_sequence() is `through`. Failed: nothing of it is
  // visible, now or after a restart; Errc::disk_full or Errc::io_error. After a failure the store
  // stays readable, and a later commit succeeds once the cause is gone.
  virtual Result<void> commit(WriteBatch&& batch, Sequence through) = 0;

  virtual Sequence last_sequence() const = 0;
  // Must not outlive the store. Let go of it soon: it keeps old values, and may delay recovery.
  virtual std::unique_ptr<StoreView> snapshot() const = 0;
  // The reason commits are failing at the moment; nothing when healthy.
  virtual std::optional<Error> fault() const = 0;
  virtual StoreStats stats() const = 0;
  // A consistent copy by hard links into a directory that must not exist.
  virtual Result<void> checkpoint(const std::string& path) = 0;
};

}  // namespace tidemark
