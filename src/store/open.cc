#include "store/open.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/log.h"
#include "store/file_system.h"
#include "store/key.h"
#include "store/log_check.h"
#include "store/rocks_error.h"
#include "store/rocks_store.h"
#include "store/small_file.h"
#include "store/wal_guard.h"

namespace tidemark {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAcceptLossName = "ACCEPT_LOSS";
constexpr std::size_t kManyLogs = 8;

std::size_t count_logs(const std::string& directory) {
  std::size_t count = 0;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".log") ++count;
  }
  return count;
}

// Zeros are written ahead of a log's content. What cannot be read is not known to be empty.
bool holds_only_zeros(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const auto is_zero = [](char c) { return c == '\0'; };
  return file && std::all_of(std::istreambuf_iterator<char>(file), {}, is_zero);
}

// Runs once, from the lock to a store that may be used.
class Opening {
 public:
  Opening(const StoreOptions& options, FormatVersion supported,
          const std::vector<Migration>& migrations)
      : options_(options),
        directory_(options.path),
        supported_(supported),
        migrations_(migrations),
        file_system_(options.file_system ? options.file_system->file_system()
                                         : rocksdb::FileSystem::Default()) {}

  Result<std::unique_ptr<Store>> run();

 private:
  Result<void> prepare_directory();
  Result<void> read_format_file();
  Result<bool> is_new() const;
  Result<void> remove_logs();
  Result<void> open_database();
  Result<void> check_logs_first();
  Result<void> named_damage(Result<void> result) const;
  std::string how_to_go_on() const;
  Result<void> initialise();
  Result<void> read_meta();
  Result<void> check_watermark();
  Result<void> accept_loss();
  Result<void> migrate(Store& store);
  Result<void> put_meta(std::string_view key, const std::string& value);
  std::string path_of(std::string_view name) const { return directory_ + "/" + std::string(name); }

  const StoreOptions& options_;
  const std::string directory_;
  const FormatVersion supported_;
  const std::vector<Migration>& migrations_;
  const std::shared_ptr<rocksdb::FileSystem> file_system_;
  RocksOptions rocks_;
  std::unique_ptr<Database> database_;
  bool accepts_loss_ = false;
  std::optional<FormatVersion> format_file_;
  std::optional<FormatVersion> format_meta_;
  Progress progress_;
};

Result<std::unique_ptr<Store>> Opening::run() {
  TM_TRY(prepare_directory());
  TM_ASSIGN(auto lock, DirectoryLock::take(file_system_, directory_));
  TM_TRY(read_format_file());
  accepts_loss_ = fs::exists(path_of(kAcceptLossName));
  TM_TRY(open_database());
  TM_TRY(read_meta());
  if (!format_meta_) {
    TM_TRY(initialise());
  } else {
    TM_TRY(check_not_newer(directory_, *format_meta_, supported_));
    if (!accepts_loss_) TM_TRY(check_watermark());
  }
  if (accepts_loss_) TM_TRY(accept_loss());
  if (!format_file_) TM_TRY(write_format(*file_system_, directory_, *format_meta_));
  TM_ASSIGN(auto watermark, Watermark::open(*file_system_, directory_, progress_));
  TM_TRY(watermark->record(progress_));
  TM_TRY(watermark->sync());
  const auto format = *format_meta_;
  auto store = std::make_unique<RocksStore>(
      RocksStore::Parts{options_, file_system_, std::move(lock), std::move(rocks_),
                        std::move(database_), std::move(watermark), progress_});
  if (format < supported_) TM_TRY(migrate(*store));
  return store;
}

Result<void> Opening::prepare_directory() {
  std::error_code error;
  if (fs::is_directory(directory_, error)) return {};
  if (!options_.create_if_missing) {
    return fail(Errc::not_found, "there is no store in " + directory_);
  }
  if (!fs::create_directories(directory_, error)) {
    return fail(Errc::io_error, "cannot create " + directory_ + ": " + error.message());
  }
  // Mirrors and journals are private to whoever runs Tidemark.
  fs::permissions(directory_, fs::perms::owner_all, error);
  return {};
}

Result<void> Opening::read_format_file() {
  TM_ASSIGN(format_file_, read_format(*file_system_, directory_));
  if (format_file_) TM_TRY(check_not_newer(directory_, *format_file_, supported_));
  return {};
}

// New is only what holds nothing of a store: starting anew in what is left of a damaged one would
// delete that, too.
Result<bool> Opening::is_new() const {
  if (format_file_ || fs::exists(path_of(kWatermarkName))) return false;
  for (const auto& part : {database_path(directory_), log_path(directory_)}) {
    std::error_code error;
    for (fs::directory_iterator it(part, error), end; !error && it != end; it.increment(error)) {
      const auto& path = it->path();
      // An interrupted creation leaves an empty log: there is nothing in it yet.
      const bool written_log = path.extension() == ".log" && !holds_only_zeros(path);
      if (path.filename() == "CURRENT" || path.extension() == ".sst" || written_log) return false;
    }
    if (error && error != std::errc::no_such_file_or_directory) {
      return fail(Errc::io_error, "cannot list " + part + ": " + error.message());
    }
  }
  return true;
}

// RocksDB makes no new database beside an old log, not even an empty one.
Result<void> Opening::remove_logs() {
  const std::string directory = log_path(directory_);
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() != ".log") continue;
    const auto status =
        file_system_->DeleteFile(it->path().string(), rocksdb::IOOptions(), nullptr);
    if (!status.ok()) return fail(to_error("removing " + it->path().string(), status));
  }
  return {};
}

Result<void> Opening::open_database() {
  TM_ASSIGN(const bool fresh, is_new());
  if (fresh && !options_.create_if_missing) {
    return fail(Errc::not_found, "there is no store in " + directory_);
  }
  rocks_ = make_rocks_options(options_, guard_write_ahead_logs(file_system_, log_path(directory_)));
  if (accepts_loss_) {
    rocks_.database.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  } else {
    // What the logs hold stays in them: a short command need not write it into tables of its own.
    // But each start begins another log, and all of them are read by the next one.
    rocks_.database.avoid_flush_during_recovery = count_logs(log_path(directory_)) < kManyLogs;
  }
  if (fresh) TM_TRY(remove_logs());
  if (!fresh && !accepts_loss_) TM_TRY(check_logs_first());
  const auto path = database_path(directory_);
  auto opened = fresh ? Database::create(rocks_, path) : Database::open(rocks_, path);
  if (!opened) return named_damage(fail(std::move(opened).error()));
  database_ = std::move(*opened);
  return {};
}

Result<void> Opening::check_logs_first() {
  const auto mark = Watermark::read(*file_system_, directory_);
  const auto acknowledged = mark ? std::optional(*mark) : std::nullopt;
  return named_damage(check_logs(rocks_, *file_system_, directory_, acknowledged));
}

std::string Opening::how_to_go_on() const {
  if (accepts_loss_) return "Restore a backup: nothing is left to go on with";
  return "Restore a backup; or, to go on with what is left and lose the rest for good, create an "
         "empty file " +
         path_of(kAcceptLossName) + " and start again";
}

// RocksDB reports a missing CURRENT as an invalid argument and a missing file as an I/O error:
// while opening, both mean that something that was there is gone.
Result<void> Opening::named_damage(Result<void> result) const {
  if (result) return result;
  const auto& error = result.error();
  const bool damaged = error.code == Errc::corrupt || error.code == Errc::internal ||
                       error.code == Errc::not_found ||
                       error.message.find("No such file") != std::string::npos;
  if (!damaged) return result;
  return fail(Errc::corrupt, "the store in " + directory_ +
                                 " is damaged: commits that were acknowledged cannot be read "
                                 "back. " +
                                 how_to_go_on() + ". (" + error.message + ")");
}

Result<void> Opening::put_meta(std::string_view key, const std::string& value) {
  rocksdb::WriteOptions durable;
  durable.sync = true;
  const auto status =
      (*database_)->Put(durable, database_->table(Table::meta), {key.data(), key.size()}, value);
  if (!status.ok()) return fail(to_error("writing to " + directory_, status));
  return {};
}

// FORMAT is written last, by run(): as long as it is missing, the store was never in use.
Result<void> Opening::initialise() {
  if (format_file_) {
    return fail(Errc::corrupt,
                "the store in " + directory_ + " has lost its whole content. " + how_to_go_on());
  }
  TM_TRY(put_meta(kProgressKey, encode_progress({})));
  TM_TRY(put_meta(kFormatKey, KeyWriter().u64(supported_).str()));
  // Out of the log, so that the database knows itself to be a store whatever happens to the log.
  const auto status = (*database_)->Flush(rocksdb::FlushOptions(), database_->tables());
  if (!status.ok()) return fail(to_error("writing to " + directory_, status));
  format_meta_ = supported_;
  progress_ = {};
  return Watermark::create(*file_system_, directory_, progress_);
}

Result<void> Opening::read_meta() {
  const RocksReader reader(database_.get(), nullptr);
  TM_ASSIGN(const auto format, reader.get(Table::meta, kFormatKey));
  TM_ASSIGN(const auto progress, reader.get(Table::meta, kProgressKey));
  if (!format) return {};
  KeyReader number(*format);
  format_meta_ = static_cast<FormatVersion>(number.u64());
  const auto decoded = decode_progress(progress.value_or(""));
  if (!number.ok() || !decoded) {
    return fail(Errc::corrupt,
                "the store in " + directory_ + " does not say how far it got. Restore a backup");
  }
  progress_ = *decoded;
  return {};
}

Result<void> Opening::check_watermark() {
  const auto mark = Watermark::read(*file_system_, directory_);
  if (mark && mark->commits <= progress_.commits) return {};
  if (mark) {
    return fail(Errc::corrupt,
                "the store in " + directory_ +
                    " lost commits it had acknowledged: it ends at sequence " +
                    std::to_string(progress_.sequence) + " (commit " +
                    std::to_string(progress_.commits) + "), but had reached sequence " +
                    std::to_string(mark->sequence) + " (commit " + std::to_string(mark->commits) +
                    "). Its write-ahead log was deleted or cut short. " + how_to_go_on());
  }
  if (mark.error().code != Errc::not_found && mark.error().code != Errc::corrupt) {
    return fail(mark.error());
  }
  // Creation was interrupted before FORMAT: nothing was ever acknowledged.
  if (!format_file_ && progress_ == Progress{} && mark.error().code == Errc::not_found) {
    return Watermark::create(*file_system_, directory_, progress_);
  }
  return fail(Errc::corrupt, "the store in " + directory_ +
                                 " cannot be checked for lost commits: " + mark.error().message +
                                 ". It ends at sequence " + std::to_string(progress_.sequence) +
                                 ". " + how_to_go_on());
}

// Whether something was missing or not: a loss is accepted once, not whenever there is one.
Result<void> Opening::accept_loss() {
  log::warning("the store goes on with what is left of it, as told by ACCEPT_LOSS",
               {.detail = "it ends at sequence " + std::to_string(progress_.sequence)});
  TM_TRY(Watermark::create(*file_system_, directory_, progress_));
  const auto path = path_of(kAcceptLossName);
  const auto status = file_system_->DeleteFile(path, rocksdb::IOOptions(), nullptr);
  if (!status.ok()) return fail(to_error("removing " + path, status));
  return sync_directory(*file_system_, directory_);
}

Result<void> Opening::migrate(Store& store) {
  auto version = *format_meta_;
  const auto copy = path_of("checkpoints") + "/before-format-" + std::to_string(supported_);
  if (!fs::exists(copy)) TM_TRY(store.checkpoint(copy));
  log::info("the store is migrated; it was copied before", {.detail = copy});
  TM_TRY(write_format(*file_system_, directory_, supported_));
  for (const auto& migration : migrations_) {
    if (migration.from != version) continue;
    if (auto done = migration.run(store); !done) {
      return fail(in_context("migrating the store in " + directory_ + " from format " +
                                 std::to_string(version) + " (" + migration.what + ")",
                             done.error()));
    }
    ++version;
    WriteBatch batch;
    batch.put(Table::meta, kFormatKey, KeyWriter().u64(version).str());
    TM_TRY(store.commit(std::move(batch), store.last_sequence()));
  }
  if (version == supported_) return {};
  return fail(Errc::internal, "the store in " + directory_ + " has format " +
                                  std::to_string(version) + " and no migration leads on from it");
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const std::shared_ptr<rocksdb::FileSystem>& file_system,
                                          const std::string& directory) {
  rocksdb::FileLock* lock = nullptr;
  const auto status =
      file_system->LockFile(directory + "/LOCK", rocksdb::IOOptions(), &lock, nullptr);
  if (status.ok()) return DirectoryLock(file_system, lock);
  const std::string detail = " (" + status.ToString() + ")";
  const auto text = status.ToString();
  if (text.find("lock hold by current process") != std::string::npos ||
      text.find("While lock file") != std::string::npos) {
    return fail(Errc::locked, "the store in " + directory +
                                  " is in use by another tidemark: stop that one first, or talk to "
                                  "it while it runs" +
                                  detail);
  }
  return fail(to_error("locking " + directory, status));
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept
    : file_system_(std::move(other.file_system_)), lock_(std::exchange(other.lock_, nullptr)) {}

DirectoryLock::~DirectoryLock() {
  if (lock_ == nullptr) return;
  file_system_->UnlockFile(lock_, rocksdb::IOOptions(), nullptr).PermitUncheckedError();
}

Result<std::unique_ptr<Store>> open_store(const StoreOptions& options, FormatVersion supported,
                                          const std::vector<Migration>& migrations) {
  return Opening(options, supported, migrations).run();
}

Result<std::unique_ptr<Store>> Store::open(const StoreOptions& options) {
  return open_store(options, kFormatVersion, migrations());
}

}  // namespace tidemark
