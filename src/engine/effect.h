// Effects: what the engine starts outside, after the commit that asked for it is durable.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/machine.h"

namespace tidemark {

// An effect in the outbox. `key` names it for ever: it is the idempotency key to show upstream.
struct Effect {
  Position key;
  InstanceId instance;
  std::string tenant;
  EffectRequest request;
  std::string correlation_id;
  std::string id;      // "eff_" + ULID of key
  bool again = false;  // true when it may have run before (after a crash or restart)
};

// Handed to an executor with each effect. Thread-safe. Exactly one call of complete() (or the
// destruction of the handle, which leaves the effect in the outbox for the next start) ends the
// run.
class EffectHandle {
 public:
  virtual ~EffectHandle() = default;
  // Submits an input to the effect's instance without ending the effect (one chunk of a page).
  // Blocks until it is durable. Errc::cancelled when the effect is no longer wanted: stop then.
  virtual Result<void> progress(std::string type, std::string payload) = 0;
  // The same without blocking: `done` is called once, on any thread, maybe before this returns. It
  // must be short. Progress of one effect is stepped in the order it was submitted.
  virtual void progress(std::string type, std::string payload,
                        std::function<void(Result<void>)> done) = 0;
  // Submits the result: the effect leaves the outbox in the commit of this very step. Does not
  // block.
  virtual void complete(std::string type, std::string payload) = 0;
  // True once the engine is shutting down: give up soon, without completing.
  virtual bool stopping() const = 0;
};

// Runs effects of one name. start() must return at once; the work happens on the executor's
// threads. The engine never has more than the configured number running per executor and per host.
class EffectExecutor {
 public:
  virtual ~EffectExecutor() = default;
  virtual void start(Effect effect, std::unique_ptr<EffectHandle> handle) = 0;
};

struct ExecutorLimits {
  std::size_t running = 8;           // at once, over all hosts
  std::size_t running_per_host = 2;  // at once, per EffectRequest::host
};

}  // namespace tidemark
