// Acting on what has become durable: timers and outbox, answers, effects.
#include "base/log.h"
#include "engine/engine_impl.h"
#include "engine/keys.h"

namespace tidemark {

using engine::Outcome;

// Returns what is to be answered, once the engine is in a state in which callbacks may turn it.
Engine::Impl::Works Engine::Impl::absorb(Batch batch, Duration took) {
  if (took > Duration{}) metrics_.committed(batch.outcome, took);
  Works answers;
  answers.reserve(batch.items.size());
  for (auto& item : batch.items) {
    settle(*item.work, item.outcome, batch.now);
    answers.push_back(std::move(item.work));
  }
  act_on(batch.outcome);
  {
    const std::lock_guard lock(mutex_);
    durable_ = batch.outcome.last;
    publish_locked();
  }
  news_.notify_all();
  if (!batch.outcome.events_by_type.empty()) {
    const std::lock_guard lock(listener_mutex_);
    if (events_listener_) events_listener_();
  }
  return answers;
}

void Engine::Impl::answer(Works works) {
  engine::WakeTree sleepers;
  for (auto& work : works) {
    if (work->waiter && !work->answer_at_once) {
      sleepers.add(*work->waiter, std::move(work->result));
    }
  }
  sleepers.wake();
  for (auto& work : works) {
    if (work->done || work->answer_at_once) work->answer(std::move(work->result));
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

void Engine::Impl::publish_locked() {
  published_.waiting = dispatcher_.waiting();
  published_.outbox = dispatcher_.size();
  published_.running = dispatcher_.running_effects();
  published_.timers = timers_.count();
  published_.next_timer = timers_.next();
}

}  // namespace tidemark
