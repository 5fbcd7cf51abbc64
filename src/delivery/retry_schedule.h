// When a delivery that failed is tried again. Pure, and the same in every replay: jitter is derived
// from the event and the attempt.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace tidemark::delivery {

inline constexpr std::size_t kMaxAttempts = 50;
inline constexpr std::chrono::milliseconds kLongestRetryDelay = std::chrono::days{7};
inline constexpr unsigned kJitterPercent = 10;

// delays[n] passes between the nth attempt (for n = 0: the event) and the next one: there are as
// many attempts as delays, and never none. The default spreads ten of them over 75 hours.
struct RetrySchedule {
  std::vector<milliseconds> delays{std::chrono::seconds{0}, std::chrono::seconds{5},
                                   std::chrono::minutes{5}, std::chrono::minutes{30},
                                   std::chrono::hours{2},   std::chrono::hours{5},
                                   std::chrono::hours{10},  std::chrono::hours{14},
                                   std::chrono::hours{20},  std::chrono::hours{24}};

  bool operator==(const RetrySchedule&) const = default;
};

// An attempt at once, then delays that begin with `first` and grow by `factor` up to `longest`.
struct ExponentialSchedule {
  std::uint32_t attempts = 10;
  milliseconds first{std::chrono::seconds{5}};
  std::uint32_t factor = 2;
  milliseconds longest{std::chrono::hours{24}};
};

// "0s,5s,5m,30m": blanks around the commas are allowed.
Result<RetrySchedule> parse_retry_schedule(std::string_view text);
// At most kMaxAttempts, no delay above kLongestRetryDelay, factor 1 to 10.
Result<RetrySchedule> exponential_schedule(const ExponentialSchedule& wish);

// One of: "0s,5s,5m" · ["0s", "5s", "5m"] · {"attempts": 3, "first": "2s", "factor": 2,
// "max": "1h"}, of which `attempts` and `first` must be given. Errors begin with `place`.
Result<RetrySchedule> retry_schedule_from_json(const Json& value, std::string_view place);
Json to_json(const RetrySchedule& schedule);  // the list form: what will really happen

// When to make the attempt that follows `attempts_done` others, of which the latest ended now;
// nothing when there are no more. The delay is moved by up to kJitterPercent %, and the attempt is
// never before what the receiver asked for (Retry-After, believed up to kLongestRetryDelay).
std::optional<WallTime> next_attempt(const RetrySchedule& schedule, std::uint32_t attempts_done,
                                     WallTime now, std::string_view event_id,
                                     std::optional<std::chrono::seconds> retry_after);

}  // namespace tidemark::delivery
