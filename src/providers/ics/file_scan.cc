#include "providers/ics/file_scan.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

#include "base/sha256.h"
#include "base/text.h"

namespace tidemark::ics {
namespace {

namespace fs = std::filesystem;

class FileHandle {
 public:
  explicit FileHandle(const fs::path& path)
      : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~FileHandle() {
    if (fd_ >= 0) close(fd_);
  }
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string nanoseconds(const timespec& time) {
  return std::to_string(time.tv_sec) + "." + std::to_string(time.tv_nsec);
}

std::string fingerprint(const struct stat& info) {
  constexpr std::size_t kDigits = 16;
  const std::string text = std::to_string(info.st_dev) + " " + std::to_string(info.st_ino) + " " +
                           std::to_string(info.st_size) + " " + nanoseconds(info.st_mtim) + " " +
                           nanoseconds(info.st_ctim);
  return to_hex(sha256(text)).substr(0, kDigits);
}

// '#' parts a file from a UID in the mirror's hrefs, so no file name may hold one.
std::string href_segment(const std::string& name) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const bool text = is_valid_utf8(name);
  std::string href;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '#' || c == '%' || byte < 0x20 || (byte >= 0x80 && !text)) {
      href += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    } else {
      href += c;
    }
  }
  return href;
}

class Scanner {
 public:
  explicit Scanner(const ScanLimits& limits) : limits_(limits) {}

  Result<void> folder(const fs::path& path, const std::string& href, std::size_t depth) {
    if (depth > limits_.depth) {
      return fail(Errc::limit_exceeded,
                  path.string() + " is deeper than " + std::to_string(limits_.depth) + " folders");
    }
    struct stat info {};
    if (stat(path.c_str(), &info) != 0 || !entered_.insert({info.st_dev, info.st_ino}).second) {
      return {};
    }
    std::error_code error;
    fs::directory_iterator entries(path, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      if (++looked_at_ > limits_.entries) {
        return fail(Errc::limit_exceeded, path.string() + ": more than " +
                                              std::to_string(limits_.entries) +
                                              " entries to look at; choose a smaller folder");
      }
      TM_TRY(entry(entries->path(), href, depth));
    }
    if (error) {
      if (depth == 0) return fail(Errc::io_error, path.string() + ": " + error.message());
      scan.unreadable_folders.emplace_back(href, error.message());
    }
    return {};
  }

  Result<void> file(const fs::path& path, std::string href) {
    if (scan.files.size() >= limits_.files) {
      return fail(Errc::limit_exceeded, "more than " + std::to_string(limits_.files) +
                                            " iCalendar files below the configured folder");
    }
    struct stat info {};
    const bool seen = stat(path.c_str(), &info) == 0;
    scan.files.push_back({path, std::move(href), seen ? fingerprint(info) : std::string()});
    return {};
  }

  Scan scan;

 private:
  Result<void> entry(const fs::path& path, const std::string& href, std::size_t depth) {
    const std::string name = path.filename().string();
    if (name.starts_with('.')) return {};
    struct stat info {};
    if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
      return folder(path, href + href_segment(name) + "/", depth + 1);
    }
    if (!to_lower_ascii(name).ends_with(".ics")) return {};
    return file(path, href + href_segment(name));
  }

  const ScanLimits& limits_;
  std::set<std::pair<dev_t, ino_t>> entered_;
  std::size_t looked_at_ = 0;
};

tl::unexpected<Error> system_error(const std::string& what) {
  return fail(Errc::io_error, what + ": " + std::strerror(errno));
}

}  // namespace

Result<Scan> scan_files(const fs::path& root, const ScanLimits& limits) {
  struct stat info {};
  if (stat(root.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return fail(Errc::not_found, root.string() + ": there is no such file or folder");
    }
    return system_error(root.string());
  }
  Scanner scanner(limits);
  if (S_ISDIR(info.st_mode)) {
    TM_TRY(scanner.folder(root, "", 0));
  } else {
    TM_TRY(scanner.file(root, href_segment(root.filename().string())));
  }
  std::sort(scanner.scan.files.begin(), scanner.scan.files.end(),
            [](const FoundFile& a, const FoundFile& b) { return a.href < b.href; });
  return std::move(scanner.scan);
}

Result<std::string> read_file(const fs::path& path, std::uint64_t max_bytes) {
  const FileHandle file(path);
  if (file.get() < 0) return system_error("cannot be opened");
  struct stat info {};
  if (fstat(file.get(), &info) != 0) return system_error("cannot be looked at");
  if (!S_ISREG(info.st_mode)) return fail(Errc::io_error, "is not a regular file");
  std::string bytes;
  bytes.reserve(std::min<std::uint64_t>(static_cast<std::uint64_t>(info.st_size), max_bytes));
  std::array<char, 64U << 10> buffer;
  for (;;) {
    const ssize_t got = read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("cannot be read");
    if (got == 0) return bytes;
    if (bytes.size() + static_cast<std::size_t>(got) > max_bytes) {
      return fail(Errc::limit_exceeded, "is larger than the limit of " + format_size(max_bytes));
    }
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace tidemark::ics
