// One run of the effect "write": from the task to what the server says.
#pragma once

#include "engine/effect.h"
#include "providers/calendar_writer.h"
#include "sync/executors.h"
#include "sync/write_inputs.h"

namespace tidemark::sync {

class WriteRun {
 public:
  WriteRun(const ExecutorContext& context, const Effect& effect, EffectHandle& handle)
      : context_(context), effect_(effect), handle_(handle) {}

  // Ends with a completion, or without one when the engine is stopping: then it stays in the
  // outbox and is tried again.
  void run();

 private:
  struct Ended {
    bool conflict = false;
    PageItem item;
    bool mixed = false;
  };
  Result<Ended> write(AccountRuntime& account, const WriteTask& task);
  // What the provider is to do; nothing when the mirror has another version by now.
  Result<std::optional<WriteOrder>> compose(const WriteTask& task, bool icalendar) const;
  Result<void> compose_icalendar(const WriteTask& task, WriteOrder& order) const;
  Result<Ended> judge(const AccountRuntime& account, const WriteTask& task,
                      WriteOutcome outcome) const;
  Result<PageItem> mirrored(const WriteTask& task) const;
  void note(const AccountRuntime& account, const WriteTask& task, std::string_view outcome,
            const Error* error) const;

  const ExecutorContext& context_;
  const Effect& effect_;
  EffectHandle& handle_;
};

}  // namespace tidemark::sync
