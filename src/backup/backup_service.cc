#include "backup/backup_service.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "backup/content.h"
#include "backup/durable_file.h"
#include "backup/marks.h"
#include "base/log.h"
#include "base/private_file.h"
#include "base/sha256.h"

namespace tidemark::backup {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxKeyBytes = 4096;
constexpr const char* kKeyFiles[] = {"audit.key", "audit.pub", "push.key"};
// Between two tries of a schedule that fails.
constexpr std::chrono::minutes kRetryAfter{5};

// The archive, for as long as a stop() may have to reach it.
class Reachable {
 public:
  Reachable(std::mutex& mutex, StoreArchive*& place, StoreArchive* archive)
      : mutex_(mutex), place_(place) {
    const std::lock_guard lock(mutex_);
    place_ = archive;
  }
  ~Reachable() {
    const std::lock_guard lock(mutex_);
    place_ = nullptr;
  }
  Reachable(const Reachable&) = delete;
  Reachable& operator=(const Reachable&) = delete;

 private:
  std::mutex& mutex_;
  StoreArchive*& place_;
};

class Removed {
 public:
  explicit Removed(std::string path) : path_(std::move(path)) {}
  ~Removed() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Removed(const Removed&) = delete;
  Removed& operator=(const Removed&) = delete;

 private:
  std::string path_;
};

}  // namespace

BackupService::BackupService(Store& store, const Clock& clock, BackupOptions options)
    : store_(store),
      clock_(clock),
      options_(std::move(options)),
      checkpoint_(options_.data_dir + "/store/checkpoints/backup") {
  // What a killed process left would keep tables on the disk that nobody else needs any more.
  std::error_code ignored;
  fs::remove_all(checkpoint_, ignored);
  fs::remove_all(checkpoint_ + ".partial", ignored);
}

BackupService::~BackupService() {
  stop();
}

BackupService::Status BackupService::status() const {
  return {options_.directory, read_mark(options_.data_dir, MarkKind::created),
          read_mark(options_.data_dir, MarkKind::verified)};
}

Result<Manifest> BackupService::create(const std::string& directory) {
  const std::string& chosen = directory.empty() ? options_.directory : directory;
  if (chosen.empty()) {
    return fail(Errc::invalid_argument,
                "no directory for backups: name one, or set directory in [backup]");
  }
  if (!fs::path(chosen).is_absolute()) {
    return fail(Errc::invalid_argument, "directory: \"" + chosen + "\" is no absolute path");
  }
  const std::unique_lock lock(creating_, std::try_to_lock);
  if (!lock.owns_lock()) {
    return fail(Errc::conflict, "a backup is being made: try again when it is done");
  }
  if (stopping_) return fail(Errc::cancelled, "stopping: no backup is made");
  auto manifest = create_in(chosen);
  if (!manifest) return manifest;
  log::info("backup made", {.detail = "backup " + std::to_string(manifest->id) + " in " + chosen});
  const Mark mark{manifest->id, manifest->created_at, chosen, manifest->content.origin,
                  manifest->content.point.sequence};
  if (auto marked = write_mark(options_.data_dir, MarkKind::created, mark); !marked) {
    log::warning("the backup is whole, but its time could not be noted in the data directory",
                 {.error_code = name(marked.error().code), .detail = marked.error().message});
  }
  return manifest;
}

Result<void> BackupService::take_checkpoint() const {
  std::error_code error;
  fs::remove_all(checkpoint_, error);
  fs::create_directories(fs::path(checkpoint_).parent_path(), error);
  return store_.checkpoint(checkpoint_);
}

Result<Manifest> BackupService::create_in(const std::string& path) {
  TM_ASSIGN(auto directory,
            BackupDirectory::open(path, options_.data_dir, BackupDirectory::Use::write));
  TM_ASSIGN(const auto before, directory.entries());
  if (before.size() >= kMaxBackups) {
    return fail(Errc::limit_exceeded, path + " holds " + std::to_string(before.size()) +
                                          " backups, and no more are made: `tidemark backup "
                                          "prune` removes old ones");
  }
  TM_ASSIGN(const auto archive, directory.archive());
  const Reachable reachable(archive_mutex_, archive_, archive.get());
  TM_TRY(directory.clean(*archive));
  const std::uint64_t bytes_before = bytes_below(path);

  const Removed removed(checkpoint_);
  TM_TRY(take_checkpoint());
  TM_ASSIGN(const auto frozen, FrozenStore::open(checkpoint_));
  TM_ASSIGN(auto content, read_content(*frozen, [this] { return !stopping_.load(); }));
  for (auto entry = before.rbegin(); entry != before.rend(); ++entry) {
    if (!entry->manifest || entry->manifest->content.origin.empty()) continue;
    if (entry->manifest->content.origin == content.origin) break;
    return fail(Errc::conflict, path +
                                    " holds backups of another store: its journal begins with "
                                    "another record. Name a directory of its own");
  }
  TM_ASSIGN(const auto added, archive->add(*frozen));
  return finish(directory, added, std::move(content), bytes_before);
}

Result<Manifest> BackupService::finish(BackupDirectory& directory, const ArchivedStore& added,
                                       Content content, std::uint64_t bytes_before) const {
  Manifest manifest;
  manifest.id = added.id;
  manifest.created_at = clock_.now();
  manifest.version = options_.version;
  manifest.content = std::move(content);
  manifest.bytes = added.bytes;
  manifest.files = added.files;
  const std::string own = directory.path_of(added.id);
  std::error_code error;
  fs::remove_all(own, error);
  if (!fs::create_directory(own, error)) {
    return fail(Errc::io_error, "cannot make the directory " + own + ": " + error.message());
  }
  fs::permissions(own, fs::perms::owner_all, error);
  TM_TRY(copy_keys(directory, manifest));
  TM_TRY(sync_directory_at(fs::path(own).parent_path().string()));
  const std::uint64_t now = bytes_below(directory.path());
  manifest.added_bytes = now > bytes_before ? now - bytes_before : 0;
  TM_TRY(replace_file(directory.manifest_path(added.id), to_json(manifest).dump(2) + "\n"));
  return manifest;
}

// Without its key a restored journal could go on, but its checkpoints would be those of another.
Result<void> BackupService::copy_keys(const BackupDirectory& directory, Manifest& manifest) const {
  for (const std::string file : kKeyFiles) {
    const auto content =
        read_private_file(options_.data_dir + "/" + file, kMaxKeyBytes, FileGuard::directory);
    if (!content && content.error().code == Errc::not_found) continue;
    if (!content) return fail(content.error());
    TM_TRY(write_new_private_file(directory.path_of(manifest.id) + "/" + file, content->reveal()));
    manifest.keys[file] = to_hex(sha256(content->reveal()));
  }
  return {};
}

void BackupService::start() {
  if (options_.every.count() == 0 || options_.directory.empty()) return;
  schedule_ = std::thread([this] { run_schedule(); });
}

void BackupService::stop() {
  {
    const std::lock_guard lock(schedule_mutex_);
    stopping_ = true;
  }
  schedule_wakes_.notify_all();
  {
    const std::lock_guard lock(archive_mutex_);
    if (archive_ != nullptr) archive_->cancel();
  }
  if (schedule_.joinable()) schedule_.join();
}

// The time of the last backup is in the data directory, so a restart neither skips nor repeats one.
void BackupService::run_schedule() {
  std::unique_lock lock(schedule_mutex_);
  while (!stopping_) {
    const auto last = read_mark(options_.data_dir, MarkKind::created);
    const auto now = clock_.now();
    const bool ours = last && last->directory == options_.directory && last->at <= now;
    milliseconds wait = ours ? last->at + options_.every - now : milliseconds{0};
    if (wait.count() <= 0) {
      lock.unlock();
      run_once();
      lock.lock();
      // One that failed left no new mark.
      wait = std::min<milliseconds>(options_.every, kRetryAfter);
    }
    schedule_wakes_.wait_for(lock, wait, [this] { return stopping_.load(); });
  }
}

void BackupService::run_once() {
  if (auto made = create(""); !made) {
    // Nobody waits for an answer: the log and the metric's age tell it.
    log::error("the backup failed",
               {.error_code = name(made.error().code), .detail = made.error().message});
    return;
  }
  if (options_.keep == 0) return;
  if (auto pruned = prune(options_.directory, options_.keep); !pruned) {
    log::warning("old backups were not removed",
                 {.error_code = name(pruned.error().code), .detail = pruned.error().message});
  }
}

Result<std::vector<std::uint32_t>> prune(const std::string& path, std::uint64_t keep) {
  if (keep == 0) return fail(Errc::invalid_argument, "at least one backup is kept");
  // Looked at first: what is no directory of backups is not made one here.
  TM_TRY(BackupDirectory::open(path, "", BackupDirectory::Use::read));
  TM_ASSIGN(auto writable, BackupDirectory::open(path, "", BackupDirectory::Use::write));
  TM_ASSIGN(const auto entries, writable.entries());
  TM_ASSIGN(const auto archive, writable.archive());
  std::vector<std::uint32_t> gone;
  std::uint64_t whole = 0;
  bool verified = false;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    const bool good = entry->damage.message.empty();
    const bool holds = good && entry->verified && entry->verified->finding.empty();
    const bool newest_verified = holds && !verified;
    verified = verified || holds;
    whole += good ? 1 : 0;
    // Damaged ones newer than what is kept stay: somebody may want to look at them.
    if (whole <= keep || newest_verified) continue;
    TM_TRY(writable.remove(*archive, entry->id));
    gone.push_back(entry->id);
  }
  TM_TRY(writable.clean(*archive));
  std::reverse(gone.begin(), gone.end());
  return gone;
}

}  // namespace tidemark::backup
