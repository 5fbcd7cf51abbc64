// Every RocksDB option Tidemark sets, with its reason. docs/storage-format.md has the figures.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>

#include <memory>
#include <vector>

#include "store/store.h"

namespace tidemark {

struct RocksOptions {
  // The environment must outlive the database.
  std::shared_ptr<rocksdb::Env> env;
  rocksdb::DBOptions database;
  std::vector<rocksdb::ColumnFamilyDescriptor> tables;  // in the order of Table
};

std::string database_path(const std::string& directory);
std::string log_path(const std::string& directory);

RocksOptions make_rocks_options(const StoreOptions& options,
                                const std::shared_ptr<rocksdb::FileSystem>& file_system);

}  // namespace tidemark
