#include "delivery/breaker.h"

#include <algorithm>
#include <limits>

#include "base/mutation.h"

namespace tidemark::delivery {
namespace {

constexpr std::uint8_t kFormat = 1;
// Far more than can be sent in a window; keeps sums and percentages within 64 bits.
constexpr std::uint32_t kMostCounted = 1'000'000'000;
constexpr std::uint32_t kMostTrips = 1'000'000;

std::int64_t in_ms(WallTime time) {
  return time.time_since_epoch().count();
}

void count_one(std::uint32_t& counter) {
  if (counter < kMostCounted) ++counter;
}

std::uint32_t read_counter(ByteReader& reader, std::uint32_t most) {
  const std::uint64_t value = reader.number();
  if (value > most) reader.spoil();
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, most));
}

}  // namespace

std::string_view to_text(BreakerPhase phase) {
  switch (phase) {
    case BreakerPhase::closed: return "closed";
    case BreakerPhase::open: return "open";
    case BreakerPhase::half_open: return "half_open";
  }
  return "closed";
}

Admission Breaker::admit(const BreakerPolicy& policy, WallTime now) {
  switch (phase_) {
    case BreakerPhase::closed: return Admission::send;
    case BreakerPhase::half_open: return Admission::wait;
    case BreakerPhase::open: break;
  }
  // A clock that stepped back must not make a cool-down longer than it can be.
  open_until_ms_ = std::min(open_until_ms_, in_ms(now) + cool_down_ms(policy));
  if (in_ms(now) < open_until_ms_) return Admission::wait;
  phase_ = BreakerPhase::half_open;
  return Admission::probe;
}

void Breaker::begin_probe() {
  if (phase_ == BreakerPhase::open) phase_ = BreakerPhase::half_open;
}

std::optional<WallTime> Breaker::ready_at(const BreakerPolicy& policy, WallTime now) const {
  switch (phase_) {
    case BreakerPhase::closed: return now;
    case BreakerPhase::half_open: return std::nullopt;
    case BreakerPhase::open: break;
  }
  const std::int64_t latest = in_ms(now) + cool_down_ms(policy);
  return WallTime{milliseconds{std::clamp(open_until_ms_, in_ms(now), latest)}};
}

BreakerChange Breaker::end_attempt(const BreakerPolicy& policy, bool succeeded, WallTime now) {
  count(policy, succeeded, now);
  if (must_disable(policy)) return BreakerChange::disable;
  if (phase_ != BreakerPhase::closed || succeeded || !too_many_failures(policy)) {
    return BreakerChange::none;
  }
  open(policy, now);
  return BreakerChange::opened;
}

BreakerChange Breaker::end_probe(const BreakerPolicy& policy, bool succeeded, WallTime now) {
  if (phase_ != BreakerPhase::half_open) return end_attempt(policy, succeeded, now);
  count(policy, succeeded, now);
  if (!succeeded) {
    open(policy, now);
    return must_disable(policy) ? BreakerChange::disable : BreakerChange::opened;
  }
  // What failed before the probe must not open it again at the next hiccup.
  phase_ = BreakerPhase::closed;
  trips_ = 0;
  buckets_ = {};
  return BreakerChange::closed;
}

void Breaker::abandon_probe(WallTime now) {
  if (phase_ != BreakerPhase::half_open) return;
  phase_ = BreakerPhase::open;
  open_until_ms_ = in_ms(now);
}

void Breaker::count(const BreakerPolicy& policy, bool succeeded, WallTime now) {
  turn_window(policy, now);
  count_one(succeeded ? buckets_[0].succeeded : buckets_[0].failed);
  if (succeeded) {
    failing_ = false;
    failing_ms_ = 0;
    return;
  }
  if (failing_) {
    const std::int64_t longest = std::max<std::int64_t>(policy.longest_gap.count(), 0);
    failing_ms_ += std::clamp<std::int64_t>(in_ms(now) - last_failure_ms_, 0, longest);
  }
  failing_ = true;
  last_failure_ms_ = in_ms(now);
}

// When the clock steps back, the counts keep their age and go on ageing from the new time.
void Breaker::turn_window(const BreakerPolicy& policy, WallTime now) {
  const std::int64_t width = std::max<std::int64_t>(policy.window.count() / kBuckets, 1);
  const std::int64_t slot = in_ms(now) / width;
  const auto turns = std::clamp<std::int64_t>(slot - slot_, 0, kBuckets);
  std::move_backward(buckets_.begin(), buckets_.end() - turns, buckets_.end());
  std::fill_n(buckets_.begin(), turns, Bucket{});
  slot_ = slot;
}

bool Breaker::too_many_failures(const BreakerPolicy& policy) const {
  if (mutated(Mutation::breaker_never_opens)) return false;
  std::uint64_t failed = 0;
  std::uint64_t attempts = 0;
  for (const Bucket& bucket : buckets_) {
    failed += bucket.failed;
    attempts += std::uint64_t{bucket.failed} + bucket.succeeded;
  }
  return attempts >= policy.least_attempts && failed * 100 >= attempts * policy.failure_percent;
}

void Breaker::open(const BreakerPolicy& policy, WallTime now) {
  phase_ = BreakerPhase::open;
  if (trips_ < kMostTrips) ++trips_;
  open_until_ms_ = in_ms(now) + cool_down_ms(policy);
}

bool Breaker::must_disable(const BreakerPolicy& policy) const {
  return failing_ && policy.disable_after.count() > 0 &&
         failing_ms_ >= policy.disable_after.count();
}

std::int64_t Breaker::cool_down_ms(const BreakerPolicy& policy) const {
  const std::int64_t longest = std::max<std::int64_t>(policy.longest_cool_down.count(), 0);
  std::int64_t cool_down = std::clamp<std::int64_t>(policy.first_cool_down.count(), 0, longest);
  for (std::uint32_t trip = 1; trip < trips_ && cool_down > 0 && cool_down < longest; ++trip) {
    cool_down = cool_down > longest / 2 ? longest : cool_down * 2;
  }
  return cool_down;
}

void Breaker::write(ByteWriter& writer) const {
  writer.u8(kFormat).u8(static_cast<std::uint8_t>(phase_)).signed_number(open_until_ms_);
  writer.number(trips_).u8(failing_ ? 1 : 0).signed_number(last_failure_ms_);
  writer.number(static_cast<std::uint64_t>(failing_ms_)).signed_number(slot_);
  for (const Bucket& bucket : buckets_) writer.number(bucket.succeeded).number(bucket.failed);
}

Breaker Breaker::read(ByteReader& reader) {
  if (reader.u8() != kFormat) reader.spoil();
  Breaker breaker;
  const std::uint8_t phase = reader.u8();
  if (phase > static_cast<std::uint8_t>(BreakerPhase::half_open)) {
    reader.spoil();
  } else {
    breaker.phase_ = static_cast<BreakerPhase>(phase);
  }
  breaker.open_until_ms_ = reader.signed_number();
  breaker.trips_ = read_counter(reader, kMostTrips);
  breaker.failing_ = reader.u8() != 0;
  breaker.last_failure_ms_ = reader.signed_number();
  const std::uint64_t failing_ms = reader.number();
  if (failing_ms > std::numeric_limits<std::int64_t>::max() / 2) reader.spoil();
  breaker.failing_ms_ = reader.ok() ? static_cast<std::int64_t>(failing_ms) : 0;
  breaker.slot_ = reader.signed_number();
  for (Bucket& bucket : breaker.buckets_) {
    bucket.succeeded = read_counter(reader, kMostCounted);
    bucket.failed = read_counter(reader, kMostCounted);
  }
  return breaker;
}

}  // namespace tidemark::delivery
