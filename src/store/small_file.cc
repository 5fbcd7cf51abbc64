#include "store/small_file.h"

#include <memory>

#include "store/rocks_error.h"

namespace tidemark {
namespace {

using rocksdb::IOOptions;

rocksdb::IOStatus write_durably(rocksdb::FileSystem& file_system, const std::string& path,
                                std::string_view content) {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  auto status = file_system.NewWritableFile(path, {}, &file, nullptr);
  if (status.ok()) status = file->Append({content.data(), content.size()}, IOOptions(), nullptr);
  if (status.ok()) status = file->Fsync(IOOptions(), nullptr);
  if (file) {
    auto closed = file->Close(IOOptions(), nullptr);
    if (status.ok()) status = closed;
  }
  return status;
}

}  // namespace

Result<std::optional<std::string>> read_small_file(rocksdb::FileSystem& file_system,
                                                   const std::string& path) {
  const auto exists = file_system.FileExists(path, IOOptions(), nullptr);
  if (exists.IsNotFound()) return std::nullopt;
  if (!exists.ok()) return fail(to_error("looking for " + path, exists));
  std::unique_ptr<rocksdb::FSSequentialFile> file;
  auto status = file_system.NewSequentialFile(path, {}, &file, nullptr);
  std::string content(kMaxSmallFileBytes + 1, '\0');
  rocksdb::Slice read;
  if (status.ok()) {
    status = file->Read(content.size(), IOOptions(), &read, content.data(), nullptr);
  }
  if (!status.ok()) return fail(to_error("reading " + path, status));
  if (read.size() > kMaxSmallFileBytes) {
    return fail(Errc::limit_exceeded, path + " is larger than Tidemark ever writes it");
  }
  return read.ToString();
}

Result<void> replace_small_file(rocksdb::FileSystem& file_system, const std::string& directory,
                                const std::string& name, std::string_view content) {
  const std::string path = directory + "/" + name;
  const std::string temporary = path + ".tmp";
  auto status = write_durably(file_system, temporary, content);
  if (status.ok()) status = file_system.RenameFile(temporary, path, IOOptions(), nullptr);
  if (!status.ok()) {
    file_system.DeleteFile(temporary, IOOptions(), nullptr).PermitUncheckedError();
    return fail(to_error("writing " + path, status));
  }
  return sync_directory(file_system, directory);
}

Result<void> sync_directory(rocksdb::FileSystem& file_system, const std::string& path) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  auto status = file_system.NewDirectory(path, IOOptions(), &directory, nullptr);
  if (status.ok()) status = directory->Fsync(IOOptions(), nullptr);
  if (!status.ok()) return fail(to_error("syncing directory " + path, status));
  return {};
}

}  // namespace tidemark
