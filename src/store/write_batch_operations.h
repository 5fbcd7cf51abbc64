// What a WriteBatch holds until the store turns it into RocksDB's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/store.h"

namespace tidemark {

struct WriteBatch::Impl {
  // Keys and values lie one after the other in `bytes`: one allocation that grows, however many
  // small puts a step makes.
  struct Operation {
    Table table;
    bool erases;
    std::uint32_t key_size;
    std::uint32_t value_size;
  };
  std::vector<Operation> operations;
  std::string bytes;
};

}  // namespace tidemark
