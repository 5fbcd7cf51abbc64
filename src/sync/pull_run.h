// One run of the effect "pull": from the order to the result.
#pragma once

#include <chrono>

#include "engine/effect.h"
#include "sync/calendar_inputs.h"
#include "sync/executors.h"

namespace tidemark::sync {

class PageSender;

class PullRun {
 public:
  PullRun(const ExecutorContext& context, const Effect& effect, EffectHandle& handle)
      : context_(context), effect_(effect), handle_(handle) {}

  // Ends with a completion, or without one when the engine is stopping or the effect is not wanted
  // any more: it then stays in the outbox, or is gone from it.
  void run();

 private:
  void pull(AccountRuntime& account, const PullOrder& order);
  Result<PullResult> ask_provider(AccountRuntime& account, const PullOrder& order,
                                  PageSender& sender);
  void succeed(const AccountRuntime& account, const PullOrder& order, const PullResult& result,
               PageSender& sender);
  void fail_with(const Error& error);
  void note_failure(const AccountRuntime& account, const PullOrder& order, const Error& error);

  const ExecutorContext& context_;
  const Effect& effect_;
  EffectHandle& handle_;
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace tidemark::sync
