// Looks at the write-ahead logs before anything is opened for writing: are the commits in them
// whole, and do they go on where the tables end?
//
// RocksDB takes a log that ends early for the torn tail of a crash and a log that was deleted for
// one that never was; with a later log still there, commits from the middle would be silently gone.
// Nothing is written to the directory, so a refused store stays as it was found; but for a commit
// that a power cut tore while it was written (torn_tail.h), which is cut off.
#pragma once

#include <rocksdb/file_system.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "store/rocks_options.h"
#include "store/watermark.h"

namespace tidemark {

// `acknowledged` is what the watermark says, if it can be read. Errc::corrupt when commits are
// missing between tables and logs, or between two logs, or damaged.
Result<void> check_logs(const RocksOptions& options, rocksdb::FileSystem& file_system,
                        const std::string& directory, const std::optional<Progress>& acknowledged);

}  // namespace tidemark
