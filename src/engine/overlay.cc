#include "engine/overlay.h"

#include <algorithm>
#include <utility>

namespace tidemark::engine {
namespace {

using Scan = std::function<Result<void>(const ScanVisitor&)>;

// Lays the changes, from the first key >= start among those with the prefix, over what `below`
// visits.
template <class Changes>
Result<void> scan_over(const Changes& changes, std::string_view prefix, std::string_view start,
                       const Scan& below, const ScanVisitor& visitor) {
  auto next = changes.lower_bound(start);
  const auto in_range = [&] { return next != changes.end() && next->first.starts_with(prefix); };
  bool go_on = true;
  TM_TRY(below([&](std::string_view key, std::string_view value) {
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

}  // namespace

Result<std::optional<std::string>> Overlay::get(Table table, std::string_view key) const {
  const auto& own = in(own_, table);
  if (const auto found = own.find(key); found != own.end()) return found->second;
  const auto& committing = in(committing_, table);
  if (const auto found = committing.find(key); found != committing.end()) return found->second;
  if (table == Table::instance) {
    if (const auto* const known = instances_.find(key)) return *known;
  }
  return store_.get(table, key);
}

Result<void> Overlay::scan(Table table, std::string_view prefix, std::string_view from,
                           const ScanVisitor& visitor) const {
  const auto start = std::max(prefix, from);
  const Scan stored = [&](const ScanVisitor& visit) {
    return store_.scan(table, prefix, from, visit);
  };
  if (in(committing_, table).empty()) {
    return scan_over(in(own_, table), prefix, start, stored, visitor);
  }
  const Scan committing = [&](const ScanVisitor& visit) {
    return scan_over(in(committing_, table), prefix, start, stored, visit);
  };
  return scan_over(in(own_, table), prefix, start, committing, visitor);
}

Result<void> Overlay::scan_last(Table table, std::string_view prefix,
                                const std::function<void(std::string_view key)>& visitor) const {
  std::optional<std::string> greatest;
  TM_TRY(store_.scan_reverse(table, prefix, {}, [&](std::string_view key, std::string_view) {
    greatest = key;
    return false;
  }));
  for (const auto* layer : {&committing_, &own_}) {
    const auto& changes = in(*layer, table);
    for (auto next = changes.lower_bound(prefix);
         next != changes.end() && next->first.starts_with(prefix); ++next) {
      if (next->second && (!greatest || next->first > *greatest)) greatest = next->first;
    }
  }
  if (greatest) visitor(*greatest);
  return {};
}

bool Overlay::touched(Table table, std::string_view key) const {
  return in(own_, table).contains(key) || in(committing_, table).contains(key);
}

void Overlay::put(Table table, std::string_view key, std::string value) {
  batch_.put(table, key, value);
  own(table).insert_or_assign(std::string(key), std::move(value));
}

void Overlay::erase(Table table, std::string_view key) {
  batch_.erase(table, key);
  own(table).insert_or_assign(std::string(key), std::nullopt);
}

void Overlay::append(Table table, std::string_view key, std::string_view value) {
  batch_.put(table, key, value);
}

WriteBatch Overlay::take() {
  committing_.swap(own_);
  return std::exchange(batch_, WriteBatch());
}

void Overlay::settled(bool committed) {
  if (committed) {
    instances_.add(std::move(committing_[static_cast<std::size_t>(Table::instance)]));
  } else {
    instances_.clear();
  }
  for (auto& changes : committing_) changes.clear();
}

void Overlay::drop() {
  for (auto& changes : own_) changes.clear();
  batch_ = WriteBatch();
}

}  // namespace tidemark::engine
