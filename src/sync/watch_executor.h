// The executor "watch": makes and stops notification channels, on the workers.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "engine/effect.h"
#include "sync/executors.h"
#include "sync/watch_inputs.h"

namespace tidemark::sync {

// Whose channel is it? By the calendar's public id, which is in a channel's id. What else there is
// to know of a channel is in the state of the instance. Thread-safe.
class WatchedCalendars {
 public:
  // Reads which instances there are.
  Result<void> load(const StoreView& store);
  void add(std::string_view calendar, const InstanceId& watch);
  std::optional<InstanceId> find(std::string_view calendar) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, InstanceId, std::less<>> instances_;
};

class WatchExecutor final : public EffectExecutor {
 public:
  // An empty key: no channel can be made, only stopped. All of it outlives the executor.
  WatchExecutor(const ExecutorContext& context, const Secret& key, WatchedCalendars& calendars)
      : context_(context), key_(key), calendars_(calendars) {}
  void start(Effect effect, std::unique_ptr<EffectHandle> handle) override;

 private:
  // An input for the machine.
  struct Answer {
    std::string type;
    std::string payload;
  };
  void run(const Effect& effect, EffectHandle& handle) const;
  Result<Answer> carry_out(const Effect& effect, const ChannelOrder& order) const;
  Result<Answer> watch(const Effect& effect, const ChannelOrder& order,
                       const AccountRuntime& account, CalendarWatcher& watcher) const;
  void note_failure(const Effect& effect, const ChannelOrder& order, const Error& error) const;

  const ExecutorContext& context_;
  const Secret& key_;
  WatchedCalendars& calendars_;
};

void describe_watch_metrics(Metrics& metrics);

}  // namespace tidemark::sync
