// Small files that are there whole or not at all, whenever the power goes. Not for secrets that
// must be wiped: base/private_file.h is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemark::backup {

inline constexpr std::size_t kMaxTextBytes = 64 << 10;

// Mode 0600, the old content or the new one; durable on return. Errc::disk_full or Errc::io_error.
Result<void> replace_file(const std::string& path, std::string_view content);

// Nothing when there is no such file; Errc::limit_exceeded beyond kMaxTextBytes.
Result<std::optional<std::string>> read_text(const std::string& path);

// Makes the directory's entries durable.
Result<void> sync_directory_at(const std::string& path);

// Of all files below, each name of a hard link counted.
std::uint64_t bytes_below(const std::string& directory);

}  // namespace tidemark::backup
