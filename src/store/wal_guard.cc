#include "store/wal_guard.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <string_view>

namespace tidemark {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// As much as the log holds, so that a short-lived process writes few.
constexpr std::uint64_t kMinZerosAhead = 16 << 10;
constexpr std::uint64_t kMaxZerosAhead = 256 << 10;
// A larger append costs more than what zeros ahead of it would spare.
constexpr std::uint64_t kMaxSmallAppend = 64 << 10;

class GuardedLog final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  GuardedLog(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::string directory,
             std::shared_ptr<rocksdb::FileSystem> file_system)
      : FSWritableFileOwnerWrapper(std::move(file)),
        directory_(std::move(directory)),
        file_system_(std::move(file_system)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* context) override {
    const std::lock_guard lock(mutex_);
    if (dead_) return refused();
    write_zeros_ahead(data.size(), options, context);
    return appended(FSWritableFileOwnerWrapper::Append(data, options, context), data.size(),
                    options, context);
  }

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& verification,
                  IODebugContext* context) override {
    const std::lock_guard lock(mutex_);
    if (dead_) return refused();
    write_zeros_ahead(data.size(), options, context);
    return appended(FSWritableFileOwnerWrapper::Append(data, options, verification, context),
                    data.size(), options, context);
  }

  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    const std::lock_guard lock(mutex_);
    if (dead_) return settle(options, context);
    auto status = sync_entry(options, context);
    if (status.ok()) status = FSWritableFileOwnerWrapper::Sync(options, context);
    return synced(status, options, context);
  }

  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    const std::lock_guard lock(mutex_);
    if (dead_) return settle(options, context);
    auto status = sync_entry(options, context);
    if (status.ok()) status = FSWritableFileOwnerWrapper::Fsync(options, context);
    return synced(status, options, context);
  }

  IOStatus Close(const IOOptions& options, IODebugContext* context) override {
    const std::lock_guard lock(mutex_);
    if (dead_) {
      settle(options, context).PermitUncheckedError();
    } else if (zeroed_ > size_) {
      FSWritableFileOwnerWrapper::Truncate(size_, options, context).PermitUncheckedError();
    }
    return FSWritableFileOwnerWrapper::Close(options, context);
  }

 private:
  // Before an append that would make the file longer. Without it the next append meets the same.
  void write_zeros_ahead(std::uint64_t count, const IOOptions& options, IODebugContext* context) {
    const std::uint64_t end = size_ + count;
    if (end <= zeroed_ || count > kMaxSmallAppend) return;
    static const std::string kZeros(kMaxZerosAhead + kMaxSmallAppend, '\0');
    const auto from = std::max(zeroed_, size_);
    const auto to = end + std::clamp(size_, kMinZerosAhead, kMaxZerosAhead);
    const auto status = FSWritableFileOwnerWrapper::PositionedAppend(
        rocksdb::Slice(kZeros.data(), to - from), from, options, context);
    if (status.ok()) zeroed_ = to;
  }

  static IOStatus refused() {
    return IOStatus::IOError("this write-ahead log takes nothing after an earlier error");
  }

  IOStatus appended(IOStatus status, std::size_t count, const IOOptions& options,
                    IODebugContext* context) {
    if (status.ok()) {
      size_ += count;
    } else {
      die(options, context);
    }
    return status;
  }

  IOStatus synced(IOStatus status, const IOOptions& options, IODebugContext* context) {
    if (status.ok()) {
      acknowledged_size_ = size_;
    } else {
      die(options, context);
    }
    return status;
  }

  // A log is durable only when its name is. RocksDB would do this after the log's own sync, when
  // a failure comes too late to take the commit back.
  IOStatus sync_entry(const IOOptions& options, IODebugContext* context) {
    if (entry_is_durable_) return IOStatus::OK();
    std::unique_ptr<rocksdb::FSDirectory> directory;
    auto status = file_system_->NewDirectory(directory_, options, &directory, context);
    if (status.ok()) status = directory->Fsync(options, context);
    entry_is_durable_ = status.ok();
    return status;
  }

  void die(const IOOptions& options, IODebugContext* context) {
    dead_ = true;
    settle(options, context).PermitUncheckedError();
  }

  // Ok once the log on disk ends where the last acknowledged commit does.
  IOStatus settle(const IOOptions& options, IODebugContext* context) {
    if (settled_) return IOStatus::OK();
    auto status = FSWritableFileOwnerWrapper::Truncate(acknowledged_size_, options, context);
    if (status.ok()) status = FSWritableFileOwnerWrapper::Fsync(options, context);
    settled_ = status.ok();
    return status;
  }

  const std::string directory_;
  const std::shared_ptr<rocksdb::FileSystem> file_system_;
  std::mutex mutex_;
  bool entry_is_durable_ = false;
  std::uint64_t size_ = 0;
  std::uint64_t zeroed_ = 0;  // where the zeros written ahead end
  std::uint64_t acknowledged_size_ = 0;
  bool dead_ = false;
  bool settled_ = false;
};

// Of the directory of logs, whose entries each log syncs itself.
class GuardedDirectory final : public rocksdb::FSDirectory {
 public:
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus FsyncWithDirOptions(const IOOptions&, IODebugContext*,
                               const rocksdb::DirFsyncOptions&) override {
    return IOStatus::OK();
  }
};

bool same_path(std::string_view one, std::string_view other) {
  while (one.ends_with('/')) one.remove_suffix(1);
  while (other.ends_with('/')) other.remove_suffix(1);
  return one == other;
}

class WalGuard final : public rocksdb::FileSystemWrapper {
 public:
  WalGuard(const std::shared_ptr<rocksdb::FileSystem>& file_system, std::string directory)
      : FileSystemWrapper(file_system), base_(file_system), directory_(std::move(directory)) {}

  const char* Name() const override { return "tidemark.WalGuard"; }

  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                           IODebugContext* context) override {
    auto status = FileSystemWrapper::NewWritableFile(path, options, result, context);
    if (status.ok() && std::string_view(path).ends_with(".log")) {
      *result = std::make_unique<GuardedLog>(std::move(*result), directory_, base_);
    }
    return status;
  }

  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* result,
                        IODebugContext* context) override {
    if (!same_path(path, directory_)) {
      return FileSystemWrapper::NewDirectory(path, options, result, context);
    }
    *result = std::make_unique<GuardedDirectory>();
    return IOStatus::OK();
  }

 private:
  const std::shared_ptr<rocksdb::FileSystem> base_;
  const std::string directory_;
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> guard_write_ahead_logs(
    const std::shared_ptr<rocksdb::FileSystem>& file_system, const std::string& directory) {
  return std::make_shared<WalGuard>(file_system, directory);
}

}  // namespace tidemark
