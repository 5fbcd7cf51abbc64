#include "store/archive.h"

#include <rocksdb/utilities/backup_engine.h>

#include <atomic>
#include <filesystem>
#include <utility>

#include "store/database.h"
#include "store/format_version.h"
#include "store/key.h"
#include "store/rocks_error.h"
#include "store/rocks_store.h"
#include "store/rocks_view.h"
#include "store/small_file.h"

namespace tidemark {
namespace {

// The advice of to_error() is about a store in use; here it is a copy that is meant.
tl::unexpected<Error> archive_failure(const std::string& doing, const rocksdb::Status& status) {
  return fail(code_of(status), doing + ": " + status.ToString());
}

rocksdb::BackupEngineOptions engine_options(const std::string& directory) {
  rocksdb::BackupEngineOptions options(directory);
  options.share_table_files = true;
  options.share_files_with_checksum = true;
  options.sync = true;
  return options;
}

RocksOptions frozen_options(const std::string& path) {
  StoreOptions options;
  options.path = path;
  auto rocks = make_rocks_options(options, rocksdb::FileSystem::Default());
  rocks.database.avoid_flush_during_recovery = true;
  for (auto& table : rocks.tables) table.options.disable_auto_compactions = true;
  return rocks;
}

}  // namespace

struct FrozenStore::Impl {
  RocksOptions rocks;
  std::shared_ptr<DatabaseHandle> handle;
  std::unique_ptr<SnapshotView> view;
  StorePoint point;
};

FrozenStore::FrozenStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FrozenStore::~FrozenStore() = default;

Result<std::unique_ptr<FrozenStore>> FrozenStore::open(const std::string& path) {
  auto impl = std::make_unique<Impl>();
  impl->rocks = frozen_options(path);
  TM_ASSIGN(auto database, Database::open(impl->rocks, database_path(path)));
  impl->handle = std::make_shared<DatabaseHandle>(std::move(database));
  impl->view = std::make_unique<SnapshotView>(impl->handle);
  TM_ASSIGN(const auto format, impl->view->get(Table::meta, kFormatKey));
  TM_ASSIGN(const auto progress, impl->view->get(Table::meta, kProgressKey));
  KeyReader reader(format ? std::string_view(*format) : std::string_view());
  const auto version = reader.u64();
  const auto reached = decode_progress(progress.value_or(""));
  if (!reader.ok() || version == 0 || version > UINT32_MAX || !reached) {
    return fail(Errc::corrupt, path + " does not say how far its store has got");
  }
  impl->point = {reached->sequence, reached->commits, static_cast<std::uint32_t>(version)};
  return std::unique_ptr<FrozenStore>(new FrozenStore(std::move(impl)));
}

const StoreView& FrozenStore::view() const {
  return *impl_->view;
}
const StorePoint& FrozenStore::point() const {
  return impl_->point;
}

struct StoreArchive::Impl {
  std::string directory;
  std::unique_ptr<rocksdb::BackupEngine> writer;  // one of the two
  std::unique_ptr<rocksdb::BackupEngineReadOnly> reader;
  std::atomic<bool> cancelled = false;

  const rocksdb::BackupEngineReadOnlyBase& reading() const {
    return writer ? static_cast<const rocksdb::BackupEngineReadOnlyBase&>(*writer) : *reader;
  }
};

StoreArchive::StoreArchive(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StoreArchive::~StoreArchive() = default;

Result<std::unique_ptr<StoreArchive>> StoreArchive::open(const std::string& directory,
                                                         Access access) {
  auto impl = std::make_unique<Impl>();
  impl->directory = directory;
  const auto options = engine_options(directory);
  rocksdb::IOStatus status;
  if (access == Access::write) {
    rocksdb::BackupEngine* engine = nullptr;
    status = rocksdb::BackupEngine::Open(options, rocksdb::Env::Default(), &engine);
    impl->writer.reset(engine);
  } else {
    rocksdb::BackupEngineReadOnly* engine = nullptr;
    status = rocksdb::BackupEngineReadOnly::Open(options, rocksdb::Env::Default(), &engine);
    impl->reader.reset(engine);
  }
  if (!status.ok()) return archive_failure("opening the copies in " + directory, status);
  return std::unique_ptr<StoreArchive>(new StoreArchive(std::move(impl)));
}

Result<ArchivedStore> StoreArchive::add(const FrozenStore& store) {
  const std::string doing = "copying the store to " + impl_->directory;
  if (!impl_->writer) return fail(Errc::internal, doing + ": it was opened for reading");
  if (impl_->cancelled) return fail(Errc::cancelled, doing + " was stopped");
  const DatabaseHandle::Lease lease(*store.impl_->handle);
  rocksdb::BackupID id = 0;
  const auto status =
      impl_->writer->CreateNewBackup(rocksdb::CreateBackupOptions(), &**lease.get(), &id);
  if (!status.ok()) {
    // Nothing of it may stay, and on a full disk others need the space.
    if (damaged().empty()) impl_->writer->GarbageCollect().PermitUncheckedError();
    if (impl_->cancelled) return fail(Errc::cancelled, doing + " was stopped");
    return archive_failure(doing, status);
  }
  rocksdb::BackupInfo info;
  const auto read = impl_->writer->GetBackupInfo(id, &info);
  if (!read.ok()) return archive_failure(doing, read);
  return ArchivedStore{id, info.size, info.number_files};
}

void StoreArchive::cancel() {
  impl_->cancelled = true;
  if (impl_->writer) impl_->writer->StopBackup();
}

Result<void> StoreArchive::remove(std::uint32_t id) {
  const std::string doing = "removing copy " + std::to_string(id) + " from " + impl_->directory;
  if (!impl_->writer) return fail(Errc::internal, doing + ": it was opened for reading");
  const auto status = impl_->writer->DeleteBackup(id);
  if (!status.ok()) return archive_failure(doing, status);
  return {};
}

Result<void> StoreArchive::collect_garbage() {
  if (!impl_->writer || !damaged().empty()) return {};
  const auto status = impl_->writer->GarbageCollect();
  if (!status.ok()) return archive_failure("cleaning up " + impl_->directory, status);
  return {};
}

std::vector<ArchivedStore> StoreArchive::list() const {
  std::vector<rocksdb::BackupInfo> infos;
  impl_->reading().GetBackupInfo(&infos);
  std::vector<ArchivedStore> found;
  found.reserve(infos.size());
  for (const auto& info : infos) found.push_back({info.backup_id, info.size, info.number_files});
  return found;
}

std::vector<std::uint32_t> StoreArchive::damaged() const {
  std::vector<rocksdb::BackupID> ids;
  impl_->reading().GetCorruptedBackups(&ids);
  return {ids.begin(), ids.end()};
}

Result<void> StoreArchive::restore(std::uint32_t id, const StorePoint& point,
                                   const std::string& path) const {
  const std::string doing = "restoring copy " + std::to_string(id) + " of " + impl_->directory;
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    return fail(Errc::conflict, doing + ": " + path + " exists already");
  }
  if (!std::filesystem::create_directories(path, error)) {
    return fail(error == std::errc::no_space_on_device ? Errc::disk_full : Errc::io_error,
                doing + ": cannot create " + path + ": " + error.message());
  }
  std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  const auto status = impl_->reading().RestoreDBFromBackup(id, database_path(path), log_path(path));
  if (status.IsCorruption()) {
    // RocksDB 7.8 leaves the file's name out here, but not where it only looks.
    const auto named = impl_->reading().VerifyBackup(id, true);
    return archive_failure(doing, named.ok() ? status : named);
  }
  if (!status.ok()) return archive_failure(doing, status);
  auto& files = *rocksdb::FileSystem::Default();
  TM_TRY(sync_directory(files, database_path(path)));
  TM_TRY(sync_directory(files, log_path(path)));
  TM_TRY(Watermark::create(files, path, {point.sequence, point.commits}));
  return write_format(files, path, point.format);
}

}  // namespace tidemark
