// When to try again. Pure: jitter comes from the step's sequence, so a replay waits the same.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/ids.h"

namespace tidemark::sync {

// `nominal` moved by up to +-percent %.
std::chrono::milliseconds with_jitter(std::chrono::milliseconds nominal, unsigned percent,
                                      Sequence sequence);

struct Backoff {
  std::chrono::milliseconds first;
  std::chrono::milliseconds longest;
};
// An answer may come soon: 1 s to 15 min.
inline constexpr Backoff kRetryBackoff{std::chrono::seconds(1), std::chrono::minutes(15)};
// Somebody has to mend something: 1 min to 6 h.
inline constexpr Backoff kFailingBackoff{std::chrono::minutes(1), std::chrono::hours(6)};
// Every try with a wrong password brings the account closer to being locked: 15 min to 24 h.
inline constexpr Backoff kCredentialsBackoff{std::chrono::minutes(15), std::chrono::hours(24)};

// The delay after `failures` failures in a row (1: the first), doubling, with 25 % jitter, and
// never before what upstream asked for (believed up to a day).
std::chrono::milliseconds backoff_delay(const Backoff& backoff, std::uint32_t failures,
                                        std::optional<std::chrono::seconds> retry_after,
                                        Sequence sequence);

}  // namespace tidemark::sync
