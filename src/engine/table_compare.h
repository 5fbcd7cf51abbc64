// Are two stores' tables the same, byte by byte? Read in pages, whatever their size.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "store/store.h"

namespace tidemark::engine {

struct TableComparison {
  std::uint64_t same = 0;          // values that are the same in both
  std::string first_difference{};  // empty: none
};
Result<TableComparison> compare_table(const StoreView& one, const StoreView& other, Table table);

}  // namespace tidemark::engine
