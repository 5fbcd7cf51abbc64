#include "providers/google/quota_gate.h"

#include <algorithm>

namespace tidemark::google {
namespace {

using std::chrono::seconds;

constexpr std::uint32_t kMostDoublings = 6;
constexpr seconds kLongest{3600};

}  // namespace

std::optional<seconds> QuotaGate::closed_for(WallTime now) const {
  const std::lock_guard lock(mutex_);
  if (now >= until_) return std::nullopt;
  return std::chrono::ceil<seconds>(until_ - now);
}

void QuotaGate::close(WallTime now, std::optional<seconds> asked) {
  const std::lock_guard lock(mutex_);
  // Those that were on their way when it closed say nothing new.
  if (now < until_ && !asked) return;
  const seconds own{1U << std::min(failures_, kMostDoublings)};
  ++failures_;
  until_ = std::max(until_, now + std::clamp(asked.value_or(own), seconds{1}, kLongest));
}

void QuotaGate::succeed() {
  const std::lock_guard lock(mutex_);
  failures_ = 0;
}

std::shared_ptr<QuotaGate> QuotaGates::of_project(const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto& known = gates_[name];
  auto gate = known.lock();
  if (!gate) known = gate = std::make_shared<QuotaGate>();
  return gate;
}

}  // namespace tidemark::google
