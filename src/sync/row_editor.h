// Rows as one step sees and changes them: its own changes over what was there before it.
// A step that handles many resources may meet the same href or UID twice; RowReader shows it only
// what earlier steps wrote.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/machine.h"

namespace tidemark::sync {

class RowEditor final : public RowReader {
 public:
  explicit RowEditor(const RowReader& below) : below_(below) {}

  std::optional<std::string> get(std::string_view key) const override;
  void scan(std::string_view prefix, std::string_view from,
            const std::function<bool(std::string_view key, std::string_view value)>& visitor)
      const override;

  void put(std::string key, std::string value) { changes_[std::move(key)] = std::move(value); }
  void erase(std::string key) { changes_[std::move(key)] = std::nullopt; }
  std::size_t change_count() const { return changes_.size(); }

  // Ascending by key; a key is named once.
  std::vector<RowChange> take();

 private:
  const RowReader& below_;
  std::map<std::string, std::optional<std::string>, std::less<>> changes_;
};

}  // namespace tidemark::sync
