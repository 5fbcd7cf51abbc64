// One attempt to deliver one event to one endpoint, and what is kept of deliveries that did not
// succeed at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/result.h"

namespace tidemark::delivery {

inline constexpr std::size_t kMaxKeptAnswerBytes = 1024;
inline constexpr std::size_t kMaxAttemptErrorBytes = 256;

struct Attempt {
  WallTime at{};             // when it ended
  std::uint32_t status = 0;  // HTTP; 0: no answer
  std::uint32_t latency_ms = 0;
  std::string error;   // why there was no answer; empty when there was one
  std::string answer;  // the beginning of the answer's body, when it was no success

  bool succeeded() const { return status >= 200 && status < 300; }
  bool operator==(const Attempt&) const = default;
};

void write(ByteWriter& writer, const Attempt& attempt);
Attempt read_attempt(ByteReader& reader);
Json to_json(const Attempt& attempt);

// A delivery with a history: it waits for its next attempt, or is dead.
struct Delivery {
  Position position;
  std::string event_id;
  std::string event_type;
  std::uint32_t attempts_done = 0;  // since it was last begun; a replay begins anew
  WallTime next_attempt{};          // of one that waits
  WallTime died_at{};               // of one that is dead
  std::vector<Attempt> attempts;    // the last ones, oldest first

  bool operator==(const Delivery&) const = default;
};

inline constexpr std::size_t kMaxAttemptsKept = 100;

// u8 format 1, then the fields in order.
std::string encode(const Delivery& delivery);
Result<Delivery> decode_delivery(std::string_view bytes);

}  // namespace tidemark::delivery
