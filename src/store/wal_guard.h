// Keeps a failed commit from coming back at the next start, and makes small commits cheaper.
//
// A commit whose sync failed may have reached the write-ahead log in full, and recovery would bring
// it back although it was reported as failed. So, at the first error, a log is cut back to the end
// of its last successful sync (the last acknowledged commit) and takes nothing any more: what
// follows goes to a new log. Relies on every append being followed by a sync, as commit() does, and
// on the logs having a directory of their own.
//
// A sync of a file that has grown writes its size as well. So the file is made longer ahead of
// small appends, by zeros, which RocksDB reads as the end of a log; torn_tail.h has the other side
// of that. A log that is closed ends where its content does.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>
#include <string>

namespace tidemark {

std::shared_ptr<rocksdb::FileSystem> guard_write_ahead_logs(
    const std::shared_ptr<rocksdb::FileSystem>& file_system, const std::string& directory);

}  // namespace tidemark
