#include <array>
#include <cassert>

#include "store/store.h"

namespace tidemark {
namespace {

// Names of column families on disk: changing one loses the table.
constexpr std::array<std::string_view, kTableCount> kNames = {
    "meta",   "journal", "journal_index", "instance", "row",  "timer",
    "outbox", "dedupe",  "secret",        "input",    "event"};

}  // namespace

std::string_view name(Table table) {
  const auto index = static_cast<std::size_t>(table);
  assert(index < kTableCount);
  return kNames[index];
}

}  // namespace tidemark
