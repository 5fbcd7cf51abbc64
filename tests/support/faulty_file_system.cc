#include "support/faulty_file_system.h"

#include <rocksdb/file_system.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

namespace tidemark::test {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
namespace fs = std::filesystem;

constexpr std::uint64_t kSectorBytes = 512;

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

std::string parent_of(const std::string& path) {
  return fs::path(path).parent_path().string();
}

}  // namespace

struct FaultyFileSystem::State {
  struct File {
    std::uint64_t synced_size = 0;
    // Of a file that has zeros written ahead of its end: its size with them.
    std::optional<std::uint64_t> synced_extent;
    bool entry_is_durable = false;
    std::uint64_t created = 0;  // in the order of everything done to directories
    // Of a file written in place: its content at the last sync, and each write since.
    std::optional<std::string> synced_content;
    std::vector<std::pair<std::uint64_t, std::string>> writes;
  };
  struct Rename {
    std::string from;
    std::string to;
    std::optional<std::string> replaced;
    std::uint64_t done = 0;  // in the same order
  };

  std::mutex mutex;
  std::optional<DiskFault> fault;
  std::uint64_t matched = 0;
  bool powered = true;
  std::map<std::string, File> files;
  std::vector<Rename> renames;
  std::uint64_t directory_operations = 0;
  std::map<std::string, std::uint64_t> syncs;

  // Called with the mutex held, before each operation.
  IOStatus check(DiskOperation operation, const std::string& path) {
    if (!powered) return IOStatus::IOError("the power is off", path);
    if (!fault || (fault->operations & only(operation)) == 0) return IOStatus::OK();
    if (path.find(fault->path_contains) == std::string::npos) return IOStatus::OK();
    ++matched;
    if (matched != fault->nth && !(fault->for_ever && matched > fault->nth)) return IOStatus::OK();
    if (fault->kind == DiskFault::Kind::power_cut) {
      powered = false;
      return IOStatus::IOError("the power went off", path);
    }
    if (fault->kind == DiskFault::Kind::io_error) return IOStatus::IOError("injected", path);
    auto full = IOStatus::NoSpace("injected", path);
    full.SetRetryable(true);  // as RocksDB's own file system marks ENOSPC
    return full;
  }
  // A file system keeps a prefix of what was done to a directory: with a renaming, whatever was
  // created or renamed there before it.
  void keep_directory_until(const Rename& last) {
    for (auto& [path, file] : files) {
      if (parent_of(path) == parent_of(last.to) && file.created <= last.done) {
        file.entry_is_durable = true;
      }
    }
  }
  void lose(Unsynced unsynced, std::mt19937_64& random);
};

namespace {

using StatePointer = std::shared_ptr<FaultyFileSystem::State>;

class FaultyWritable final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultyWritable(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::string path,
                 StatePointer state)
      : FSWritableFileOwnerWrapper(std::move(file)), path_(std::move(path)), state_(state) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* context) override {
    const std::lock_guard lock(state_->mutex);
    const auto status = state_->check(DiskOperation::append, path_);
    const std::size_t written = status.ok() ? data.size() : data.size() / 2;
    if (!state_->powered) return status;
    auto appended = FSWritableFileOwnerWrapper::Append({data.data(), written}, options, context);
    end_ += written;
    extent_ = std::max(extent_, end_);
    return status.ok() ? appended : status;
  }
  // Behind the end, for zeros ahead of what will be appended.
  IOStatus PositionedAppend(const rocksdb::Slice& data, std::uint64_t offset,
                            const IOOptions& options, IODebugContext* context) override {
    const std::lock_guard lock(state_->mutex);
    auto status = state_->check(DiskOperation::append, path_);
    if (!status.ok()) return status;
    auto& file = state_->files[path_];
    if (!file.synced_extent) file.synced_extent = file.synced_size;
    extent_ = std::max(extent_, offset + data.size());
    return FSWritableFileOwnerWrapper::PositionedAppend(data, offset, options, context);
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo&, IODebugContext* context) override {
    return Append(data, options, context);
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options,
                    IODebugContext* context) override {
    const std::lock_guard lock(state_->mutex);
    if (!state_->powered) return IOStatus::IOError("the power is off", path_);
    auto status = FSWritableFileOwnerWrapper::Truncate(size, options, context);
    auto& file = state_->files[path_];
    end_ = std::min(end_, size);
    extent_ = size;
    file.synced_size = std::min(file.synced_size, size);
    if (file.synced_extent) file.synced_extent = std::min(*file.synced_extent, size);
    return status;
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return synced(); }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return synced(); }
  IOStatus RangeSync(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }
  IOStatus Close(const IOOptions& options, IODebugContext* context) override {
    return FSWritableFileOwnerWrapper::Close(options, context);
  }

 private:
  IOStatus synced() {
    const std::lock_guard lock(state_->mutex);
    auto status = state_->check(DiskOperation::sync, path_);
    if (!status.ok()) return status;
    ++state_->syncs[path_];
    auto& file = state_->files[path_];
    file.synced_size = end_;
    if (file.synced_extent) file.synced_extent = extent_;
    return status;
  }
  std::string path_;
  StatePointer state_;
  std::uint64_t end_ = 0;     // where the next append goes
  std::uint64_t extent_ = 0;  // the file's size
};

class FaultyRandom final : public rocksdb::FSRandomRWFileOwnerWrapper {
 public:
  FaultyRandom(std::unique_ptr<rocksdb::FSRandomRWFile>&& file, std::string path,
               StatePointer state)
      : FSRandomRWFileOwnerWrapper(std::move(file)), path_(std::move(path)), state_(state) {}

  IOStatus Write(std::uint64_t offset, const rocksdb::Slice& data, const IOOptions& options,
                 IODebugContext* context) override {
    const std::lock_guard lock(state_->mutex);
    auto status = state_->check(DiskOperation::append, path_);
    if (!status.ok()) return status;
    state_->files[path_].writes.emplace_back(offset, data.ToString());
    return FSRandomRWFileOwnerWrapper::Write(offset, data, options, context);
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(state_->mutex);
    auto status = state_->check(DiskOperation::sync, path_);
    if (!status.ok()) return status;
    ++state_->syncs[path_];
    auto& file = state_->files[path_];
    file.synced_content = read_file(path_);
    file.writes.clear();
    return status;
  }

 private:
  std::string path_;
  StatePointer state_;
};

class FaultyDirectory final : public rocksdb::FSDirectory {
 public:
  FaultyDirectory(std::unique_ptr<rocksdb::FSDirectory>&& directory, std::string path,
                  StatePointer state)
      : directory_(std::move(directory)), path_(std::move(path)), state_(state) {
    while (path_.ends_with('/')) path_.pop_back();
  }

  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(state_->mutex);
    auto status = state_->check(DiskOperation::sync, path_);
    if (!status.ok()) return status;
    for (auto& [path, file] : state_->files) {
      if (parent_of(path) == path_) file.entry_is_durable = true;
    }
    std::erase_if(state_->renames, [&](const auto& r) { return parent_of(r.to) == path_; });
    return status;
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* context,
                               const rocksdb::DirFsyncOptions&) override {
    return Fsync(options, context);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* context) override {
    return directory_->Close(options, context);
  }

 private:
  std::unique_ptr<rocksdb::FSDirectory> directory_;
  std::string path_;
  StatePointer state_;
};

class FaultyDisk final : public rocksdb::FileSystemWrapper {
 public:
  explicit FaultyDisk(StatePointer state)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), state_(std::move(state)) {}
  const char* Name() const override { return "tidemark.FaultyDisk"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                           IODebugContext* context) override {
    const std::lock_guard lock(state_->mutex);
    auto status = state_->check(DiskOperation::open, path);
    if (status.ok()) status = FileSystemWrapper::NewWritableFile(path, options, result, context);
    if (!status.ok()) return status;
    state_->files[path] = {.created = ++state_->directory_operations};
    *result = std::make_unique<FaultyWritable>(std::move(*result), path, state_);
    return status;
  }
  IOStatus NewRandomRWFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* result,
                           IODebugContext* context) override {
    const std::lock_guard lock(state_->mutex);
    auto status = state_->check(DiskOperation::open, path);
    if (status.ok()) status = FileSystemWrapper::NewRandomRWFile(path, options, result, context);
    if (!status.ok()) return status;
    auto& file = state_->files[path];
    file.entry_is_durable = true;
    file.synced_content = read_file(path);
    *result = std::make_unique<FaultyRandom>(std::move(*result), path, state_);
    return status;
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* result,
                        IODebugContext* context) override {
    const std::lock_guard lock(state_->mutex);
    auto status = state_->check(DiskOperation::open, path);
    if (status.ok()) status = FileSystemWrapper::NewDirectory(path, options, result, context);
    if (!status.ok()) return status;
    *result = std::make_unique<FaultyDirectory>(std::move(*result), path, state_);
    return status;
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* context) override {
    const std::lock_guard lock(state_->mutex);
    auto status = state_->check(DiskOperation::rename, from);
    if (!status.ok()) return status;
    std::optional<std::string> replaced;
    if (fs::is_regular_file(to)) replaced = read_file(to);
    status = FileSystemWrapper::RenameFile(from, to, options, context);
    if (!status.ok() || !fs::is_regular_file(to)) return status;
    state_->renames.push_back({from, to, std::move(replaced), ++state_->directory_operations});
    state_->files[to] = std::move(state_->files[from]);
    state_->files[to].created = state_->directory_operations;
    state_->files.erase(from);
    return status;
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions& options,
                      IODebugContext* context) override {
    const std::lock_guard lock(state_->mutex);
    auto status = state_->check(DiskOperation::remove, path);
    if (status.ok()) status = FileSystemWrapper::DeleteFile(path, options, context);
    if (status.ok()) state_->files.erase(path);
    return status;
  }

 private:
  StatePointer state_;
};

}  // namespace

void FaultyFileSystem::State::lose(Unsynced unsynced, std::mt19937_64& random) {
  const bool torn = unsynced == Unsynced::torn;
  const auto survives = [&] { return torn && random() % 2 == 0; };
  for (const auto& [path, file] : files) {
    if (!fs::is_regular_file(path)) continue;
    if (file.synced_content) {
      auto content = *file.synced_content;
      for (const auto& [offset, bytes] : file.writes) {
        if (survives() && offset + bytes.size() <= content.size()) {
          content.replace(offset, bytes.size(), bytes);
        }
      }
      write_file(path, content);
      continue;
    }
    const auto size = fs::file_size(path);
    const auto durable = file.synced_extent.value_or(file.synced_size);
    const auto synced = std::min<std::uint64_t>(durable, size);
    fs::resize_file(path, torn ? synced + random() % (size - synced + 1) : synced);
    if (!file.synced_extent) continue;
    // Sector by sector, what was appended over the zeros is there or not.
    auto content = read_file(path);
    for (auto at = file.synced_size; at < content.size();) {
      const auto next =
          std::min<std::uint64_t>(content.size(), (at / kSectorBytes + 1) * kSectorBytes);
      if (!survives()) content.replace(at, next - at, next - at, '\0');
      at = next;
    }
    write_file(path, content);
  }
  for (auto rename = renames.rbegin(); rename != renames.rend(); ++rename) {
    if (survives()) {
      keep_directory_until(*rename);
      break;
    }
    if (!fs::exists(rename->to)) continue;
    fs::rename(rename->to, rename->from);
    if (rename->replaced) write_file(rename->to, *rename->replaced);
    files[rename->from].entry_is_durable = false;
    files[rename->to].entry_is_durable = true;
  }
  for (const auto& [path, file] : files) {
    if (!file.entry_is_durable && !survives()) fs::remove(path);
  }
  files.clear();
  renames.clear();
}

FaultyFileSystem::FaultyFileSystem()
    : state_(std::make_shared<State>()), file_system_(std::make_shared<FaultyDisk>(state_)) {}
FaultyFileSystem::~FaultyFileSystem() = default;

std::shared_ptr<rocksdb::FileSystem> FaultyFileSystem::file_system() {
  return file_system_;
}

void FaultyFileSystem::arm(const DiskFault& fault) {
  const std::lock_guard lock(state_->mutex);
  state_->fault = fault;
  state_->matched = 0;
}

void FaultyFileSystem::heal() {
  const std::lock_guard lock(state_->mutex);
  state_->fault.reset();
}

std::uint64_t FaultyFileSystem::operations_since_armed() const {
  const std::lock_guard lock(state_->mutex);
  return state_->matched;
}

std::uint64_t FaultyFileSystem::syncs_of(const std::string& path_contains) const {
  const std::lock_guard lock(state_->mutex);
  std::uint64_t total = 0;
  for (const auto& [path, count] : state_->syncs) {
    if (path.find(path_contains) != std::string::npos) total += count;
  }
  return total;
}

void FaultyFileSystem::cut_power() {
  const std::lock_guard lock(state_->mutex);
  state_->powered = false;
}

bool FaultyFileSystem::powered() const {
  const std::lock_guard lock(state_->mutex);
  return state_->powered;
}

void FaultyFileSystem::restore_power(Unsynced unsynced, std::uint64_t seed) {
  const std::lock_guard lock(state_->mutex);
  std::mt19937_64 random(seed);
  if (unsynced != Unsynced::kept) state_->lose(unsynced, random);
  state_->powered = true;
}

}  // namespace tidemark::test
