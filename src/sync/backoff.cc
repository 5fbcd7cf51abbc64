#include "sync/backoff.h"

#include <algorithm>

namespace tidemark::sync {
namespace {

// SplitMix64's finaliser: neighbouring sequences give unrelated values.
std::uint64_t scatter(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31);
}

}  // namespace

std::chrono::milliseconds with_jitter(std::chrono::milliseconds nominal, unsigned percent,
                                      Sequence sequence) {
  const std::int64_t width = nominal.count() / 100 * percent;
  if (width <= 0) return nominal;
  const auto offset =
      static_cast<std::int64_t>(scatter(sequence) % static_cast<std::uint64_t>(2 * width + 1));
  return nominal + std::chrono::milliseconds{offset - width};
}

std::chrono::milliseconds backoff_delay(const Backoff& backoff, std::uint32_t failures,
                                        std::optional<std::chrono::seconds> retry_after,
                                        Sequence sequence) {
  const std::uint32_t doublings = std::min<std::uint32_t>(failures > 0 ? failures - 1 : 0, 30);
  const auto nominal = std::min<std::chrono::milliseconds>(
      std::chrono::milliseconds{backoff.first.count() << doublings}, backoff.longest);
  const auto delay = with_jitter(nominal, 25, sequence);
  if (!retry_after) return delay;
  const auto asked = std::min<std::chrono::milliseconds>(*retry_after, std::chrono::hours(24));
  return std::max(delay, asked);
}

}  // namespace tidemark::sync
