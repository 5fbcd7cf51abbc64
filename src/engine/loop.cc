// One turn of the loop: gather, step, commit, then act on what became durable.
#include "base/log.h"
#include "engine/engine_impl.h"
#include "engine/keys.h"

namespace tidemark {

using engine::Outcome;

namespace {

constexpr std::size_t kDedupeSweep = 64;  // keys looked at per batch
// Of one batch, so that nobody's answer waits for hundreds of slow steps. Only on the engine's own
// thread: who turns the loop by hand wants the same batches every time.
constexpr milliseconds kLongestStepping{10};

}  // namespace

Engine::Impl::Turned Engine::Impl::turn() {
  if (turned_by_me()) return {turn_as_owner(), false};
  const std::lock_guard turn(turn_mutex_);
  return turn_locked();
}

Engine::Impl::Turned Engine::Impl::turn_locked() {
  owner_ = std::this_thread::get_id();
  {
    const std::lock_guard lock(mutex_);
    turning_ = true;
  }
  retry_soon_ = false;
  const bool did_something = turn_as_owner();
  const Turned turned{did_something, retry_soon_};
  owner_ = std::thread::id();
  const std::lock_guard lock(mutex_);
  turning_ = false;
  if (idle_locked()) news_.notify_all();
  return turned;
}

bool Engine::Impl::turn_as_owner() {
  const WallTime now = clock_.now();
  bool did_something = false;
  if (auto works = gather(now); !works.empty()) did_something = step_all(std::move(works), now);
  if (start_effects()) did_something = true;
  publish();
  return did_something;
}

Engine::Impl::Works Engine::Impl::gather(WallTime now) {
  std::vector<std::string> abandoned;
  bool stopping = false;
  {
    const std::lock_guard lock(mutex_);
    abandoned.swap(abandoned_);
    stopping = stopping_;
  }
  for (const auto& key : abandoned) {
    dispatcher_.parked(key);
    metrics_.effect_ended(key, "abandoned");
  }
  Works due;
  if (!stopping) {
    if (auto taken = timers_.take_due(now)) {
      due = *std::move(taken);
    } else {
      retry_soon_ = true;
      log::error("timers cannot be read and fire late",
                 {.error_code = name(taken.error().code), .detail = taken.error().message});
    }
  }
  const std::lock_guard lock(mutex_);
  for (auto& work : due) inbox_.push(std::move(work));
  return inbox_.take(options_.max_batch_inputs, options_.max_batch_bytes);
}

void Engine::Impl::step_one(std::unique_ptr<Work> work, Works& stepped, Works& later) {
  if (const auto held = held_.find(work->input.instance.value); held != held_.end()) {
    if (work->retried()) return later.push_back(std::move(work));
    work->result = fail(held->second);
    outcomes_.push_back(Outcome::failed);
    return stepped.push_back(std::move(work));
  }
  const auto begun = std::chrono::steady_clock::now();
  const Outcome outcome = stepper_.step(*work);
  metrics_.step_took(work->input.instance.kind(), std::chrono::steady_clock::now() - begun);
  if (outcome == Outcome::failed && work->retried() && retryable(work->result.error().code)) {
    held_.emplace(work->input.instance.value, work->result.error());
    return later.push_back(std::move(work));
  }
  outcomes_.push_back(outcome);
  stepped.push_back(std::move(work));
}

// False when all that happened is that something has to be tried again.
bool Engine::Impl::step_all(Works works, WallTime now) {
  Works stepped;
  Works later;
  stepped.reserve(works.size());
  outcomes_.clear();
  held_.clear();
  bool limit_time = false;
  {
    const std::lock_guard lock(mutex_);
    limit_time = threaded_;
  }
  stepper_.begin(durable_, now);
  stepper_.sweep_dedupe(kDedupeSweep);
  const auto begun_stepping = std::chrono::steady_clock::now();
  const auto full = [&] {
    return stepper_.batch().bytes() > options_.max_batch_bytes ||
           (limit_time && std::chrono::steady_clock::now() - begun_stepping > kLongestStepping);
  };
  // What arrives while the batch is being stepped still gets into it: fuller batches, fewer syncs.
  for (; !works.empty(); works = take_more(stepped.size(), !later.empty() || full())) {
    for (auto& work : works) {
      if (!stepped.empty() && full()) {
        later.push_back(std::move(work));
      } else {
        step_one(std::move(work), stepped, later);
      }
    }
  }
  if (!held_.empty()) retry_soon_ = true;

  auto outcome = std::move(stepper_.outcome());
  if (stepper_.batch().count() > 0) {
    const auto begun = std::chrono::steady_clock::now();
    const auto committed = store_.commit(stepper_.take_batch(), outcome.last);
    if (!committed) {
      undo(std::move(stepped), std::move(later), committed.error());
      return false;
    }
    metrics_.committed(outcome, std::chrono::steady_clock::now() - begun);
  }
  put_back(std::move(later));
  for (std::size_t i = 0; i < stepped.size(); ++i) settle(*stepped[i], outcomes_[i], now);
  act_on(outcome);
  {
    const std::lock_guard lock(mutex_);
    durable_ = outcome.last;
  }
  publish();
  news_.notify_all();
  for (auto& work : stepped) {
    if (work->done) work->done(std::move(work->result));
  }
  return !stepped.empty();
}

Engine::Impl::Works Engine::Impl::take_more(std::size_t stepped, bool full) {
  if (full || !held_.empty() || stepped >= options_.max_batch_inputs) return {};
  const std::lock_guard lock(mutex_);
  return inbox_.take(options_.max_batch_inputs - stepped, options_.max_batch_bytes);
}

void Engine::Impl::put_back(Works works) {
  if (works.empty()) return;
  const std::lock_guard lock(mutex_);
  inbox_.put_back(std::move(works));
}

// Nothing of the batch is in the store: outside inputs are told, our own are tried again.
void Engine::Impl::undo(Works stepped, Works later, const Error& error) {
  log::error("a commit failed: its inputs are refused, the engine's own are tried again",
             {.error_code = name(error.code), .detail = error.message});
  metrics_.commit_failed(name(error.code));
  Works again;
  Works refused;
  for (auto& work : stepped) (work->retried() ? again : refused).push_back(std::move(work));
  for (auto& work : later) again.push_back(std::move(work));
  retry_soon_ = retry_soon_ || !again.empty();
  put_back(std::move(again));
  publish();
  for (auto& work : refused) {
    metrics_.input(Outcome::failed);
    if (work->done) work->done(fail(error));
  }
}

void Engine::Impl::settle(const Work& work, Outcome outcome, WallTime now) {
  metrics_.input(outcome);
  const bool failed = outcome == Outcome::failed;
  if (work.source == Work::Source::timer) {
    failed ? timers_.defer(work, now) : timers_.settle(work);
  }
  if (work.source == Work::Source::completion && failed) {
    dispatcher_.parked(work.outbox_key);
    metrics_.effect_ended(work.outbox_key, "refused");
  }
  if (outcome == Outcome::rejected || (failed && work.source != Work::Source::submitted)) {
    constexpr std::string_view kWhat[] = {
        "", "a machine refused an effect's progress",
        "a machine refused an effect's result: the effect stays in the outbox until the next start",
        "a machine refused a timer: it fires again later",
        "a machine refused a message: it is dropped and its journal record says why"};
    log::error(kWhat[static_cast<std::size_t>(work.source)],
               {.correlation_id = work.input.correlation_id,
                .company_id = work.input.instance.tenant(),
                .error_code = name(work.result.error().code),
                .detail = work.input.instance.value + " " + work.input.type + ": " +
                          work.result.error().message});
  }
}

void Engine::Impl::act_on(engine::BatchOutcome& outcome) {
  for (const auto& key : outcome.outbox_removed) {
    dispatcher_.removed(key);
    metrics_.effect_ended(key, "completed");
  }
  for (auto& entry : outcome.outbox_added) dispatcher_.added(std::move(entry));
  for (const auto due : outcome.timers_set) timers_.added(due);
  timers_.count_changed(outcome.timers_delta);
}

bool Engine::Impl::start_effects() {
  {
    const std::lock_guard lock(mutex_);
    if (starting_effects_ || stopping_) return false;
  }
  auto starts = dispatcher_.take_startable();
  if (starts.failure) {
    retry_soon_ = true;
    log::error("part of the outbox cannot be read: its effects start late",
               {.error_code = name(starts.failure->code), .detail = starts.failure->message});
  }
  starting_effects_ = true;
  for (auto& start : starts.items) {
    auto& entry = start.entry;
    if (entry.is_message()) {
      auto work = std::make_unique<Work>();
      work->source = Work::Source::message;
      work->outbox_key = engine::outbox_key({}, entry.host, entry.position);
      work->input.instance.value = std::move(entry.host);
      work->input.type = std::move(entry.type);
      work->input.payload = std::move(entry.payload);
      work->input.correlation_id = std::move(entry.correlation_id);
      work->input.causation_id =
          make_id(kRecordPrefix, entry.at, {entry.position.sequence, kRecordIndex});
      const std::lock_guard lock(mutex_);
      inbox_.push(std::move(work));
      continue;
    }
    std::string id = make_id(kEffectPrefix, entry.at, entry.position);
    auto handle = engine::make_handle(port_, entry, id);
    metrics_.effect_started(entry.executor);
    Effect effect{entry.position,
                  entry.instance,
                  std::string(entry.instance.tenant()),
                  {std::move(entry.executor), std::move(entry.host), std::move(entry.payload)},
                  std::move(entry.correlation_id),
                  std::move(id),
                  start.again};
    start.executor->start(std::move(effect), std::move(handle));
  }
  starting_effects_ = false;
  return !starts.items.empty();
}

void Engine::Impl::publish() {
  const std::lock_guard lock(mutex_);
  published_.waiting = dispatcher_.waiting();
  published_.outbox = dispatcher_.size();
  published_.running = dispatcher_.running_effects();
  published_.timers = timers_.count();
  published_.next_timer = timers_.next();
}

}  // namespace tidemark
