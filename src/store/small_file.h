// Small files beside the database, through the same file system as the database itself.
#pragma once

#include <rocksdb/file_system.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemark {

inline constexpr std::size_t kMaxSmallFileBytes = 64 << 10;

// Nothing when there is no such file; Errc::limit_exceeded beyond kMaxSmallFileBytes.
Result<std::optional<std::string>> read_small_file(rocksdb::FileSystem& file_system,
                                                   const std::string& path);

// The old content or the new one, whole, whenever the power goes; durable on return.
Result<void> replace_small_file(rocksdb::FileSystem& file_system, const std::string& directory,
                                const std::string& name, std::string_view content);

// Makes the directory's entries durable.
Result<void> sync_directory(rocksdb::FileSystem& file_system, const std::string& path);

}  // namespace tidemark
