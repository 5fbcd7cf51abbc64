#include "delivery/endpoint_runner.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/metrics.h"
#include "base/mutation.h"
#include "base/text.h"
#include "delivery/endpoint_machine.h"
#include "delivery/http_attempt.h"
#include "engine/journal_codec.h"

namespace tidemark::delivery {
namespace {

// How far sending may run ahead of an event that has not ended: what a crash repeats at most.
constexpr std::size_t kMaxWindow = 1024;
constexpr std::size_t kMaxResults = 512;  // not yet stored; more, and nothing is sent
constexpr std::size_t kRetriesLoaded = 64;
constexpr std::uint64_t kFilteredPerCommit = 1000;
constexpr std::chrono::seconds kStoreAgain{1};
constexpr std::chrono::seconds kKeyAgain{30};

}  // namespace

EndpointRunner::EndpointRunner(Deliverer& deliverer, InstanceId instance)
    : deliverer_(deliverer),
      instance_(std::move(instance)),
      tenant_(instance_.tenant()),
      reader_(deliverer.store_, tenant_) {}

Result<bool> EndpointRunner::load() {
  TM_ASSIGN(const auto bytes, read_state(deliverer_.store_, instance_));
  if (!bytes) return false;
  TM_ASSIGN(auto state, decode_endpoint_state(*bytes));
  if (state.status == EndpointStatus::removing) return false;
  const bool other_course = !loaded_ || state.generation != state_.generation;
  const bool other_keys =
      !loaded_ || no_key_ || state.secrets != state_.secrets || state.declared != state_.declared;
  state_ = std::move(state);
  const auto stored = state_.counts.delivered + state_.counts.failed_attempts;
  // What was submitted may be stored already, and its receipt on its way.
  if (loaded_ && stored > attempts_stored_) in_submission_.reset();
  attempts_stored_ = stored;
  breaker_ = state_.breaker;
  if (in_submission_) {
    for (const auto& [generation, result] : *in_submission_) count_for_breaker(result);
  }
  for (const auto& [generation, result] : results_) count_for_breaker(result);
  if (probe_out_ && !mutated(Mutation::probe_forgotten)) breaker_.begin_probe();
  if (!loaded_) {
    bucket_ = state_.bucket;
    if (!mutated(Mutation::quota_forgotten_on_restart)) quota_ = state_.quota;
  }
  if (other_course) start_over();
  if (other_keys) {
    auto keys = deliverer_.keys_(tenant_, state_);
    no_key_ = keys ? std::nullopt : std::optional<Error>(keys.error());
    keys_ = keys ? std::move(*keys) : std::vector<SigningKey>{};
  }
  loaded_ = true;
  load_retries();
  return true;
}

void EndpointRunner::start_over() {
  window_.clear();
  scanned_ = settled_to_ = state_.cursor;
  reader_.restart(state_.cursor);
  known_to_ = {deliverer_.engine_.wait_for_record(0, milliseconds{0}), kRecordIndex};
}

void EndpointRunner::load_retries() {
  retries_.clear();
  if (state_.counts.waiting == 0) return;
  const auto scanned = scan_rows(deliverer_.store_, instance_, {&kDueRow, 1}, {},
                                 [&](std::string_view key, std::string_view) {
                                   const auto due = parse_due_key(key);
                                   if (due && !rows_in_flight_.contains(due->position)) {
                                     retries_.push_back(*due);
                                   }
                                   return retries_.size() < kRetriesLoaded;
                                 });
  if (!scanned) {
    log::error("deliveries that wait cannot be read",
               {.company_id = tenant_, .detail = instance_.value + ": " + scanned.error().message});
  }
}

void EndpointRunner::pump() {
  if (!loaded_) return;
  Hold why;
  for (bool going = deliverer_.running_; going;) {
    const WallTime now = deliverer_.clock_.now();
    why = standing_hold(now);
    if (why.reason == Hold::Reason::none) why = limit_hold(now);
    if (why.reason != Hold::Reason::none) break;
    auto candidate = next(now);
    if (!candidate) {
      why = {Hold::Reason::store_failing, now + kStoreAgain, candidate.error().message};
      break;
    }
    if (!*candidate) {
      if (in_flight_ == 0 && state_.counts.waiting >= most_waiting()) {
        why.reason = Hold::Reason::waits_for_retry;
        if (!retries_.empty()) why.until = retries_.front().due;
      }
      break;
    }
    bool probe = false;
    going = admit(now, probe, why);
    if (!going) {
      // Not now: it is looked at again when it may go.
      if (!(*candidate)->from_row) reader_.put_back(std::move((*candidate)->line));
      break;
    }
    send(std::move(**candidate), probe);
  }
  // Whoever cannot send for another reason keeps nobody waiting.
  if (why.reason != Hold::Reason::tenant_rate_limited) {
    std::erase(deliverer_.tenant(tenant_).queue, this);
  }
  hold(std::move(why));
  if (!results_.empty() || filtered_ >= kFilteredPerCommit) flush();
}

// What lets nothing go at all.
Hold EndpointRunner::standing_hold(WallTime now) const {
  using Reason = Hold::Reason;
  switch (state_.status) {
    case EndpointStatus::enabled: break;
    case EndpointStatus::paused: return {Reason::paused, {}, state_.reason};
    case EndpointStatus::disabled: return {Reason::disabled, {}, state_.reason};
    case EndpointStatus::removing: return {Reason::disabled, {}, "it is being removed"};
  }
  if (no_key_) return {Reason::no_key, now + kKeyAgain, no_key_->message};
  if (store_again_ && *store_again_ > now) return {Reason::store_failing, store_again_, {}};
  if (results_.size() >= kMaxResults)
    return {Reason::store_failing, {}, "results wait to be stored"};
  const std::size_t most = state_.config.ordered ? 1 : state_.config.concurrency;
  if (in_flight_ >= most) return {Reason::busy, {}, {}};
  // Whether the event in front is tried again is known once its failure is stored.
  if (state_.config.ordered && failures_unstored_ > 0) return {Reason::busy, {}, {}};
  if (probe_out_) return {Reason::breaker_open, {}, "a probe is on its way"};
  return {};
}

Hold EndpointRunner::limit_hold(WallTime now) {
  using Reason = Hold::Reason;
  const BreakerPolicy policy = state_.breaker_policy();
  if (const auto ready = breaker_.ready_at(policy, now); ready && *ready > now) {
    return {Reason::breaker_open, ready, state_.last_error};
  }
  const auto& config = state_.config;
  if (config.rate) {
    if (const auto ready = bucket_.ready_at(*config.rate, now); ready > now) {
      return {Reason::rate_limited, ready, {}};
    }
  }
  if (config.daily_quota) {
    if (const auto ready = quota_.ready_at(*config.daily_quota, now); ready > now) {
      return {Reason::quota_used, ready, {}};
    }
  }
  auto& tenant = deliverer_.tenant(tenant_);
  if (tenant.limits.rate) {
    const auto ready = tenant.bucket.ready_at(*tenant.limits.rate, now);
    const bool my_turn = tenant.queue.empty() || tenant.queue.front() == this;
    if (ready > now || !my_turn) {
      const auto queued = std::find(tenant.queue.begin(), tenant.queue.end(), this);
      if (queued == tenant.queue.end()) tenant.queue.push_back(this);
      return {Reason::tenant_rate_limited, std::max(ready, now + milliseconds{1}), {}};
    }
  }
  if (tenant.limits.daily_quota) {
    if (const auto ready = tenant.quota.ready_at(*tenant.limits.daily_quota, now); ready > now) {
      return {Reason::tenant_quota_used, ready, {}};
    }
  }
  return {};
}

// Takes everything one attempt needs, or nothing.
bool EndpointRunner::admit(WallTime now, bool& probe, Hold& why) {
  if (!deliverer_.take_slot(*this)) {
    why = {Hold::Reason::busy, {}, "all connections are in use"};
    return false;
  }
  const BreakerPolicy policy = state_.breaker_policy();
  const Admission admission = breaker_.admit(policy, now);
  if (admission == Admission::wait) {
    deliverer_.give_back_slot();
    why = {Hold::Reason::breaker_open, breaker_.ready_at(policy, now), state_.last_error};
    return false;
  }
  probe = admission == Admission::probe;
  const auto& config = state_.config;
  if (config.rate) bucket_.take(*config.rate, now);
  quota_.take(config.daily_quota.value_or(UINT64_MAX), now);
  auto& tenant = deliverer_.tenant(tenant_);
  if (tenant.limits.rate) {
    tenant.bucket.take(*tenant.limits.rate, now);
    std::erase(tenant.queue, this);  // and behind the others, for the next one
  }
  if (tenant.limits.daily_quota) tenant.quota.take(*tenant.limits.daily_quota, now);
  return true;
}

Result<std::optional<EndpointRunner::Candidate>> EndpointRunner::next(WallTime now) {
  TM_ASSIGN(auto retry, due_retry(now));
  if (retry) return retry;
  if (state_.counts.waiting >= most_waiting()) {
    if (!retries_.empty()) wake_at(retries_.front().due);
    return std::nullopt;
  }
  TM_ASSIGN(auto line, fresh(now));
  if (!line && !retries_.empty()) wake_at(retries_.front().due);
  return line;
}

// An ordered endpoint's retry goes before everything else.
std::uint64_t EndpointRunner::most_waiting() const {
  return state_.config.ordered && !mutated(Mutation::ordered_goes_on) ? 1 : kMaxWaiting;
}

Result<std::optional<EndpointRunner::Candidate>> EndpointRunner::due_retry(WallTime now) {
  if (retries_.empty() && state_.counts.waiting > rows_in_flight_.size()) load_retries();
  if (retries_.empty() || retries_.front().due > now) return std::nullopt;
  const Position position = retries_.front().position;
  TM_ASSIGN(auto line, reader_.read(position));
  return Candidate{position, true, std::move(line)};
}

// The next event from the cursor that the endpoint wants.
Result<std::optional<EndpointRunner::Candidate>> EndpointRunner::fresh(WallTime now) {
  if (window_.size() >= kMaxWindow) return std::nullopt;
  for (;;) {
    const bool reads = !reader_.has_buffered();
    TM_ASSIGN(const FeedLine* front, reader_.peek());
    if (front == nullptr) return std::nullopt;
    if (reads && filtered_ >= kFilteredPerCommit) {
      // Others want the thread, too.
      deliverer_.pump_later(weak_from_this());
      return std::nullopt;
    }
    TM_ASSIGN(const bool has_row, has_own_row(front->position));
    FeedLine line = reader_.take();
    if (has_row) {
      scanned_ = line.position;
    } else if (!wanted(line)) {
      scanned_ = line.position;
      ++filtered_;
    } else if (!defer(line, now)) {
      const Position position = line.position;
      return Candidate{position, false, std::move(line)};
    }
  }
}

// A crash or a rewind leaves the cursor before events that have failed already: those go on by
// their rows. A rewind means dead ones, too; they begin anew.
Result<bool> EndpointRunner::has_own_row(Position position) const {
  if (position > known_to_) return false;
  TM_ASSIGN(const auto waiting, read_row(deliverer_.store_, instance_, waiting_key(position)));
  if (waiting) return true;
  if (state_.replay_until && position <= *state_.replay_until) return false;
  TM_ASSIGN(const auto dead, read_row(deliverer_.store_, instance_, dead_key(position)));
  return dead.has_value();
}

bool EndpointRunner::wanted(const FeedLine& line) {
  // News of an endpoint is not for that endpoint.
  if (engine::envelope_field(line.json, "source") == "endpoint:" + state_.config.id) return false;
  const auto selected = selects(state_.config.types, state_.config.filter, line.type, line.json);
  return selected.value_or(false);
}

// A schedule may begin with a delay.
bool EndpointRunner::defer(const FeedLine& line, WallTime now) {
  const auto& delays = state_.config.schedule.delays;
  if (delays.empty() || delays.front().count() == 0) return false;
  AttemptResult result;
  result.kind = AttemptResult::Kind::deferred;
  result.position = line.position;
  result.event_id = line.id;
  result.event_type = line.type;
  result.due = next_attempt(state_.config.schedule, 0, now, line.id, {}).value_or(now);
  scanned_ = line.position;
  window_[line.position] = true;
  note(std::move(result), state_.generation);
  return true;
}

void EndpointRunner::send(Candidate candidate, bool probe) {
  const Position position = candidate.position;
  if (candidate.from_row) {
    retries_.erase(retries_.begin());
    rows_in_flight_.insert(position);
  } else {
    scanned_ = position;
    window_[position] = false;
  }
  ++in_flight_;
  deliverer_.count_open(1);
  if (probe) probe_out_ = true;
  Sent sent{position,          candidate.line.id,  candidate.line.type,
            state_.generation, candidate.from_row, probe};
  auto request = request_for(state_.config, candidate.line, keys_, deliverer_.options_.version,
                             deliverer_.clock_.now());
  // The runner stays until the answer is there, also when its endpoint is removed meanwhile: the
  // place it takes up has to be given back.
  auto answer = [self = shared_from_this(), alive = std::weak_ptr<bool>(deliverer_.alive_), sent](
                    Result<HttpResponse> response, milliseconds latency) {
    if (alive.lock()) self->answered(sent, std::move(response), latency);
  };
  if (!request) {
    deliverer_.driver_.post([answer, error = request.error()] { answer(fail(error), {}); });
    return;
  }
  deliverer_.driver_.send(std::move(*request), std::move(answer));
}

void EndpointRunner::answered(const Sent& sent, Result<HttpResponse> answer, milliseconds latency) {
  --in_flight_;
  deliverer_.give_back_slot();
  if (sent.probe) probe_out_ = false;
  // Cut off because we are stopping: it was not the endpoint's fault, and is sent again.
  const bool cut_off = !answer && answer.error().code == Errc::cancelled;
  if (cut_off) {
    if (sent.probe) breaker_.abandon_probe(deliverer_.clock_.now());
    if (sent.from_row) rows_in_flight_.erase(sent.position);
    return deliverer_.count_open(-1);
  }
  const bool has_answer = answer.has_value();
  AttemptResult result = result_of(std::move(answer), deliverer_.clock_.now(), latency);
  result.position = sent.position;
  result.probe = sent.probe;
  const bool good = result.attempt.succeeded();
  if (!good) {
    result.event_id = sent.event_id;
    result.event_type = sent.event_type;
  }
  deliverer_.metrics_.add("tidemark_delivery_attempts_total",
                          {{"outcome", good         ? "delivered"
                                       : has_answer ? "refused"
                                                    : "unreachable"}});
  deliverer_.metrics_.observe("tidemark_delivery_seconds", {},
                              static_cast<double>(latency.count()) / 1000.0);
  if (!sent.from_row && sent.generation == state_.generation) window_[sent.position] = true;
  note(std::move(result), sent.generation);
  flush();
  deliverer_.count_open(-1);
  pump();
}

// As the machine will, when the result is stored: until then it must count here, too.
void EndpointRunner::count_for_breaker(const AttemptResult& result) {
  if (result.kind != AttemptResult::Kind::attempted) return;
  const BreakerPolicy policy = state_.breaker_policy();
  const bool replayed = state_.replay_until && result.position <= *state_.replay_until;
  if (replayed && !result.probe) return;
  if (result.probe) {
    if (!mutated(Mutation::probe_forgotten)) breaker_.begin_probe();
    breaker_.end_probe(policy, result.attempt.succeeded(), result.attempt.at);
  } else {
    breaker_.end_attempt(policy, result.attempt.succeeded(), result.attempt.at);
  }
}

void EndpointRunner::note(AttemptResult result, std::uint64_t generation) {
  count_for_breaker(result);
  if (!result.attempt.succeeded()) ++failures_unstored_;
  results_.emplace_back(generation, std::move(result));
}

// One submission at a time: what ends meanwhile shares the next one.
void EndpointRunner::flush() {
  if (submitting_ || (results_.empty() && filtered_ == 0)) return;
  const WallTime now = deliverer_.clock_.now();
  if (store_again_ && *store_again_ > now) return wake_at(*store_again_);
  while (!window_.empty() && window_.begin()->second) {
    settled_to_ = window_.begin()->first;
    window_.erase(window_.begin());
  }
  if (window_.empty() || mutated(Mutation::delivery_cursor_ahead)) settled_to_ = scanned_;
  DeliveryResults input;
  input.generation = results_.empty() ? state_.generation : results_.front().first;
  input.cursor = input.generation == state_.generation ? settled_to_ : Position{};
  input.filtered = std::exchange(filtered_, 0);
  input.bucket = bucket_;
  if (!mutated(Mutation::quota_not_stored)) input.quota = quota_;
  auto end = results_.begin();
  bool look_again = false;
  while (end != results_.end() && end->first == input.generation) {
    const auto& result = end->second;
    look_again |= !result.attempt.succeeded() || result.probe || state_.counts.waiting > 0 ||
                  state_.replay_until.has_value();
    input.attempts.push_back(result);
    ++end;
  }
  Results sent(std::make_move_iterator(results_.begin()), std::make_move_iterator(end));
  results_.erase(results_.begin(), end);
  submitting_ = true;
  deliverer_.count_open(1);
  tidemark::Input submission{instance_, std::string(input_type::kResults), encode(input)};
  auto kept = std::make_shared<Results>(std::move(sent));
  in_submission_ = kept;
  deliverer_.engine_.submit(
      std::move(submission),
      [self = shared_from_this(), alive = std::weak_ptr<bool>(deliverer_.alive_),
       gate = deliverer_.gate_, kept, filtered = input.filtered,
       look_again](Result<Receipt> receipt) {
        gate->post([self, alive, kept, filtered, look_again, receipt = std::move(receipt)] {
          if (alive.lock()) self->submitted(std::move(*kept), filtered, look_again, receipt);
        });
      });
}

void EndpointRunner::submitted(Results results, std::uint64_t filtered, bool look_again,
                               Result<Receipt> receipt) {
  submitting_ = false;
  if (receipt && std::exchange(in_submission_, nullptr)) {
    attempts_stored_ += static_cast<std::uint64_t>(std::count_if(
        results.begin(), results.end(),
        [](const auto& result) { return result.second.kind == AttemptResult::Kind::attempted; }));
  }
  in_submission_.reset();
  act_on_receipt(std::move(results), filtered, look_again, std::move(receipt));
  // Last, for what has ended meanwhile has been submitted by now: it is never quiet in between.
  deliverer_.count_open(-1);
}

void EndpointRunner::act_on_receipt(Results results, std::uint64_t filtered, bool look_again,
                                    Result<Receipt> receipt) {
  if (receipt) {
    store_again_.reset();
    for (const auto& [generation, result] : results) {
      // Its row says now what comes next; until here the old one would have been sent again.
      rows_in_flight_.erase(result.position);
      if (!result.attempt.succeeded()) --failures_unstored_;
    }
    if (look_again) {
      deliverer_.reload(instance_);
      return;
    }
    return pump();
  }
  const Error& error = receipt.error();
  if (error.code == Errc::not_found) return deliverer_.reload(instance_);  // removed meanwhile
  if (error.code == Errc::cancelled) return;
  log::warning("results of deliveries could not be stored; they are kept and stored later",
               {.company_id = tenant_,
                .error_code = name(error.code),
                .detail = instance_.value + ": " + error.message});
  results_.insert(results_.begin(), std::make_move_iterator(results.begin()),
                  std::make_move_iterator(results.end()));
  filtered_ += filtered;
  store_again_ = deliverer_.clock_.now() + kStoreAgain;
  wake_at(*store_again_);
}

void EndpointRunner::hold(Hold why) {
  if (why.until) wake_at(*why.until);
  // A buffer is worth its memory only while it is being sent.
  if (why.reason != Hold::Reason::none && why.reason != Hold::Reason::busy && in_flight_ == 0) {
    if (reader_.has_buffered()) reader_.restart(scanned_);
  }
  deliverer_.publish(instance_, std::move(why));
}

void EndpointRunner::wake_at(WallTime when) {
  if (wake_ && *wake_ <= when && *wake_ > deliverer_.clock_.now()) return;
  wake_ = when;
  deliverer_.driver_.wake_at(
      when, [weak = weak_from_this(), when, alive = std::weak_ptr<bool>(deliverer_.alive_)] {
        const auto self = weak.lock();
        if (!self || !alive.lock()) return;
        if (self->wake_ == when) self->wake_.reset();
        if (self->no_key_) {
          self->deliverer_.reload(self->instance_);
        } else {
          self->pump();
        }
      });
}

}  // namespace tidemark::delivery
