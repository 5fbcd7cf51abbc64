// The directory that holds backups of one store, and what lies in it:
//
//   TIDEMARK-BACKUPS     text, "tidemark backups format 1": nothing is written to a directory that
//                        has other things in it
//   LOCK                 flock()ed: exclusively while one is made or removed, shared while read
//   store/               the copies of the store, which share tables (store/archive.h)
//   backups/<id>/        of each one: audit.key and audit.pub, manifest.json, verified.json
//   verify-*/            what a verification restores, for as long as it runs
//
// A backup is what has a manifest. Everything else is left of an interruption, and removed by the
// next `create`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backup/manifest.h"
#include "base/result.h"
#include "store/archive.h"

namespace tidemark::backup {

inline constexpr std::size_t kMaxBackups = 10'000;

// Whether it looks like one; open() says whether it is.
bool is_backup_directory(const std::string& path);

struct Entry {
  std::uint32_t id = 0;
  std::optional<Manifest> manifest;  // nothing: it is damaged
  std::optional<Verification> verified;
  Error damage{};  // when there is no manifest, or files are missing
};

class BackupDirectory {
 public:
  enum class Use { read, write };

  // For writing, it is made when it is not there. Errc::invalid_argument: it is or holds or lies in
  // `data_dir` (empty: none is near), or holds other things; Errc::not_found: nothing there to
  // read; Errc::conflict: another command works in it; Errc::newer_format.
  static Result<BackupDirectory> open(const std::string& path, const std::string& data_dir,
                                      Use use);
  BackupDirectory(BackupDirectory&& other) noexcept;
  BackupDirectory& operator=(BackupDirectory&&) = delete;
  ~BackupDirectory();

  // In ascending order. What was never finished is left out.
  Result<std::vector<Entry>> entries() const;
  // The one with this id, or the newest one. Errc::not_found.
  Result<Entry> find(std::optional<std::uint32_t> id) const;

  Result<std::unique_ptr<StoreArchive>> archive() const;
  // Frees what interruptions left. For writing only.
  Result<void> clean(StoreArchive& archive) const;
  Result<void> remove(StoreArchive& archive, std::uint32_t id) const;

  const std::string& path() const { return path_; }
  std::string path_of(std::uint32_t id) const;
  std::string manifest_path(std::uint32_t id) const;
  std::string verified_path(std::uint32_t id) const;

 private:
  BackupDirectory(std::string path, Use use, int lock)
      : path_(std::move(path)), use_(use), lock_(lock) {}
  Result<bool> is_finished(std::uint32_t id) const;
  Entry read_entry(std::uint32_t id) const;
  Result<std::vector<std::uint32_t>> ids() const;

  std::string path_;
  Use use_;
  int lock_;
};

Json to_json(const Entry& entry);

}  // namespace tidemark::backup
