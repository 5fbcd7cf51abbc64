// Identifiers that several modules share.
//
// Every id a user sees is derived from a journal position, so that the same step always yields the
// same id: a ULID (https://github.com/ulid/spec) whose 48 time bits are the step's time in
// milliseconds and whose 80 remaining bits are the sequence (64 bits) and an index (16 bits).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tidemark {

// Position of a record in the journal; the first record is 1, 0 means "before the first".
using Sequence = std::uint64_t;

// One of several things a journal record produced: an event, an effect.
struct Position {
  Sequence sequence = 0;
  std::uint16_t index = 0;

  auto operator<=>(const Position&) const = default;
};

// The index used by ids that name the record itself.
inline constexpr std::uint16_t kRecordIndex = 0xFFFF;

inline constexpr std::string_view kEventPrefix = "evt_";
inline constexpr std::string_view kEffectPrefix = "eff_";
inline constexpr std::string_view kRecordPrefix = "rec_";
inline constexpr std::string_view kCorrelationPrefix = "cor_";

// prefix + 26 characters of Crockford base32. Times before 1970 count as 1970.
std::string make_id(std::string_view prefix, WallTime time, Position position);

// The position an id names; nothing when the prefix or the ULID is not as make_id writes it.
std::optional<Position> parse_id(std::string_view prefix, std::string_view id);

}  // namespace tidemark
