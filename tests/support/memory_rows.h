// The rows of one machine instance in memory, for stepping a machine by hand.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/machine.h"

namespace tidemark::test {

class MemoryRows final : public RowReader {
 public:
  std::optional<std::string> get(std::string_view key) const override {
    const auto found = rows.find(key);
    if (found == rows.end()) return std::nullopt;
    return found->second;
  }

  void scan(std::string_view prefix, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& visitor) const override {
    for (auto row = rows.lower_bound(std::max(prefix, from));
         row != rows.end() && row->first.starts_with(prefix); ++row) {
      ++scanned;
      if (!visitor(row->first, row->second)) return;
    }
  }

  void apply(const std::vector<RowChange>& changes) {
    for (const auto& change : changes) {
      if (change.value) {
        rows[change.key] = *change.value;
      } else {
        rows.erase(change.key);
      }
    }
  }

  std::map<std::string, std::string, std::less<>> rows;
  mutable std::size_t scanned = 0;  // by all scans so far
};

}  // namespace tidemark::test
