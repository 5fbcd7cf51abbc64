#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "providers/calendar_provider.h"

namespace tidemark {

// Gathers items into modest groups on their way to the sink.
class ItemEmitter {
 public:
  explicit ItemEmitter(const ItemSink& sink) : sink_(sink) {}

  Result<void> add(RemoteItem item) {
    bytes_ += item.bytes.size();
    group_.push_back(std::move(item));
    const bool full = group_.size() >= (bytes_ > 0 ? kBodies : kMarks) || bytes_ >= kBytes;
    return full ? flush() : Result<void>{};
  }

  Result<void> flush() {
    if (group_.empty()) return {};
    bytes_ = 0;
    auto taken = sink_(std::exchange(group_, {}));
    refused_ |= !taken;
    return taken;
  }

  // The sink said stop: no fallback may go on.
  bool refused() const { return refused_; }

 private:
  static constexpr std::size_t kBodies = 50;
  static constexpr std::size_t kMarks = 500;
  static constexpr std::size_t kBytes = 1U << 20;

  const ItemSink& sink_;
  std::vector<RemoteItem> group_;
  std::size_t bytes_ = 0;
  bool refused_ = false;
};

}  // namespace tidemark
