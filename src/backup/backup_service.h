// Makes backups of the store of this process, while it goes on. Thread-safe; one backup at a time.
//
// In order: a checkpoint of the store by hard links (milliseconds; commits wait for no more than
// that), its rows counted, its new tables copied, the audit's key beside it, the manifest last.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "backup/backup_directory.h"
#include "backup/manifest.h"
#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

namespace tidemark::backup {

struct BackupOptions {
  std::string directory;   // where to, when nobody says; empty: nowhere
  milliseconds every{};    // while serving; 0: only when asked
  std::uint64_t keep = 0;  // remove older ones after each backup on schedule; 0: keep all
  std::string data_dir{};  // what the keys and marks lie in
  std::string version{};   // for the manifest
};

class BackupService {
 public:
  BackupService(Store& store, const Clock& clock, BackupOptions options);
  ~BackupService();  // stop()

  // In the directory given, or that of the options when it is empty. Errc::invalid_argument,
  // Errc::conflict (one is being made; the directory is another store's), Errc::disk_full,
  // Errc::io_error, Errc::corrupt (the store itself is damaged), Errc::cancelled.
  Result<Manifest> create(const std::string& directory);

  struct Status {
    std::string directory;  // of the options
    std::optional<Mark> created;
    std::optional<Mark> verified;
  };
  // Reads two small files.
  Status status() const;

  const BackupOptions& options() const { return options_; }

  // The schedule, if there is one.
  void start();
  // Ends a running backup soon, and the schedule.
  void stop();

 private:
  Result<Manifest> create_in(const std::string& path);
  Result<void> take_checkpoint() const;
  Result<Manifest> finish(BackupDirectory& directory, const ArchivedStore& added, Content content,
                          std::uint64_t bytes_before) const;
  Result<void> copy_keys(const BackupDirectory& directory, Manifest& manifest) const;
  void run_schedule();
  void run_once();

  Store& store_;
  const Clock& clock_;
  const BackupOptions options_;
  const std::string checkpoint_;
  std::mutex creating_;
  std::atomic<bool> stopping_ = false;
  std::mutex archive_mutex_;
  StoreArchive* archive_ = nullptr;  // of the backup being made; guarded by archive_mutex_

  std::mutex schedule_mutex_;
  std::condition_variable schedule_wakes_;
  std::thread schedule_;
};

// Removes all but the newest `keep` that are whole; the ids that went. The newest one that is
// verified stays whatever its age. Errc::invalid_argument for 0.
Result<std::vector<std::uint32_t>> prune(const std::string& directory, std::uint64_t keep);

}  // namespace tidemark::backup
