#include "delivery/token_bucket.h"

#include <algorithm>

#include "base/mutation.h"

namespace tidemark::delivery {
namespace {

constexpr std::int64_t kToken = 1'000'000;  // in millionths

RateLimit usable(const RateLimit& limit) {
  return {std::clamp<std::uint32_t>(limit.milli_per_second, 1, kMaxMilliPerSecond),
          std::clamp<std::uint32_t>(limit.burst, 1, kMaxBurst)};
}

std::int64_t day_of(WallTime time) {
  return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
}

}  // namespace

std::int64_t TokenBucket::level_at(const RateLimit& limit, std::int64_t now_ms) const {
  const std::int64_t full = limit.burst * kToken;
  const std::int64_t level = std::clamp<std::int64_t>(level_millionths_, 0, full);
  if (now_ms <= refilled_ms_) return level;
  // Compared by division first: decades times thousands a second would overflow.
  const auto elapsed_ms =
      static_cast<std::uint64_t>(now_ms) - static_cast<std::uint64_t>(refilled_ms_);
  const auto missing = static_cast<std::uint64_t>(full - level);
  if (elapsed_ms > missing / limit.milli_per_second) return full;
  return level + static_cast<std::int64_t>(elapsed_ms * limit.milli_per_second);
}

bool TokenBucket::take(const RateLimit& limit, WallTime now) {
  if (mutated(Mutation::rate_ignored)) return true;
  const std::int64_t now_ms = now.time_since_epoch().count();
  level_millionths_ = level_at(usable(limit), now_ms);
  refilled_ms_ = now_ms;
  if (level_millionths_ < kToken) return false;
  level_millionths_ -= kToken;
  return true;
}

WallTime TokenBucket::ready_at(const RateLimit& limit, WallTime now) const {
  const RateLimit used = usable(limit);
  const std::int64_t missing = kToken - level_at(used, now.time_since_epoch().count());
  if (missing <= 0) return now;
  const std::int64_t per_ms = used.milli_per_second;
  return now + milliseconds{(missing + per_ms - 1) / per_ms};
}

void TokenBucket::write(ByteWriter& writer) const {
  writer.signed_number(level_millionths_).signed_number(refilled_ms_);
}

TokenBucket TokenBucket::read(ByteReader& reader) {
  TokenBucket bucket;
  bucket.level_millionths_ = reader.signed_number();
  bucket.refilled_ms_ = reader.signed_number();
  return bucket;
}

// Stepping back over midnight, the day that has begun stays the current one, or its calls could be
// made twice. After a larger step the count goes along: waiting for a day far ahead would starve.
std::int64_t DailyQuota::day_at(WallTime now) const {
  const std::int64_t today = day_of(now);
  return today == day_ - 1 ? day_ : today;
}

std::uint64_t DailyQuota::used(WallTime now) const {
  return day_at(now) > day_ ? 0 : used_;
}

bool DailyQuota::take(std::uint64_t limit, WallTime now) {
  used_ = used(now);
  day_ = day_at(now);
  if (used_ >= limit) return false;
  ++used_;
  return true;
}

void DailyQuota::add(std::uint64_t calls, WallTime now) {
  used_ = used(now) + calls;
  day_ = day_at(now);
}

WallTime DailyQuota::ready_at(std::uint64_t limit, WallTime now) const {
  if (used(now) < limit) return now;
  return WallTime{std::chrono::days{day_at(now) + 1}};
}

void DailyQuota::write(ByteWriter& writer) const {
  writer.signed_number(day_).number(used_);
}

DailyQuota DailyQuota::read(ByteReader& reader) {
  DailyQuota quota;
  quota.day_ = reader.signed_number();
  quota.used_ = reader.number();
  return quota;
}

}  // namespace tidemark::delivery
