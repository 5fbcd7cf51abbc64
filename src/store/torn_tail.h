// Tells a commit that a power cut tore from damage, in a log whose zeros were written ahead
// (wal_guard.h): there, what the disk did not get to are zeros within the record, not a shorter
// file.
//
// A torn commit is the last thing in the last log, since each is synced before the next one is
// written, and some sector of it still holds the zeros, or the file ends within it. Anything else
// is damage.
#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemark {

// Where the log ends without its torn last record, given that its first `whole_records` can be
// read and what follows cannot; nothing when that was not torn but damaged. The format is
// RocksDB's: blocks of 32 KiB, records of u32 checksum, u16 length (both little-endian), u8 type
// and payload.
std::optional<std::uint64_t> end_before_torn_record(std::string_view log,
                                                    std::uint64_t whole_records);

// Cuts the log in `path` there, durably. False: it was not torn, and nothing was changed.
Result<bool> cut_torn_record(rocksdb::FileSystem& file_system, const std::string& path,
                             std::uint64_t whole_records);

}  // namespace tidemark
