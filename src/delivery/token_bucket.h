// How often an endpoint may be called: so many times a second, and so many times a day. Pure; time
// is passed in. The states are a few integers that belong into a machine's state, whose format byte
// speaks for them.
//
// A clock that steps backwards grants nothing and delays nothing: what was there stays there, and
// refilling goes on from the new time.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/clock.h"

namespace tidemark::delivery {

// In thousandths of a call a second, so that "one call in ten seconds" can be said exactly.
struct RateLimit {
  std::uint32_t milli_per_second = 1'000;
  std::uint32_t burst = 1;  // calls that may be made at once after a pause

  bool operator==(const RateLimit&) const = default;
};
inline constexpr std::uint32_t kMaxMilliPerSecond = 10'000'000;  // 10,000 calls a second
inline constexpr std::uint32_t kMaxBurst = 100'000;

// Limits are brought into 1..kMaxMilliPerSecond and 1..kMaxBurst. They may change between calls: a
// bucket never holds more than the burst of the limit it is asked with.
class TokenBucket {
 public:
  TokenBucket() = default;  // last refilled in 1970: full

  // Takes one call's token when there is one.
  bool take(const RateLimit& limit, WallTime now);
  // When take() will succeed if nobody else takes: now, or the first millisecond that suffices. To
  // be asked after a take() that failed, which is what notices that the clock stepped back.
  WallTime ready_at(const RateLimit& limit, WallTime now) const;

  bool operator==(const TokenBucket&) const = default;

  // signed number of millionths of a token, signed number of milliseconds since 1970.
  void write(ByteWriter& writer) const;
  static TokenBucket read(ByteReader& reader);

 private:
  std::int64_t level_at(const RateLimit& limit, std::int64_t now_ms) const;

  // A millisecond at 1/1000 token a second is a millionth of a token: no refill is ever rounded.
  std::int64_t level_millionths_ = 0;
  std::int64_t refilled_ms_ = 0;
};

// So many calls in a day of UTC.
class DailyQuota {
 public:
  bool take(std::uint64_t limit, WallTime now);
  // Calls that were made elsewhere, today.
  void add(std::uint64_t calls, WallTime now);
  // Now, or the midnight that brings the next day's calls. A limit of 0 is never ready today.
  WallTime ready_at(std::uint64_t limit, WallTime now) const;
  std::uint64_t used(WallTime now) const;

  bool operator==(const DailyQuota&) const = default;

  // signed number of the day since 1970, number of calls in it.
  void write(ByteWriter& writer) const;
  static DailyQuota read(ByteReader& reader);

 private:
  std::int64_t day_at(WallTime now) const;

  std::int64_t day_ = 0;
  std::uint64_t used_ = 0;
};

}  // namespace tidemark::delivery
