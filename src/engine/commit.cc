// Making batches durable: at once, or in flight while the loop steps the next one.
//
// With two batches in turn each submitter that waits for its answer takes part in every other sync
// only. That pays when stepping and answering take longer than a sync does, and then only: hence
// ripe().
#include <utility>

#include "base/log.h"
#include "base/mutation.h"
#include "engine/engine_impl.h"

namespace tidemark {

using engine::Committed;
using engine::Outcome;

namespace {

// So many submitters are at it that more inputs will arrive during the commit.
constexpr std::size_t kManyInputs = 4;
constexpr int kSmoothing = 8;
// From an input's end to its submitter's next one in the inbox: an answer, a thread that wakes up
// and a submission. Measured with 64 and 256 submitters on two cores.
constexpr std::chrono::microseconds kWayBack{15};

}  // namespace

// While these inputs were stepped and answered, and others came in their place, a sync would be
// done.
bool Engine::Impl::ripe(const Batch& batch) const {
  return batch.stepping + batch.items.size() * kWayBack >= sync_cost_;
}

bool Engine::Impl::has_returned() const {
  const std::lock_guard lock(mutex_);
  return flight_ == Flight::returned;
}

void Engine::Impl::commit_returned() {
  const std::lock_guard lock(mutex_);
  flight_ = Flight::returned;
  returned_.notify_one();
  wake_.notify_one();
}

// With nothing in flight. False when all that happened is that something has to be tried again.
bool Engine::Impl::commit_open(Mode mode) {
  if (mode == Mode::overlapping && !retry_soon_ && stepper_.batch().count() > 0 && ripe(*open_)) {
    bool more = open_->items.size() >= kManyInputs;
    if (!more) {
      const std::lock_guard lock(mutex_);
      more = !inbox_.empty();
    }
    if (more) {
      launch();
      return true;
    }
  }
  Batch batch = *std::exchange(open_, std::nullopt);
  batch.outcome = std::move(stepper_.outcome());
  Committed committed;
  if (stepper_.batch().count() > 0) {
    committed = engine::commit_timed(store_, stepper_.take_batch(), batch.outcome.last);
    stepper_.settled(committed.result.has_value());
  }
  return conclude(std::move(batch), committed);
}

void Engine::Impl::launch() {
  in_flight_ = std::exchange(open_, std::nullopt);
  in_flight_->outcome = std::move(stepper_.outcome());
  {
    const std::lock_guard lock(mutex_);
    flight_ = Flight::committing;
  }
  committer_.start(stepper_.take_batch(), in_flight_->outcome.last);
}

Committed Engine::Impl::wait_for_commit() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [this] { return flight_ == Flight::returned; });
  flight_ = Flight::none;
  return committer_.take_result();
}

// Waits for what is in flight and acts on it; before that the next batch is sent off, if it is
// ripe.
bool Engine::Impl::land(Mode mode) {
  if (!in_flight_) return false;
  const auto committed = wait_for_commit();
  Batch batch = *std::exchange(in_flight_, std::nullopt);
  stepper_.settled(committed.result.has_value());
  if (committed.result && mode == Mode::overlapping && open_ && !retry_soon_ &&
      stepper_.batch().count() > 0 && ripe(*open_)) {
    launch();
  }
  return conclude(std::move(batch), committed);
}

bool Engine::Impl::finish_started() {
  bool did_something = land(Mode::one_by_one);
  if (open_ && commit_open(Mode::one_by_one)) did_something = true;
  return did_something;
}

// Answers come last: their callbacks may turn the loop.
bool Engine::Impl::conclude(Batch batch, const Committed& committed) {
  if (!committed.result) {
    answer(undo(std::move(batch), committed.result.error()));
    return false;
  }
  if (committed.took > Duration{}) {
    const auto fixed = std::max(Duration{}, committed.took - batch.stepping);
    sync_cost_ += (fixed - sync_cost_) / kSmoothing;
  }
  const bool did_something = !batch.items.empty();
  answer(absorb(std::move(batch), committed.took));
  return did_something;
}

// Nothing of the batch is in the store: outside inputs are told, our own are tried again. What was
// stepped on top of it never was, and is stepped again on what is true.
Engine::Impl::Works Engine::Impl::undo(Batch batch, const Error& error) {
  log::error("a commit failed: its inputs are refused, the engine's own are tried again",
             {.error_code = name(error.code), .detail = error.message});
  metrics_.commit_failed(name(error.code));
  Works answers = drop_open();
  Works again;
  std::vector<InstanceId> waiting;
  for (auto& item : batch.items) {
    if (item.work->retried()) {
      if (std::exchange(item.work->commit_failed, true)) {
        waiting.push_back(item.work->input.instance);
      }
      again.push_back(std::move(item.work));
      continue;
    }
    metrics_.input(Outcome::failed);
    if (!mutated(Mutation::failed_commit_answered_well)) item.work->result = fail(error);
    answers.push_back(std::move(item.work));
  }
  retry_soon_ = retry_soon_ || !again.empty();
  put_back(std::move(again));
  for (const auto& instance : waiting) {
    for (auto& work : refuse_behind(instance, error)) {
      metrics_.input(Outcome::failed);
      answers.push_back(std::move(work));
    }
  }
  const std::lock_guard lock(mutex_);
  publish_locked();
  return answers;
}

Engine::Impl::Works Engine::Impl::drop_open() {
  Works answers;
  if (!open_) return answers;
  stepper_.drop_batch();
  Works again;
  for (auto& item : open_->items) {
    if (item.held) metrics_.input(item.outcome);
    (item.held ? answers : again).push_back(std::move(item.work));
  }
  open_.reset();
  put_back(std::move(again));
  return answers;
}

void Engine::Impl::put_back(Works works) {
  if (works.empty()) return;
  const std::lock_guard lock(mutex_);
  inbox_.put_back(std::move(works));
}

// Behind what is tried again until the disk recovers nobody from outside may wait: there may be
// more of it than a batch takes, and then their turn would not come before that.
Engine::Impl::Works Engine::Impl::refuse_behind(const InstanceId& instance, const Error& error) {
  if (mutated(Mutation::left_without_answer)) return {};
  const std::lock_guard lock(mutex_);
  auto refused = inbox_.take_refusable(instance);
  for (auto& work : refused) work->result = fail(error);
  return refused;
}

}  // namespace tidemark
