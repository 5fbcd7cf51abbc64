#include <rocksdb/utilities/checkpoint.h>

#include <filesystem>

#include "store/format_version.h"
#include "store/rocks_error.h"
#include "store/rocks_store.h"

namespace tidemark {
namespace {

// RocksDB copies logs next to the tables; in a store they have a directory of their own.
Result<void> move_logs(rocksdb::FileSystem& file_system, const std::string& directory) {
  std::vector<std::string> names;
  const rocksdb::IOOptions options;
  auto status = file_system.CreateDirIfMissing(log_path(directory), options, nullptr);
  if (status.ok())
    status = file_system.GetChildren(database_path(directory), options, &names, nullptr);
  for (const auto& name : names) {
    if (!status.ok()) break;
    if (!name.ends_with(".log")) continue;
    status = file_system.RenameFile(database_path(directory) + "/" + name,
                                    log_path(directory) + "/" + name, options, nullptr);
  }
  if (!status.ok()) return fail(to_error("placing the logs of " + directory, status));
  TM_TRY(sync_directory(file_system, log_path(directory)));
  return sync_directory(file_system, database_path(directory));
}

}  // namespace

// Built beside its final name and renamed when whole, so that a copy that exists is complete. It
// has the layout of a store directory: opening it is all that restoring takes.
Result<void> RocksStore::checkpoint(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    return fail(Errc::conflict, "cannot make a copy of the store in " + path +
                                    ": it exists already. Name a directory that does not");
  }
  const std::string partial = path + ".partial";
  std::filesystem::remove_all(partial, ignored);
  std::error_code failed;
  if (!std::filesystem::create_directories(partial, failed)) {
    return fail(Errc::io_error, "cannot create " + partial + ": " + failed.message());
  }
  std::filesystem::permissions(partial, std::filesystem::perms::owner_all, ignored);

  const auto abandoned = [&](Error error) {
    std::filesystem::remove_all(partial, ignored);
    return fail(std::move(error));
  };
  const std::string doing = "copying the store to " + path;
  {
    const DatabaseHandle::Lease lease(*database_);
    if (lease.get() == nullptr) return abandoned({Errc::io_error, doing + ": it is not open"});
    // Taken before the copy, so that it can only be behind it.
    TM_ASSIGN(const auto progress,
              RocksReader(lease.get(), nullptr).get(Table::meta, kProgressKey));
    rocksdb::Checkpoint* raw = nullptr;
    auto status = rocksdb::Checkpoint::Create(&**lease.get(), &raw);
    const std::unique_ptr<rocksdb::Checkpoint> copier(raw);
    if (status.ok()) status = copier->CreateCheckpoint(database_path(partial));
    if (!status.ok()) return abandoned(to_error(doing, status));
    if (auto moved = move_logs(*file_system_, partial); !moved) {
      return abandoned(in_context(doing, moved.error()));
    }
    const auto reached = decode_progress(progress.value_or(""));
    if (!reached) return abandoned({Errc::corrupt, doing + ": its progress cannot be read"});
    if (auto done = Watermark::create(*file_system_, partial, *reached); !done) {
      return abandoned(in_context(doing, done.error()));
    }
  }
  auto format = read_format(*file_system_, options_.path);
  if (!format) return abandoned(format.error());
  if (auto done = write_format(*file_system_, partial, format->value_or(kFormatVersion)); !done) {
    return abandoned(in_context(doing, done.error()));
  }
  const auto renamed = file_system_->RenameFile(partial, path, rocksdb::IOOptions(), nullptr);
  if (!renamed.ok()) return abandoned(to_error(doing, renamed));
  const auto parent = std::filesystem::absolute(path).parent_path().string();
  return sync_directory(*file_system_, parent);
}

}  // namespace tidemark
