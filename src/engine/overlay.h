// What steps have written and the store does not hold for certain yet, laid over the store: the
// next step reads through it. Two layers: the batch being filled, and below it the one that is
// being committed meanwhile, if there is one. Every write goes to the overlay and to the batch at
// once. Instances that were committed a moment ago are remembered: nobody else writes that table.
// Used by the engine's loop only.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/recent_values.h"
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
  // True when it was written or erased and the store may not show that yet.
  bool touched(Table table, std::string_view key) const;

  // Visible to later steps of the batch.
  void put(Table table, std::string_view key, std::string value);
  void erase(Table table, std::string_view key);
  // Written, but nobody reads it before the commit: journal, inputs, events.
  void append(Table table, std::string_view key, std::string_view value);

  const WriteBatch& batch() const { return batch_; }
  // The batch to commit. Its changes stay visible, as the lower layer, until settled(); a second
  // take() has to wait for that.
  WriteBatch take();
  // The commit has returned: all of it is in the store, or nothing.
  void settled(bool committed);
  // Forgets the batch being filled.
  void drop();

 private:
  using Changes = RecentValues::Values;
  using Layer = std::array<Changes, kTableCount>;
  static const Changes& in(const Layer& layer, Table table) {
    return layer[static_cast<std::size_t>(table)];
  }
  Changes& own(Table table) { return own_[static_cast<std::size_t>(table)]; }

  const StoreView& store_;
  WriteBatch batch_;
  Layer own_;
  Layer committing_;
  RecentValues instances_;
};

}  // namespace tidemark::engine
