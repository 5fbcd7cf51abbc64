#include "base/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/file_descriptor.h"

namespace tidemark {
namespace {

tl::unexpected<Error> unreadable(const std::string& path, int reason) {
  const Errc code =
      reason == ENOENT || reason == ENOTDIR ? Errc::not_found : Errc::invalid_argument;
  return fail(code, "cannot read " + path + ": " + std::strerror(reason));
}

Result<void> check_mode(int fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return unreadable(path, errno);
  if (S_ISREG(status.st_mode) && (status.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    return fail(Errc::forbidden, "everyone on this machine can read or write " + path +
                                     ", so it protects nothing: run chmod 600 on it, and make a "
                                     "new key if somebody may have read this one");
  }
  return {};
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

bool sync_directory_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  const FileDescriptor directory(
      ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return directory.get() >= 0 && ::fsync(directory.get()) == 0;
}

}  // namespace

Result<Secret> read_private_file(const std::string& path, std::size_t max_bytes, FileGuard guard) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return unreadable(path, errno);
  if (guard == FileGuard::mode) TM_TRY(check_mode(file.get(), path));
  std::string buffer(max_bytes + 1, '\0');
  std::size_t used = 0;
  while (used < buffer.size()) {
    const auto got = ::read(file.get(), buffer.data() + used, buffer.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(path, errno);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  buffer.resize(used);
  Secret content(std::move(buffer));
  if (used > max_bytes) return fail(Errc::invalid_argument, path + " is too large to be a key");
  return content;
}

Result<void> write_new_private_file(const std::string& path, std::string_view content) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0 && errno == EEXIST) {
    return fail(Errc::conflict,
                path + " exists already, and a key is never overwritten; name another file");
  }
  if (file.get() >= 0 && write_all(file.get(), content) && sync_directory_of(path)) return {};
  const int reason = errno;
  if (file.get() >= 0) ::unlink(path.c_str());
  return fail(reason == ENOSPC ? Errc::disk_full : Errc::io_error,
              "cannot write " + path + ": " + std::strerror(reason));
}

}  // namespace tidemark
