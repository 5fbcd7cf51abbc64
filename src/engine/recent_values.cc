#include "engine/recent_values.h"

#include <utility>

namespace tidemark::engine {
namespace {

constexpr std::size_t kNodeBytes = 96;  // what the map itself takes for a value

}  // namespace

std::size_t RecentValues::bytes_of(const Values::value_type& value) {
  return kNodeBytes + value.first.size() + (value.second ? value.second->size() : 0);
}

void RecentValues::forget(const std::string& key) {
  old_.erase(key);
  const auto found = young_.find(key);
  if (found == young_.end()) return;
  young_bytes_ -= bytes_of(*found);
  young_.erase(found);
}

void RecentValues::add(Values&& written) {
  while (!written.empty()) {
    auto node = written.extract(written.begin());
    if (node.mapped() && node.mapped()->size() > kLargestValue) {
      forget(node.key());
      continue;
    }
    auto added = young_.insert(std::move(node));
    if (!added.inserted) {
      young_bytes_ -= bytes_of(*added.position);
      added.position->second = std::move(added.node.mapped());
    }
    young_bytes_ += bytes_of(*added.position);
    if (young_bytes_ <= kGenerationBytes) continue;
    old_ = std::exchange(young_, {});
    young_bytes_ = 0;
  }
}

const std::optional<std::string>* RecentValues::find(std::string_view key) const {
  for (const auto* values : {&young_, &old_}) {
    if (const auto found = values->find(key); found != values->end()) return &found->second;
  }
  return nullptr;
}

void RecentValues::clear() {
  young_.clear();
  old_.clear();
  young_bytes_ = 0;
}

}  // namespace tidemark::engine
