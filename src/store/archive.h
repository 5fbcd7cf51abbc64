// Copies of stores over time in one directory, which share the tables that did not change: what
// backups are made of (src/backup/ has the rest). RocksDB's BackupEngine stands behind it.
//
// A store is archived from a checkpoint of it (Store::checkpoint), so the store itself goes on and
// is not held in any way while files are copied:
//
//   TM_TRY(store.checkpoint(path));
//   TM_ASSIGN(const auto frozen, FrozenStore::open(path));
//   TM_ASSIGN(auto archive, StoreArchive::open(directory, StoreArchive::Access::write));
//   TM_ASSIGN(const auto added, archive->add(*frozen));
//
// One StoreArchive writes to a directory at a time: its users see to it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace tidemark {

// How far a store has got, and in which layout.
struct StorePoint {
  Sequence sequence = 0;
  std::uint64_t commits = 0;
  std::uint32_t format = 0;
  bool operator==(const StorePoint&) const = default;
};

// A checkpoint, opened so that no table of it is written anew: a copy of it shares what the store
// itself shares.
class FrozenStore {
 public:
  static Result<std::unique_ptr<FrozenStore>> open(const std::string& path);
  ~FrozenStore();
  const StoreView& view() const;
  const StorePoint& point() const;

 private:
  friend class StoreArchive;
  struct Impl;
  explicit FrozenStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct ArchivedStore {
  std::uint32_t id = 0;     // ascending
  std::uint64_t bytes = 0;  // of its files, shared ones included
  std::uint32_t files = 0;
};

class StoreArchive {
 public:
  enum class Access { read, write };

  // For writing it is made when it is not there; for reading nothing is written.
  static Result<std::unique_ptr<StoreArchive>> open(const std::string& directory, Access access);
  ~StoreArchive();

  // Whole and durable when it returns, else nothing: Errc::disk_full, Errc::io_error,
  // Errc::cancelled.
  Result<ArchivedStore> add(const FrozenStore& store);
  // From any thread: makes a running add() end soon, and every later one at once.
  void cancel();
  // Frees what no other copy shares.
  Result<void> remove(std::uint32_t id);
  // Frees what an interrupted add() left. Nothing while damaged() is not empty, for what a damaged
  // copy shares could not be told from what nobody needs.
  Result<void> collect_garbage();

  std::vector<ArchivedStore> list() const;
  // Those whose files are missing or whose list of files cannot be read: not in list().
  std::vector<std::uint32_t> damaged() const;

  // Writes a store directory, which must not exist: it opens only if it has reached `point`. Every
  // file's checksum is compared; Errc::corrupt names the file. Errc::not_found: no such copy.
  Result<void> restore(std::uint32_t id, const StorePoint& point, const std::string& path) const;

 private:
  struct Impl;
  explicit StoreArchive(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidemark
