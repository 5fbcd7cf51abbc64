#include "sync/row_editor.h"

#include <algorithm>

namespace tidemark::sync {

std::optional<std::string> RowEditor::get(std::string_view key) const {
  if (const auto found = changes_.find(key); found != changes_.end()) return found->second.value;
  return below_.get(key);
}

void RowEditor::scan(
    std::string_view prefix, std::string_view from,
    const std::function<bool(std::string_view key, std::string_view value)>& visitor) const {
  auto change = changes_.lower_bound(std::max(prefix, from));
  bool going = true;
  // Visits the changes before `key`; the keys below come in between.
  const auto visit_changes_before = [&](std::optional<std::string_view> key) {
    while (going && change != changes_.end() && change->first.starts_with(prefix) &&
           (!key || change->first < *key)) {
      if (change->second.value) going = visitor(change->first, *change->second.value);
      ++change;
    }
  };
  below_.scan(prefix, from, [&](std::string_view key, std::string_view value) {
    visit_changes_before(key);
    if (!going) return false;
    if (change != changes_.end() && change->first == key) {
      if (change->second.value) going = visitor(change->first, *change->second.value);
      ++change;
      return going;
    }
    going = visitor(key, value);
    return going;
  });
  if (going) visit_changes_before(std::nullopt);
}

std::vector<RowChange> RowEditor::take() {
  std::vector<RowChange> rows;
  rows.reserve(changes_.size());
  while (!changes_.empty()) {
    auto node = changes_.extract(changes_.begin());
    rows.push_back({std::move(node.key()), std::move(node.mapped().value), node.mapped().is_new});
  }
  return rows;
}

}  // namespace tidemark::sync
