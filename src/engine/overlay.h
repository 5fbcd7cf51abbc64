// What the steps of one batch have written and the store does not hold yet, laid over the store:
// the next step of the batch reads through it. Every write goes to the overlay and to the batch at
// once. Used by the engine's loop only.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/store.h"

namespace tidemark::engine {

class Overlay {
 public:
  explicit Overlay(const StoreView& store) : store_(store) {}

  Result<std::optional<std::string>> get(Table table, std::string_view key) const;
  // Overlay and store merged, ascending from the first key >= from; false stops.
  Result<void> scan(Table table, std::string_view prefix, std::string_view from,
                    const ScanVisitor& visitor) const;
  // Visits the greatest key that starts with prefix, if there is one.
  Result<void> scan_last(Table table, std::string_view prefix,
                         const std::function<void(std::string_view key)>& visitor) const;
  // True when this batch wrote or erased the key.
  bool touched(Table table, std::string_view key) const;

  // Visible to later steps of the batch.
  void put(Table table, std::string_view key, std::string value);
  void erase(Table table, std::string_view key);
  // Written, but nobody reads it before the commit: journal, inputs, events.
  void append(Table table, std::string_view key, std::string_view value);

  const WriteBatch& batch() const { return batch_; }
  // The batch to commit; the overlay is empty afterwards.
  WriteBatch take();

 private:
  using Changes = std::map<std::string, std::optional<std::string>, std::less<>>;
  const Changes& changes(Table table) const { return changes_[static_cast<std::size_t>(table)]; }

  const StoreView& store_;
  WriteBatch batch_;
  std::array<Changes, kTableCount> changes_;
};

}  // namespace tidemark::engine
