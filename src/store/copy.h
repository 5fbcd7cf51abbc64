// Copying a store that nobody has open; of one that is open, Store::checkpoint does.
#pragma once

#include <string>

#include "base/result.h"

namespace tidemark {

// Into a directory that must not exist: tables by hard links (copied where that cannot be), the
// rest as a copy. The original is not changed. Errc::not_found when there is none in `from`,
// Errc::locked, Errc::conflict when `to` exists, Errc::io_error or Errc::disk_full.
Result<void> copy_store(const std::string& from, const std::string& to);

}  // namespace tidemark
