// What a WriteBatch holds until the store turns it into RocksDB's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
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

  struct Placed {
    const Operation* operation;
    const char* bytes;  // of the key; the value follows it
    std::string_view key() const { return {bytes, operation->key_size}; }
    std::string_view value() const { return {bytes + operation->key_size, operation->value_size}; }
  };
  // By table and key; those of one key in the order in which they were made.
  std::vector<Placed> in_key_order() const;
};

}  // namespace tidemark
