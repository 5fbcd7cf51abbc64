#include "backup/durable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/file_descriptor.h"

namespace tidemark::backup {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> failure(const std::string& what, const std::string& path) {
  const int reason = errno;
  return fail(reason == ENOSPC || reason == EDQUOT ? Errc::disk_full : Errc::io_error,
              "cannot " + what + " " + path + ": " + std::strerror(reason));
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const auto written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(fd) == 0;
}

}  // namespace

Result<void> replace_file(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".tmp";
  {
    const FileDescriptor file(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.get() < 0) return failure("write", temporary);
    if (!write_all(file.get(), content)) {
      auto failed = failure("write", temporary);
      ::unlink(temporary.c_str());
      return failed;
    }
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    auto failed = failure("write", path);
    ::unlink(temporary.c_str());
    return failed;
  }
  return sync_directory_at(fs::path(path).parent_path().string());
}

Result<std::optional<std::string>> read_text(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (file.get() < 0) return failure("read", path);
  std::string buffer(kMaxTextBytes + 1, '\0');
  std::size_t used = 0;
  while (used < buffer.size()) {
    const auto got = ::read(file.get(), buffer.data() + used, buffer.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure("read", path);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  if (used > kMaxTextBytes) {
    return fail(Errc::limit_exceeded, path + " is larger than Tidemark ever writes it");
  }
  buffer.resize(used);
  return buffer;
}

Result<void> sync_directory_at(const std::string& path) {
  const FileDescriptor directory(
      ::open(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) return failure("sync", path);
  return {};
}

std::uint64_t bytes_below(const std::string& directory) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code gone;
    if (it->is_regular_file(gone)) bytes += it->file_size(gone);
  }
  return bytes;
}

}  // namespace tidemark::backup
