// The executors of the sync machines' effects: the only place where they meet providers.
#pragma once

#include "base/metrics.h"
#include "engine/effect.h"
#include "store/store.h"
#include "sync/account_runtime.h"
#include "sync/calendar_inputs.h"
#include "sync/worker_pool.h"

namespace tidemark::sync {

// What the executors share; outlives them.
struct ExecutorContext {
  const StoreView& store;
  Metrics& metrics;
  const AccountRuntimes& accounts;
  WorkerPool& workers;
};

// "pull": one provider pull; its items become pages, its end pull.done or pull.failed.
class PullExecutor final : public EffectExecutor {
 public:
  explicit PullExecutor(const ExecutorContext& context) : context_(context) {}
  void start(Effect effect, std::unique_ptr<EffectHandle> handle) override;

 private:
  const ExecutorContext& context_;
};

// "write": one change of one event; its end is write.done, write.conflicted or write.failed.
class WriteExecutor final : public EffectExecutor {
 public:
  explicit WriteExecutor(const ExecutorContext& context) : context_(context) {}
  void start(Effect effect, std::unique_ptr<EffectHandle> handle) override;

 private:
  const ExecutorContext& context_;
};

// "discover": one provider discovery.
class DiscoverExecutor final : public EffectExecutor {
 public:
  explicit DiscoverExecutor(const ExecutorContext& context) : context_(context) {}
  void start(Effect effect, std::unique_ptr<EffectHandle> handle) override;

 private:
  const ExecutorContext& context_;
};

// "sync_report": the log line and the counters of a pass that has ended. After a crash in between
// it may be logged twice.
class ReportExecutor final : public EffectExecutor {
 public:
  explicit ReportExecutor(const ExecutorContext& context) : context_(context) {}
  void start(Effect effect, std::unique_ptr<EffectHandle> handle) override;

 private:
  const ExecutorContext& context_;
};

// What an ended pass that did something, or found nothing to do, adds to the counters of passes and
// events; and what a failed one, or any other refusal of the server, adds to those of errors.
void count_pass(Metrics& metrics, const std::string& provider, const PassReport& report);
void count_quiet_pass(Metrics& metrics, const std::string& provider);
void count_upstream_error(Metrics& metrics, const std::string& provider, const Error& error);

void describe_sync_metrics(Metrics& metrics);

}  // namespace tidemark::sync
