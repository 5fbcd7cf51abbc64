#include "engine/overlay.h"

#include <algorithm>

namespace tidemark::engine {

Result<std::optional<std::string>> Overlay::get(Table table, std::string_view key) const {
  const auto& own = changes(table);
  if (const auto found = own.find(key); found != own.end()) return found->second;
  return store_.get(table, key);
}

Result<void> Overlay::scan(Table table, std::string_view prefix, std::string_view from,
                           const ScanVisitor& visitor) const {
  const auto& own = changes(table);
  auto next = own.lower_bound(std::max(prefix, from));
  const auto in_range = [&] { return next != own.end() && next->first.starts_with(prefix); };
  bool go_on = true;
  TM_TRY(store_.scan(table, prefix, from, [&](std::string_view key, std::string_view value) {
    while (go_on && in_range() && next->first < key) {
      if (next->second) go_on = visitor(next->first, *next->second);
      ++next;
    }
    if (!go_on) return false;
    if (in_range() && next->first == key) {
      if (next->second) go_on = visitor(key, *next->second);
      ++next;
      return go_on;
    }
    return go_on = visitor(key, value);
  }));
  for (; go_on && in_range(); ++next) {
    if (next->second) go_on = visitor(next->first, *next->second);
  }
  return {};
}

Result<void> Overlay::scan_last(Table table, std::string_view prefix,
                                const std::function<void(std::string_view key)>& visitor) const {
  std::optional<std::string> greatest;
  TM_TRY(store_.scan_reverse(table, prefix, {}, [&](std::string_view key, std::string_view) {
    greatest = key;
    return false;
  }));
  const auto& own = changes(table);
  for (auto next = own.lower_bound(prefix); next != own.end() && next->first.starts_with(prefix);
       ++next) {
    if (next->second && (!greatest || next->first > *greatest)) greatest = next->first;
  }
  if (greatest) visitor(*greatest);
  return {};
}

bool Overlay::touched(Table table, std::string_view key) const {
  return changes(table).contains(key);
}

void Overlay::put(Table table, std::string_view key, std::string value) {
  batch_.put(table, key, value);
  changes_[static_cast<std::size_t>(table)].insert_or_assign(std::string(key), std::move(value));
}

void Overlay::erase(Table table, std::string_view key) {
  batch_.erase(table, key);
  changes_[static_cast<std::size_t>(table)].insert_or_assign(std::string(key), std::nullopt);
}

void Overlay::append(Table table, std::string_view key, std::string_view value) {
  batch_.put(table, key, value);
}

WriteBatch Overlay::take() {
  for (auto& table : changes_) table.clear();
  WriteBatch taken = std::move(batch_);
  batch_ = WriteBatch();
  return taken;
}

}  // namespace tidemark::engine
