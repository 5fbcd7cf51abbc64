// Small files that hold a key: readable by their owner only, written whole or not at all.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace tidemark {

enum class FileGuard {
  mode,       // the file's own: nobody but owner and group may read or write it
  directory,  // whoever made the directory sees to it (a systemd credential)
};

// Errc::not_found, Errc::forbidden when the file is not guarded, Errc::invalid_argument when it
// cannot be read or is larger than `max_bytes`. No message quotes any of it.
Result<Secret> read_private_file(const std::string& path, std::size_t max_bytes,
                                 FileGuard guard = FileGuard::mode);

// A new file of mode 0600, durable with its name when it returns. Errc::conflict when it exists:
// what another key opens would be lost.
Result<void> write_new_private_file(const std::string& path, std::string_view content);

}  // namespace tidemark
