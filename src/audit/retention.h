// Retention and erasure as one part: runs what the retention machine asks for, and is what the API
// and the command line ask. Thread-safe, but for what is said to come first.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "audit/retention_drop.h"
#include "audit/retention_machine.h"
#include "audit/retention_options.h"
#include "audit/retention_plan.h"
#include "engine/engine.h"

namespace tidemark::audit {

class Retention {
 public:
  Retention(Engine& engine, Store& store, RetentionOptions options);
  ~Retention();  // what runs is given up soon; it goes on at the next start

  // Before the engine recovers. `needed` may be empty.
  void register_with_engine();
  void ask_who_needs(NeededEvents needed) { needed_ = std::move(needed); }
  // Makes true what the options say of the schedule.
  Result<void> start();

  const RetentionOptions& options() const { return options_; }
  // What a run at this time would drop.
  Result<RetentionPlan> plan(WallTime now) const;
  // Errc::conflict while one runs.
  Result<Receipt> run();
  // Errc::invalid_argument for a scope of everything, or without a reason.
  Result<Receipt> erase(const ErasureScope& scope, std::string_view why);
  // How a run or an erasure ended; nothing: it has not, within the timeout.
  Result<std::optional<DropCounts>> wait_for(const Receipt& receipt, milliseconds timeout) const;
  // The newest first, at most so many.
  Result<std::vector<Erasure>> erasures(std::size_t most) const;

 private:
  class Executor;
  using Answer = std::function<Result<Input>(const Effect&, const EffectHandle&)>;

  Result<Input> answer_plan(const Effect& effect) const;
  Result<Input> answer_drop(const Effect& effect, const EffectHandle& handle);

  Engine& engine_;
  Store& store_;
  const RetentionOptions options_;
  NeededEvents needed_;
  std::unique_ptr<Executor> planner_;
  std::unique_ptr<Executor> dropper_;
};

}  // namespace tidemark::audit
