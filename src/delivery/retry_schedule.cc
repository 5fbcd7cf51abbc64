#include "delivery/retry_schedule.h"

#include <algorithm>

#include "base/sha256.h"
#include "base/text.h"
#include "delivery/json_reader.h"

namespace tidemark::delivery {
namespace {

constexpr std::uint32_t kLargestFactor = 10;

Result<void> check_count(std::size_t count, std::string_view place) {
  if (count == 0) return fail(problem_at(place, "needs at least one delay, such as \"0s\""));
  if (count <= kMaxAttempts) return {};
  return fail(limit_at(place, "has more than " + std::to_string(kMaxAttempts) + " attempts"));
}

Result<milliseconds> read_delay(std::string_view text, std::string_view place) {
  const auto delay = parse_duration(text);
  if (!delay) return fail(in_context(place, delay.error()));
  if (*delay > kLongestRetryDelay) {
    return fail(limit_at(place, "is longer than " + format_duration(kLongestRetryDelay)));
  }
  return *delay;
}

Result<RetrySchedule> read_text(std::string_view text, std::string_view place) {
  const auto parts = split(text, ',');
  TM_TRY(check_count(parts.size(), place));
  RetrySchedule schedule{{}};
  for (const auto& part : parts) {
    TM_ASSIGN(const auto delay, read_delay(trim(part), item_place(place, schedule.delays.size())));
    schedule.delays.push_back(delay);
  }
  return schedule;
}

Result<RetrySchedule> read_list(const Json& list, std::string_view place) {
  TM_TRY(check_count(list.size(), place));
  RetrySchedule schedule{{}};
  for (const auto& item : list) {
    const std::string here = item_place(place, schedule.delays.size());
    if (!item.is_string()) return fail(problem_at(here, "must be a duration such as \"5m\""));
    TM_ASSIGN(const auto delay, read_delay(item.get_ref<const std::string&>(), here));
    schedule.delays.push_back(delay);
  }
  return schedule;
}

Result<RetrySchedule> read_exponential(const Json& object, std::string_view place) {
  ObjectReader reader(object, std::string(place));
  ExponentialSchedule wish;
  for (const char* key : {"attempts", "first"}) {
    if (reader.find(key) == nullptr) reader.refuse(key, "is missing");
  }
  wish.attempts =
      static_cast<std::uint32_t>(reader.number("attempts", wish.attempts, 1, kMaxAttempts));
  wish.first = reader.duration("first", wish.first, milliseconds{1}, kLongestRetryDelay);
  wish.factor = static_cast<std::uint32_t>(reader.number("factor", wish.factor, 1, kLargestFactor));
  wish.longest =
      reader.duration("max", std::max(wish.longest, wish.first), wish.first, kLongestRetryDelay);
  TM_TRY(reader.finish());
  return exponential_schedule(wish);
}

// From 0 to 2 * width, evenly. Part of what a replay must find again: it never changes.
std::int64_t scatter(std::string_view event_id, std::uint32_t attempt, std::int64_t width) {
  const Sha256 digest = sha256(event_id, "#" + std::to_string(attempt));
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 8; ++i) bits = (bits << 8) | digest[i];
  return static_cast<std::int64_t>(bits % static_cast<std::uint64_t>(2 * width + 1));
}

}  // namespace

Result<RetrySchedule> parse_retry_schedule(std::string_view text) {
  return read_text(text, "schedule");
}

Result<RetrySchedule> exponential_schedule(const ExponentialSchedule& wish) {
  TM_TRY(check_count(wish.attempts, "attempts"));
  if (wish.factor < 1 || wish.factor > kLargestFactor) {
    return fail(problem_at("factor", "must be a whole number from 1 to 10"));
  }
  if (wish.first < milliseconds{1} || wish.longest < wish.first ||
      wish.longest > kLongestRetryDelay) {
    return fail(problem_at("max", "must be from the first delay (1ms at least) to 7d"));
  }
  RetrySchedule schedule{{milliseconds{0}}};
  milliseconds delay = wish.first;
  while (schedule.delays.size() < wish.attempts) {
    schedule.delays.push_back(delay);
    delay = std::min(delay * wish.factor, wish.longest);
  }
  return schedule;
}

Result<RetrySchedule> retry_schedule_from_json(const Json& value, std::string_view place) {
  if (value.is_string()) return read_text(value.get_ref<const std::string&>(), place);
  if (value.is_array()) return read_list(value, place);
  if (value.is_object()) return read_exponential(value, place);
  return fail(problem_at(place,
                         "must be a list of delays such as [\"0s\", \"5s\", \"5m\"], or "
                         "{\"attempts\": 3, \"first\": \"2s\", \"factor\": 2, \"max\": \"1h\"}"));
}

Json to_json(const RetrySchedule& schedule) {
  Json list = Json::array();
  for (const auto delay : schedule.delays) list.push_back(format_duration(delay));
  return list;
}

std::optional<WallTime> next_attempt(const RetrySchedule& schedule, std::uint32_t attempts_done,
                                     WallTime now, std::string_view event_id,
                                     std::optional<std::chrono::seconds> retry_after) {
  if (attempts_done >= schedule.delays.size()) return std::nullopt;
  milliseconds delay = schedule.delays[attempts_done];
  const std::int64_t width = delay.count() * kJitterPercent / 100;
  if (width > 0) delay += milliseconds{scatter(event_id, attempts_done, width) - width};
  if (retry_after) {
    // Limited in seconds: a hostile number of them would overflow as milliseconds.
    const auto longest = std::chrono::duration_cast<std::chrono::seconds>(kLongestRetryDelay);
    const auto asked = std::clamp(*retry_after, std::chrono::seconds{0}, longest);
    delay = std::max(delay, milliseconds{asked});
  }
  return now + delay;
}

}  // namespace tidemark::delivery
