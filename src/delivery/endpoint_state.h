// What an endpoint's machine remembers. Deliveries with a history are rows (delivery_rows.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "delivery/breaker.h"
#include "delivery/endpoint_config.h"
#include "delivery/token_bucket.h"
#include "engine/machine.h"

namespace tidemark::delivery {

inline constexpr std::string_view kEndpointKind = "endpoint";

enum class EndpointStatus : std::uint8_t {
  enabled = 0,
  paused = 1,    // somebody asked for it
  disabled = 2,  // it is gone (410), or has failed for days
  removing = 3   // its rows are being erased
};
std::string_view to_text(EndpointStatus status);

// A signing secret in table secret, by its name there.
struct SecretRef {
  std::string name;
  WallTime created{};
  std::optional<WallTime> expires;  // set when it was rotated out

  bool operator==(const SecretRef&) const = default;
};

struct EndpointCounts {
  std::uint64_t delivered = 0;
  std::uint64_t failed_attempts = 0;
  std::uint64_t filtered = 0;
  std::uint64_t waiting = 0;   // rows
  std::uint64_t dead = 0;      // rows
  std::uint64_t log_rows = 0;  // rows
  bool operator==(const EndpointCounts&) const = default;
};

struct EndpointState {
  EndpointConfig config;
  bool declared = false;  // by the configuration file, which then owns it
  EndpointStatus status = EndpointStatus::enabled;
  std::string reason;  // why it is paused or disabled
  WallTime created{};
  WallTime changed{};
  // Grows when the cursor is moved by hand: results that were on their way then say nothing about
  // the new course.
  std::uint64_t generation = 0;
  // Every event up to here is settled: delivered, filtered, waiting in a row, dead or cancelled.
  Position cursor;
  // Rewound: up to here events are repeated, and how that goes is not held against the endpoint.
  std::optional<Position> replay_until;
  Breaker breaker;
  TokenBucket bucket;
  DailyQuota quota;
  EndpointCounts counts;
  std::optional<WallTime> last_success;
  std::optional<WallTime> last_failure;
  std::string last_error;
  std::vector<SecretRef> secrets;  // newest first
  std::uint64_t next_secret = 1;   // its number: names are never used twice

  BreakerPolicy breaker_policy() const;
};

InstanceId endpoint_instance(std::string_view tenant, std::string_view endpoint);
// The endpoint's id; nothing when the instance is no endpoint.
std::optional<std::string> endpoint_of(const InstanceId& instance);
std::string endpoint_secret_name(std::string_view endpoint, std::uint64_t number);

// u8 format 1, then the fields in order; the configuration as its JSON text.
std::string encode(const EndpointState& state);
Result<EndpointState> decode_endpoint_state(std::string_view bytes);

}  // namespace tidemark::delivery
