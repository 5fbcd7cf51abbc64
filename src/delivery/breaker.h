// The circuit breaker of one endpoint: spares a receiver that is in trouble, and says when to give
// it up. Pure; time is passed in.
//
//            too many failures                 cool-down over: one probe
//   closed -----------------------> open ------------------------------> half_open
//      ^                              ^                                      |
//      |                              | the probe failed: twice as long      |
//      |                              +--------------------------------------+
//      |                                        the probe succeeded          |
//      +---------------------------------------------------------------------+
//
// Attempts that were let through before it opened may end much later: their results count for the
// window and for disabling, but only the probe's result moves it out of half_open.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"

namespace tidemark::delivery {

struct BreakerPolicy {
  std::uint32_t failure_percent = 50;  // of the attempts in the window: this many open it,
  std::uint32_t least_attempts = 10;   // once there are this many
  milliseconds window{std::chrono::seconds{60}};
  milliseconds first_cool_down{std::chrono::seconds{30}};  // doubles with each failed probe
  milliseconds longest_cool_down{std::chrono::minutes{10}};
  milliseconds disable_after{std::chrono::days{5}};  // of failing without a success; 0: never
  // Between two failures at most this much counts as failing, so that a machine that slept for a
  // week, or a clock that jumped, disables nothing.
  milliseconds longest_gap{std::chrono::hours{30}};

  bool operator==(const BreakerPolicy&) const = default;
};

enum class BreakerPhase : std::uint8_t { closed = 0, open = 1, half_open = 2 };
std::string_view to_text(BreakerPhase phase);  // "closed", "open", "half_open"

enum class Admission : std::uint8_t {
  send,
  probe,  // send, and hand the result to end_probe()
  wait    // until ready_at(), or until the probe has ended
};

enum class BreakerChange : std::uint8_t {
  none,
  opened,  // also: opened again
  closed,
  disable  // it has failed for so long that nothing more should be sent until somebody asks for it
};

class Breaker {
 public:
  static constexpr std::size_t kBuckets = 6;

  // May an attempt start now? After `probe` every further one must wait for its result.
  Admission admit(const BreakerPolicy& policy, WallTime now);
  // When admit() will say something else than wait; nothing while a probe is out.
  std::optional<WallTime> ready_at(const BreakerPolicy& policy, WallTime now) const;

  // A probe that was admitted on a copy of this breaker is on its way.
  void begin_probe();

  // The result of an attempt that was admitted with `send`.
  BreakerChange end_attempt(const BreakerPolicy& policy, bool succeeded, WallTime now);
  // The result of the probe; taken for an ordinary result when there is none out.
  BreakerChange end_probe(const BreakerPolicy& policy, bool succeeded, WallTime now);
  // The probe will never have a result (its event was dropped): another one may go at once.
  void abandon_probe(WallTime now);

  BreakerPhase phase() const { return phase_; }
  milliseconds failing_for() const { return milliseconds{failing_ms_}; }

  bool operator==(const Breaker&) const = default;

  // u8 format 1, u8 phase, signed open_until, number of trips, u8 whether it is failing, signed
  // last failure, number failing ms, signed slot, then for each bucket two numbers: succeeded,
  // failed. Times are milliseconds since 1970. What cannot be spoils the reader.
  void write(ByteWriter& writer) const;
  static Breaker read(ByteReader& reader);

 private:
  struct Bucket {
    std::uint32_t succeeded = 0;
    std::uint32_t failed = 0;
    bool operator==(const Bucket&) const = default;
  };

  void count(const BreakerPolicy& policy, bool succeeded, WallTime now);
  void turn_window(const BreakerPolicy& policy, WallTime now);
  bool too_many_failures(const BreakerPolicy& policy) const;
  void open(const BreakerPolicy& policy, WallTime now);
  bool must_disable(const BreakerPolicy& policy) const;
  std::int64_t cool_down_ms(const BreakerPolicy& policy) const;

  BreakerPhase phase_ = BreakerPhase::closed;
  std::int64_t open_until_ms_ = 0;
  std::uint32_t trips_ = 0;  // openings since it was last closed
  bool failing_ = false;     // the latest result was a failure
  std::int64_t last_failure_ms_ = 0;
  std::int64_t failing_ms_ = 0;
  std::int64_t slot_ = 0;                   // number of the newest bucket's time slot since 1970
  std::array<Bucket, kBuckets> buckets_{};  // newest first
};

}  // namespace tidemark::delivery
