// The engine: one loop that turns inputs into steps and steps into synced commits.
//
// The invariant: one step is one atomic write of its dedupe mark, journal record, state, rows,
// timers, outbox effects and events; many steps share one synced commit; nothing leaves the process
// before that commit is durable. So recovery is "read timers and outbox, go on".
//
// A started engine may step a batch while the one before it is being committed; what depends on a
// commit that fails is stepped again.
//
// When a commit fails, inputs from outside are refused with its error; completions, progress,
// timers and messages, which nobody could submit again, are tried again in order, with a pause, and
// what waits from outside behind them in their instances is refused, too, when that fails again. A
// timer never fires early, whatever the clock does meanwhile. When a machine refuses a timer, it
// fires again, ever more rarely; when it refuses an effect's result, the effect stays in the outbox
// until the next start; a message it refuses is dropped, and its journal record holds the error. An
// instance's end takes its timers along and drops its effects' results. Effects of an unknown
// executor are kept, and idle() does not wait for them.
//
// Threads: submit() and every const method may be called from any thread. Either start() runs the
// loop on a thread of its own, or a test calls run_one_batch() itself and owns time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/effect.h"
#include "engine/machine.h"
#include "store/store.h"

namespace tidemark {

class Metrics;

// A secret on its way to table secret, where its tenant and name find it (engine/secrets.h). The
// engine keeps the bytes as they are: whoever submits them has encrypted them (src/vault/).
struct SealedSecret {
  std::string name;
  std::string sealed;
};

struct Input {
  InstanceId instance;
  std::string type;
  std::string payload;
  // Not empty: a second input of this tenant with the same key within dedupe_for is not stepped,
  // and its receipt names the first.
  std::string dedupe_key{};
  std::chrono::hours dedupe_for{24 * 7};
  std::string correlation_id{};  // empty: a new one is made from the sequence
  std::string causation_id{};    // empty: nothing caused it but the outside
  // Of the instance's tenant, written in the commit of the step this input causes, and only then: a
  // duplicate or a failed step writes none. The machine does not see them, and nothing but their
  // names is journaled.
  std::vector<SealedSecret> secrets{};
};

struct Receipt {
  Sequence sequence = 0;
  bool duplicate = false;
  std::string correlation_id;
};

struct EngineOptions {
  std::size_t inbox_capacity = 4096;    // inputs waiting; more are refused as overloaded
  std::size_t inbox_bytes = 32U << 20;  // the same in payload bytes
  std::size_t max_batch_inputs = 512;   // per commit; at most so many
  std::size_t max_batch_bytes = 4U << 20;
  // Of one batch, once started, so that nobody's answer waits for hundreds of slow steps.
  std::chrono::milliseconds max_batch_stepping{10};
  std::size_t max_input_bytes = 16U << 20;  // one input; larger is Errc::limit_exceeded
  std::size_t effects_in_memory = 1024;     // outbox window; the rest stays on disk
};

class Engine {
 public:
  Engine(Store& store, const Clock& clock, Metrics& metrics, EngineOptions options = {});
  ~Engine();  // stop()

  // Before recover(). A kind or an executor registered twice is a bug and aborts.
  void register_machine(AnyMachine machine);
  void register_executor(std::string name, EffectExecutor& executor, ExecutorLimits limits);

  enum class Recovery {
    all,
    journal,  // inputs can be stepped; timers and effects of before stay untouched
    work,     // timers and effects are known; no input can be stepped, and nothing is written
  };
  // At open, before anything else: loads what is needed to go on. Effects start with `again` set.
  Result<void> recover(Recovery what = Recovery::all);

  void start();
  // Stops taking inputs (Errc::cancelled), waits for running effects until the deadline, ends the
  // loop. What did not finish stays in the outbox.
  void stop(std::chrono::milliseconds deadline = std::chrono::seconds(10));

  // Blocks until the step is durable; may turn the loop on the calling thread, when nobody else
  // does. Errc::invalid_argument for an ill-formed instance, an unknown kind or an ill-named
  // secret, Errc::limit_exceeded for what is too large, Errc::overloaded at once when the inbox is
  // full, disk_full or io_error when the commit failed, or the machine's own error: then nothing
  // was written.
  Result<Receipt> submit(Input input);
  // The same without blocking; the callback runs after the commit on the thread that turned the
  // loop, or at once when the input is refused. It must be short and must not call stop().
  void submit(Input input, std::function<void(Result<Receipt>)> done);

  // One turn of the loop: drain, step, commit, answer, start effects. False when there was nothing
  // to do, or nothing but what a failing disk makes us try again.
  bool run_one_batch();
  // When the earliest timer is due; for a test or simulator that owns the clock.
  std::optional<WallTime> next_timer() const;

  // Blocks until a record after `sequence` is durable or the timeout passes; returns the newest.
  Sequence wait_for_record(Sequence after, std::chrono::milliseconds timeout) const;

  // Called after each commit that emitted events, on the thread that turned the loop: short, and
  // not calling back into the engine. Empty: nobody any more; when this returns, nobody is being
  // called.
  void on_events(std::function<void()> listener);

  // True when no input waits, no effect runs or waits and no timer is due: all work is done.
  bool idle() const;
  // Blocks until idle() or the timeout; returns idle().
  bool wait_until_idle(std::chrono::milliseconds timeout) const;

  struct Depths {
    std::size_t inbox = 0;
    std::size_t inbox_bytes = 0;
    std::size_t outbox = 0;   // pending and running
    std::size_t running = 0;  // effects
    std::size_t timers = 0;
  };
  Depths depths() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidemark
