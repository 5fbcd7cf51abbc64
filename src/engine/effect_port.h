// The way from executors back into the engine. Handles share the port, not the engine: an executor
// may still hold one after the engine is gone, and then its calls do nothing.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "engine/effect.h"
#include "engine/inbox.h"
#include "engine/stored_values.h"

namespace tidemark {
class Metrics;
}

namespace tidemark::engine {

// What the engine offers to handles and to whoever collects metrics. All calls are thread-safe and
// do not block on the disk.
class EffectSink {
 public:
  virtual ~EffectSink() = default;
  virtual void report(std::unique_ptr<Work> work) = 0;
  virtual void abandon(std::string outbox_key) = 0;
  // Blocks until the step of `work` is durable.
  virtual Result<void> report_and_wait(std::unique_ptr<Work> work) = 0;
  virtual std::size_t max_input_bytes() const = 0;
  virtual void show_depths(Metrics& metrics) = 0;
};

class EffectPort {
 public:
  explicit EffectPort(EffectSink& sink) : sink_(&sink) {}

  // No call reaches the engine after this; waits for those that are inside.
  void close();
  // False when closed. `use` runs while the engine is certain to exist.
  bool with_sink(const std::function<void(EffectSink&)>& use);

  std::atomic<bool> stopping = false;

 private:
  std::mutex mutex_;
  std::condition_variable idle_;
  std::size_t inside_ = 0;
  EffectSink* sink_;
};

std::unique_ptr<EffectHandle> make_handle(std::shared_ptr<EffectPort> port,
                                          const OutboxEntry& entry, std::string effect_id);

}  // namespace tidemark::engine
