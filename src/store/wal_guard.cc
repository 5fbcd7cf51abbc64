#include "store/wal_guard.h"

#include <mutex>
#include <string_view>

namespace tidemark {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

class GuardedLog final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  explicit GuardedLog(std::unique_ptr<rocksdb::FSWritableFile>&& file)
      : FSWritableFileOwnerWrapper(std::move(file)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* context) override {
    const std::lock_guard lock(mutex_);
    if (dead_) return refused();
    return appended(FSWritableFileOwnerWrapper::Append(data, options, context), data.size(),
                    options, context);
  }

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& verification,
                  IODebugContext* context) override {
    const std::lock_guard lock(mutex_);
    if (dead_) return refused();
    return appended(FSWritableFileOwnerWrapper::Append(data, options, verification, context),
                    data.size(), options, context);
  }

  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    const std::lock_guard lock(mutex_);
    if (dead_) return settle(options, context);
    return synced(FSWritableFileOwnerWrapper::Sync(options, context), options, context);
  }

  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    const std::lock_guard lock(mutex_);
    if (dead_) return settle(options, context);
    return synced(FSWritableFileOwnerWrapper::Fsync(options, context), options, context);
  }

  IOStatus Close(const IOOptions& options, IODebugContext* context) override {
    const std::lock_guard lock(mutex_);
    if (dead_) settle(options, context).PermitUncheckedError();
    return FSWritableFileOwnerWrapper::Close(options, context);
  }

 private:
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

  std::mutex mutex_;
  std::uint64_t size_ = 0;
  std::uint64_t acknowledged_size_ = 0;
  bool dead_ = false;
  bool settled_ = false;
};

class WalGuard final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;

  const char* Name() const override { return "tidemark.WalGuard"; }

  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                           IODebugContext* context) override {
    auto status = FileSystemWrapper::NewWritableFile(path, options, result, context);
    if (status.ok() && std::string_view(path).ends_with(".log")) {
      *result = std::make_unique<GuardedLog>(std::move(*result));
    }
    return status;
  }
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> guard_write_ahead_logs(
    const std::shared_ptr<rocksdb::FileSystem>& file_system) {
  return std::make_shared<WalGuard>(file_system);
}

}  // namespace tidemark
