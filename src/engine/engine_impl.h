// The engine's parts and its loop. Members fall in two: what only the thread that turns the loop
// touches, and what mutex_ guards.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/metrics.h"
#include "engine/batch.h"
#include "engine/committer.h"
#include "engine/dispatcher.h"
#include "engine/effect_port.h"
#include "engine/engine.h"
#include "engine/engine_metrics.h"
#include "engine/inbox.h"
#include "engine/stepper.h"
#include "engine/timer_queue.h"
#include "engine/waiter.h"

namespace tidemark {

struct Engine::Impl final : engine::EffectSink {
  using Work = engine::Work;
  using Works = std::vector<std::unique_ptr<Work>>;

  Impl(Store& store, const Clock& clock, Metrics& metrics, EngineOptions options);
  ~Impl() override;

  // engine.cc: the way in
  Result<void> check(const Input& input) const;
  Result<Receipt> submit_and_wait(Input input);
  // True: the caller should turn the loop itself, its thread is asleep and has not been woken.
  Result<bool> enqueue(std::unique_ptr<Work>& work, bool may_turn = false);
  bool take_in(std::unique_ptr<Work> work, bool may_turn);
  bool turn_for_sleeper();
  void report(std::unique_ptr<Work> work) override;
  void abandon(std::string outbox_key) override;
  Result<void> report_and_wait(std::unique_ptr<Work> work) override;
  std::size_t max_input_bytes() const override { return options_.max_input_bytes; }
  void show_depths(Metrics& metrics) override;
  Depths depths() const;
  bool idle_locked() const;

  using Duration = std::chrono::steady_clock::duration;

  using Batch = engine::Batch;

  // Only the engine's own thread overlaps one batch's commit with the next one's steps: whoever
  // turns the loop by hand wants the same batches every time, and nothing going on in between.
  enum class Mode : std::uint8_t { one_by_one, overlapping };

  // loop.cc: one turn
  struct Turned {
    bool did_something = false;
    bool retry_soon = false;  // something of ours failed: try again, but after a pause
    bool full = false;        // the open batch takes no more
  };
  Turned turn(Mode mode);
  Turned turn_locked(Mode mode);
  bool turn_as_owner(Mode mode);
  Works gather(WallTime now, Mode mode);
  void step_all(Works works, WallTime now, Mode mode);
  bool step_one(std::unique_ptr<Work>& work);
  bool not_due_any_more(const Work& work, WallTime now);
  bool full() const;
  Works take_more(Mode mode, const Works& later);
  std::size_t room(Mode mode) const;
  bool turned_by_me() const { return owner_.load() == std::this_thread::get_id(); }

  // commit.cc: making batches durable
  bool ripe(const Batch& batch) const;
  bool has_returned() const;
  void commit_returned();  // on the committer's thread
  bool commit_open(Mode mode);
  bool land(Mode mode);
  bool finish_started();
  engine::Committed wait_for_commit();
  void launch();
  bool conclude(Batch batch, const engine::Committed& committed);
  Works undo(Batch batch, const Error& error);
  Works drop_open();
  void put_back(Works works);
  Works refuse_behind(const InstanceId& instance, const Error& error);

  // after_commit.cc: acting on what is durable
  Works absorb(Batch batch, Duration took);
  void settle(const Work& work, engine::Outcome outcome, WallTime now);
  void act_on(engine::BatchOutcome& outcome);
  void answer(Works works);
  bool start_effects();
  void publish_locked();

  // lifecycle.cc: the thread around it
  void run(Mode mode);
  bool wait_while_committing(bool collect);
  void wait_for_work(std::uint64_t seen, bool retry);
  void stop(std::chrono::milliseconds deadline);
  void finish();

  Store& store_;
  const Clock& clock_;
  const EngineOptions options_;
  engine::EngineMetrics metrics_;
  engine::Machines machines_;
  const std::shared_ptr<engine::EffectPort> port_;

  // Touched only by whoever holds turn_mutex_.
  std::mutex turn_mutex_;
  std::atomic<std::thread::id> owner_{};
  engine::Stepper stepper_;
  std::atomic<bool> takes_inputs_ = false;
  engine::TimerQueue timers_;
  engine::Dispatcher dispatcher_;
  bool starting_effects_ = false;
  bool limit_time_ = false;  // who turns the loop by hand wants the same batches every time
  bool retry_soon_ = false;  // something of ours failed: try again, but after a pause
  // At most one batch of each kind; the open one is stepped on top of the one in flight, and is
  // open from one turn to the next only while there is one.
  std::optional<Batch> in_flight_;  // being committed by committer_, or just committed
  std::optional<Batch> open_;
  Duration sync_cost_{};  // what a commit costs however little is in it: a running estimate
  std::map<std::string, Error, std::less<>> held_;  // instances whose order waits for a retry

  std::mutex listener_mutex_;  // held while the listener runs
  std::function<void()> events_listener_;

  // Guarded by mutex_.
  mutable std::mutex mutex_;
  std::condition_variable wake_;          // the loop's thread
  std::condition_variable returned_;      // who waits for the commit in flight
  mutable std::condition_variable news_;  // whoever waits for a record, for idleness, for the end
  engine::Inbox inbox_;
  std::vector<std::string> abandoned_;
  std::uint64_t arrivals_ = 0;  // counts what came in, to tell news from what was put back
  Sequence durable_ = 0;
  bool turning_ = false;
  enum class Flight : std::uint8_t { none, committing, returned };
  Flight flight_ = Flight::none;  // how far in_flight_ is
  bool collecting_ = false;       // the loop's thread wants more inputs during a commit
  bool threaded_ = false;
  bool asleep_ = false;    // the loop's thread has nothing to do
  bool stopping_ = false;  // no new inputs
  bool finished_ = false;  // the loop is over
  std::chrono::steady_clock::time_point stop_deadline_{};
  struct Published {
    std::size_t waiting = 0;
    std::size_t outbox = 0;
    std::size_t running = 0;
    std::size_t timers = 0;
    std::optional<WallTime> next_timer{};
  } published_;

  std::thread thread_;
  milliseconds retry_pause_{0};
  engine::Committer committer_;  // last: its thread ends first
};

}  // namespace tidemark
