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

  void put(std::string key, std::string value) {
    changes_[std::move(key)].value = std::move(value);
  }
  // Of a row that is not below; it may be among the changes.
  void put_new(std::string key, std::string value) {
    const auto [change, added] = changes_.try_emplace(std::move(key));
    if (added) change->second.is_new = true;
    change->second.value = std::move(value);
  }
  void erase(std::string key) { changes_[std::move(key)].value = std::nullopt; }
  std::size_t change_count() const { return changes_.size(); }

  // Ascending by key; a key is named once.
  std::vector<RowChange> take();

 private:
  struct Change {
    std::optional<std::string> value;
    bool is_new = false;
  };

  const RowReader& below_;
  std::map<std::string, Change, std::less<>> changes_;
};

}  // namespace tidemark::sync
