// Looks at the write-ahead logs before anything is opened for writing: are the commits in them
// whole, and do they go on where the tables end?
//
// RocksDB takes a log that ends early for the torn tail of a crash and a log that was deleted for
// one that never was; with a later log still there, commits from the middle would be silently gone.
// Nothing is written to the directory, so a refused store stays as it was found.
#pragma once

#include <string>

#include "base/result.h"
#include "store/rocks_options.h"

namespace tidemark {

// Errc::corrupt when commits are missing between tables and logs, or between two logs.
Result<void> check_logs(const RocksOptions& options, const std::string& directory);

}  // namespace tidemark
