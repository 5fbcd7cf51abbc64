// What an endpoint's machine is told, and how it stands in the journal: format byte 1 and CBOR; the
// results of deliveries, which come by the thousand, in the compact encoding of base/bytes.h.
// No input holds a secret: secrets travel beside it (Input::secrets) and are named here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "delivery/attempt.h"
#include "delivery/endpoint_config.h"
#include "delivery/token_bucket.h"

namespace tidemark::delivery {

// Created, or configured anew. A new endpoint gets what happens from now on.
struct PutEndpoint {
  EndpointConfig config;
  bool declared = false;
  bool must_be_new = false;  // Errc::conflict otherwise
  std::string secret;        // name of its first signing secret; empty: none comes along
};
struct PauseEndpoint {
  std::string reason;
};
struct ResumeEndpoint {};  // also of one that was disabled; its breaker begins anew
struct RemoveEndpoint {};
// A new signing secret; the ones before it go on signing for `overlap`.
struct RotateSecret {
  std::string secret;
  milliseconds overlap{};
};
// Deliver everything after `to` again, up to where it had got.
struct RewindEndpoint {
  Position to;
};

// How deliveries went.
struct AttemptResult {
  enum class Kind : std::uint8_t {
    attempted,
    deferred,  // its first attempt comes later; nothing was sent
  };
  Kind kind = Kind::attempted;
  Position position;
  std::string event_id;    // of a failure; empty for a success
  std::string event_type;  // likewise
  WallTime due{};          // deferred
  bool probe = false;      // the breaker's
  Attempt attempt;
  std::optional<std::chrono::seconds> retry_after;
};
struct DeliveryResults {
  std::uint64_t generation = 0;
  Position cursor;  // everything up to here is settled with these results
  std::uint64_t filtered = 0;
  std::vector<AttemptResult> attempts;
  TokenBucket bucket;
  DailyQuota quota;
};

// Waiting deliveries are tried at once; dead letters are begun anew, one each
// `spacing`.
struct RetryDeliveries {
  std::vector<Position> positions;
  milliseconds spacing{};
  milliseconds offset{};  // until the first: a bulk replay comes in several of these
};
struct CancelDeliveries {  // that wait
  std::vector<Position> positions;
};
struct DropDeadLetters {
  std::vector<Position> positions;
};
struct EndpointTimer {};     // a rotated secret expires
struct EndpointContinue {};  // from itself: the next piece of a removal
struct EndpointNoticed {};   // the deliverer knows of the last change

using EndpointInput =
    std::variant<PutEndpoint, PauseEndpoint, ResumeEndpoint, RemoveEndpoint, RotateSecret,
                 RewindEndpoint, DeliveryResults, RetryDeliveries, CancelDeliveries,
                 DropDeadLetters, EndpointTimer, EndpointContinue, EndpointNoticed>;

inline constexpr std::size_t kMaxPositions = 500;  // of one retry, cancellation or drop

namespace input_type {
inline constexpr std::string_view kPut = "endpoint.put";
inline constexpr std::string_view kPause = "endpoint.pause";
inline constexpr std::string_view kResume = "endpoint.resume";
inline constexpr std::string_view kRemove = "endpoint.remove";
inline constexpr std::string_view kRotate = "endpoint.rotate_secret";
inline constexpr std::string_view kRewind = "endpoint.rewind";
inline constexpr std::string_view kResults = "delivery.results";
inline constexpr std::string_view kRetry = "delivery.retry";
inline constexpr std::string_view kCancel = "delivery.cancel";
inline constexpr std::string_view kDrop = "deadletter.drop";
inline constexpr std::string_view kContinue = "endpoint.continue";
inline constexpr std::string_view kNoticed = "endpoint.noticed";
}  // namespace input_type

std::string encode(const PutEndpoint& input);
std::string encode(const PauseEndpoint& input);
std::string encode(const RotateSecret& input);
std::string encode(const RewindEndpoint& input);
std::string encode(const DeliveryResults& input);
std::string encode(const RetryDeliveries& input);
std::string encode(const CancelDeliveries& input);
std::string encode(const DropDeadLetters& input);
Result<EndpointInput> decode_endpoint_input(std::string_view type, std::string_view payload);

}  // namespace tidemark::delivery
