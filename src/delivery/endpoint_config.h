// An endpoint as people configure it. One parser reads it, whether it came through the API or from
// the configuration file, so both have the same names, presets, limits and messages.
//
//   { "id": "orders", "url": "https://example.com/hook", "description": "...",
//     "types": ["calendar.event.*"], "filter": [...], "headers": {"X-Environment": "production"},
//     "format": "envelope", "rate": {"per_second": 10, "burst": 20}, "daily_quota": 100000,
//     "concurrency": 8, "ordered": false, "schedule": ["0s", "5s", "5m"], "timeout": "15s",
//     "disable_after": "5d", "enabled": true }
//
// `id` and `url` must be given. Null means the same as leaving a key out. Signing secrets are no
// part of it; values of headers may be secrets all the same: whoever shows a configuration masks
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "delivery/breaker.h"
#include "delivery/event_filter.h"
#include "delivery/message_format.h"
#include "delivery/retry_schedule.h"
#include "delivery/token_bucket.h"

namespace tidemark::delivery {

inline constexpr std::size_t kMaxEndpointUrlBytes = 2048;
inline constexpr std::size_t kMaxDescriptionBytes = 1024;
inline constexpr std::uint64_t kMaxDailyQuota = 1'000'000'000;
inline constexpr std::uint32_t kMaxConcurrency = 64;
inline constexpr std::uint32_t kDefaultConcurrency = 8;

struct EndpointConfig {
  std::string id;           // 1 to 64 letters, digits, '_' or '-'
  std::string url;          // http or https, as given
  std::string description;  // for people
  std::vector<std::string> types{"*"};
  EventFilter filter;
  HttpHeaders headers;  // sorted by name
  MessageFormat format = MessageFormat::envelope;
  std::optional<RateLimit> rate;             // nothing: unlimited
  std::optional<std::uint64_t> daily_quota;  // nothing: unlimited
  std::uint32_t concurrency = kDefaultConcurrency;
  bool ordered = false;  // one after the other: concurrency is 1
  RetrySchedule schedule;
  milliseconds timeout{std::chrono::seconds{15}};    // 1 s to 30 s
  milliseconds disable_after{std::chrono::days{5}};  // 0: never; else 1 h to 90 d
  bool enabled = true;

  bool operator==(const EndpointConfig&) const = default;
};

// Errc::invalid_argument or limit_exceeded, naming the key: `rate.burst: must be ...`.
Result<EndpointConfig> endpoint_config_from_json(const Json& value);
// Every key; what endpoint_config_from_json() reads back as the same configuration.
Json to_json(const EndpointConfig& config);

}  // namespace tidemark::delivery
