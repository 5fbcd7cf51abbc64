// Finds iCalendar files below a path and reads them, whatever else lies there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace tidemark::ics {

struct ScanLimits {
  std::size_t files = 20'000;
  std::size_t entries = 200'000;  // looked at in all
  std::size_t depth = 16;
};

struct FoundFile {
  std::filesystem::path path;
  std::string href;         // relative to the root, '/' between folders; '#' and '%' escaped
  std::string fingerprint;  // of size, times and inode; empty: it cannot be looked at
};

struct Scan {
  std::vector<FoundFile> files;                                         // ascending by href
  std::vector<std::pair<std::string, std::string>> unreadable_folders;  // href with '/', reason
};

// A file (whatever its name), or a folder with its *.ics files at any depth. Hidden entries are
// left out: editors and synchronisers write there. Each folder is entered once, so a loop of
// symbolic links ends. Errc::not_found: there is nothing at root; limit_exceeded; io_error.
Result<Scan> scan_files(const std::filesystem::path& root, const ScanLimits& limits = {});

// The bytes of a regular file. Errc::io_error says why not; limit_exceeded when larger than that.
Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t max_bytes);

}  // namespace tidemark::ics
