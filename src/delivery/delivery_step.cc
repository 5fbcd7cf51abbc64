// How deliveries go: successes, failures with another attempt, dead letters.
#include <algorithm>
#include <set>
#include <utility>

#include "base/mutation.h"
#include "delivery/endpoint_step.h"

namespace tidemark::delivery {
namespace {

constexpr std::uint32_t kGone = 410;
constexpr std::uint64_t kMaxRevived = 100'000;

// News about deliveries makes no news of its own, or two dead endpoints would feed each other.
bool is_news_of_delivery(std::string_view type) {
  return type.starts_with("delivery.") || type.starts_with("endpoint.");
}

std::set<Position> without_repeats(const std::vector<Position>& positions) {
  return {positions.begin(), positions.end()};
}

}  // namespace

Result<std::optional<Delivery>> EndpointStep::find(const std::string& key) const {
  // What this very step has changed comes before what is stored.
  const auto changed = changed_rows_.find(key);
  const auto bytes =
      changed == changed_rows_.end() ? context_.rows.get(key) : out_.rows[changed->second].value;
  if (!bytes) return std::nullopt;
  TM_ASSIGN(auto delivery, decode_delivery(*bytes));
  return delivery;
}

Result<void> EndpointStep::operator()(const DeliveryResults& input) {
  if (!exists()) return must_exist();
  current_ = input.generation == state_.generation;
  for (const auto& result : input.attempts) TM_TRY(settle(result));
  state_.counts.filtered += input.filtered;
  state_.bucket = input.bucket;
  state_.quota = input.quota;
  if (current_) state_.cursor = std::max(state_.cursor, input.cursor);
  if (state_.replay_until && state_.cursor >= *state_.replay_until) state_.replay_until.reset();
  keep_log();
  return {};
}

Result<void> EndpointStep::settle(const AttemptResult& result) {
  if (result.kind == AttemptResult::Kind::deferred) {
    deferred(result);
    return {};
  }
  TM_ASSIGN(auto before, find(waiting_key(result.position)));
  if (!before && state_.counts.dead > 0) {
    TM_ASSIGN(before, revive(result.position));
  }
  count_for_health(result);
  if (result.attempt.succeeded()) {
    succeeded(result, std::move(before));
  } else {
    failed(result, std::move(before));
  }
  return {};
}

// A dead letter that was sent all the same, by a rewind, is dead no longer: it has begun anew.
Result<std::optional<Delivery>> EndpointStep::revive(Position position) {
  TM_ASSIGN(auto delivery, find(dead_key(position)));
  if (!delivery) return std::nullopt;
  erase(dead_key(position));
  --state_.counts.dead;
  delivery->attempts_done = 0;
  delivery->died_at = WallTime{};
  delivery->next_attempt = context_.now;
  put_waiting(*delivery);
  return delivery;
}

void EndpointStep::succeeded(const AttemptResult& result, std::optional<Delivery> before) {
  ++state_.counts.delivered;
  state_.last_success = context_.now;
  const std::uint32_t attempt = before ? before->attempts_done + 1 : 1;
  log_.push_back({result.position, result.attempt.at, result.attempt.status,
                  result.attempt.latency_ms, attempt});
  if (before) erase_waiting(*before);
  settle_in_order(result.position);
}

void EndpointStep::failed(const AttemptResult& result, std::optional<Delivery> before) {
  ++state_.counts.failed_attempts;
  state_.last_failure = context_.now;
  state_.last_error = result.attempt.error.empty()
                          ? "HTTP status " + std::to_string(result.attempt.status)
                          : result.attempt.error;
  // Cancelled, or dropped with a rewind, while it was on its way: nothing waits for its outcome.
  if (!before && (result.event_id.empty() || (!current_ && result.position > state_.cursor))) {
    return;
  }
  Delivery delivery;
  if (before) {
    erase_waiting(*before);
    delivery = std::move(*before);
  } else {
    delivery.position = result.position;
    delivery.event_id = result.event_id;
    delivery.event_type = result.event_type;
  }
  ++delivery.attempts_done;
  if (delivery.attempts.size() >= kMaxAttemptsKept)
    delivery.attempts.erase(delivery.attempts.begin());
  delivery.attempts.push_back(result.attempt);
  const auto next = next_attempt(state_.config.schedule, delivery.attempts_done, context_.now,
                                 delivery.event_id, result.retry_after);
  if (mutated(Mutation::retry_lost) && delivery.attempts_done == 2) return;
  if (next && !mutated(Mutation::buried_at_first_failure)) {
    delivery.next_attempt = *next;
    put_waiting(std::move(delivery));
  } else {
    bury(std::move(delivery));
  }
  if (result.attempt.status == kGone) disable("it answered 410 Gone");
}

// A schedule whose first delay is not zero.
void EndpointStep::deferred(const AttemptResult& result) {
  if (!current_) return;
  Delivery delivery;
  delivery.position = result.position;
  delivery.event_id = result.event_id;
  delivery.event_type = result.event_type;
  delivery.next_attempt = result.due;
  put_waiting(std::move(delivery));
}

void EndpointStep::count_for_health(const AttemptResult& result) {
  const BreakerPolicy policy = state_.breaker_policy();
  if (state_.replay_until && result.position <= *state_.replay_until && !result.probe) return;
  const bool succeeded = result.attempt.succeeded();
  // When it ended, not when that is stored: the deliverer's copy has counted it then.
  const WallTime at = result.attempt.at;
  BreakerChange change = BreakerChange::none;
  if (result.probe) {
    state_.breaker.begin_probe();
    change = state_.breaker.end_probe(policy, succeeded, at);
  } else {
    change = state_.breaker.end_attempt(policy, succeeded, at);
  }
  if (change == BreakerChange::disable) {
    const auto hours = std::chrono::duration_cast<std::chrono::hours>(state_.breaker.failing_for());
    disable("every attempt has failed for " + std::to_string(hours.count()) + " hours");
  }
}

// An ordered endpoint's cursor stands before what it is trying.
void EndpointStep::settle_in_order(Position position) {
  if (state_.config.ordered && current_) state_.cursor = std::max(state_.cursor, position);
}

void EndpointStep::put_waiting(Delivery delivery) {
  put(due_key(delivery.next_attempt, delivery.position), std::string(1, '\x01'));
  put(waiting_key(delivery.position), encode(delivery));
  ++state_.counts.waiting;
}

void EndpointStep::erase_waiting(const Delivery& delivery) {
  erase(due_key(delivery.next_attempt, delivery.position));
  erase(waiting_key(delivery.position));
  --state_.counts.waiting;
}

void EndpointStep::bury(Delivery delivery) {
  delivery.died_at = context_.now;
  const Position position = delivery.position;
  if (!is_news_of_delivery(delivery.event_type)) {
    const Attempt& last = delivery.attempts.back();
    emit(kDeadLettered, {{"endpoint", state_.config.id},
                         {"event_id", delivery.event_id},
                         {"event_type", delivery.event_type},
                         {"attempts", delivery.attempts_done},
                         {"status", last.status == 0 ? Json() : Json(last.status)},
                         {"error", last.error.empty() ? Json() : Json(last.error)}});
  }
  put(dead_key(position), encode(delivery));
  ++state_.counts.dead;
  if (state_.counts.dead > kMaxDead) {
    context_.rows.scan({&kDeadRow, 1}, {}, [&](std::string_view key, std::string_view) {
      erase(std::string(key));
      --state_.counts.dead;
      return false;
    });
  }
  settle_in_order(position);
}

void EndpointStep::keep_log() {
  if (log_.empty()) return;
  put(log_key(context_.sequence), encode(log_));
  ++state_.counts.log_rows;
  if (state_.counts.log_rows <= kMaxLogRows) return;
  context_.rows.scan({&kLogRow, 1}, {}, [&](std::string_view key, std::string_view) {
    erase(std::string(key));
    --state_.counts.log_rows;
    return false;
  });
}

Result<void> EndpointStep::operator()(const RetryDeliveries& input) {
  TM_TRY(must_exist());
  WallTime due = context_.now + input.offset;
  for (const Position position : without_repeats(input.positions)) {
    TM_ASSIGN(auto delivery, find(waiting_key(position)));
    if (delivery) {
      erase_waiting(*delivery);
    } else {
      TM_ASSIGN(delivery, find(dead_key(position)));
      if (!delivery) continue;
      if (state_.counts.waiting >= kMaxRevived) {
        return fail(Errc::limit_exceeded, "100000 deliveries of endpoint " + state_.config.id +
                                              " wait already; replay fewer dead letters");
      }
      erase(dead_key(position));
      --state_.counts.dead;
      delivery->attempts_done = 0;
      delivery->died_at = WallTime{};
    }
    delivery->next_attempt = due;
    put_waiting(std::move(*delivery));
    due += input.spacing;
  }
  changed();
  return {};
}

Result<void> EndpointStep::operator()(const CancelDeliveries& input) {
  TM_TRY(must_exist());
  for (const Position position : without_repeats(input.positions)) {
    TM_ASSIGN(const auto delivery, find(waiting_key(position)));
    if (!delivery) continue;
    erase_waiting(*delivery);
    settle_in_order(position);
  }
  changed();
  return {};
}

Result<void> EndpointStep::operator()(const DropDeadLetters& input) {
  TM_TRY(must_exist());
  for (const Position position : without_repeats(input.positions)) {
    if (!context_.rows.get(dead_key(position))) continue;
    erase(dead_key(position));
    --state_.counts.dead;
  }
  return {};
}

}  // namespace tidemark::delivery
