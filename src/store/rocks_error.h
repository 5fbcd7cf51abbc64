// RocksDB's Status as an Error whose message begins with ours and ends with RocksDB's.
#pragma once

#include <rocksdb/status.h>

#include <string_view>

#include "base/result.h"

namespace tidemark {

Errc code_of(const rocksdb::Status& status);

// doing: "reading table row of data/store". Adds what to do about it.
Error to_error(std::string_view doing, const rocksdb::Status& status);

}  // namespace tidemark
