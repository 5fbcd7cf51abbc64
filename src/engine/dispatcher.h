// Which effects run and which wait. The outbox is on disk; in memory is a window of it: per group
// (one executor and host, or one target of messages) the entries next in turn, bounded in all.
// Groups of one executor take turns, and what a blocked host has waiting is left on disk, so it
// delays nobody. Used by the engine's loop only.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/effect.h"
#include "engine/stored_values.h"
#include "store/store.h"

namespace tidemark::engine {

class Dispatcher {
 public:
  Dispatcher(const StoreView& store, std::size_t max_in_memory);
  ~Dispatcher();

  // executor: null for the built-in one that delivers messages, whose name is empty.
  void add_executor(std::string name, EffectExecutor* executor, ExecutorLimits limits);
  bool has_executor(std::string_view name) const { return executors_.contains(name); }
  // Counts what is in the outbox. Entries up to `last` count as maybe started before.
  Result<void> recover(Sequence last);

  // The entry is durable now.
  void added(OutboxEntry entry);
  // The entry has left the outbox.
  void removed(std::string_view key);
  // Its executor gave up without an answer: it stays in the outbox until the next start.
  void parked(std::string_view key);

  struct Start {
    OutboxEntry entry;
    EffectExecutor* executor = nullptr;  // null: a message
    bool again = false;
  };
  // Everything that may start now, marked as running. What cannot be read is left for later and
  // does not hold up the rest; `failure` says why.
  struct Starts {
    std::vector<Start> items;
    std::optional<Error> failure;
  };
  Starts take_startable();

  std::size_t waiting() const { return waiting_; }  // could start once it is their turn
  std::size_t running() const { return running_; }  // effects, and messages being delivered
  std::size_t running_effects() const;
  std::size_t size() const { return waiting_ + running_ + parked_; }

 private:
  struct Group;
  struct Executor;

  Executor& executor_named(std::string_view name);
  Group& group_of(const std::string& prefix, Executor& executor);
  void make_ready(Group& group);
  void end_run(std::string_view key, bool parked);
  Result<void> refill(Group& group);
  void take_from(Executor& executor, Starts& starts);
  void load(Group& group, std::string_view key, std::string_view value);

  const StoreView& store_;
  const std::size_t max_in_memory_;
  Sequence recovered_ = 0;
  std::size_t in_memory_ = 0;
  std::size_t waiting_ = 0;
  std::size_t running_ = 0;
  std::size_t parked_ = 0;
  std::map<std::string, std::unique_ptr<Executor>, std::less<>> executors_;
  std::map<std::string, std::unique_ptr<Group>, std::less<>> groups_;
};

}  // namespace tidemark::engine
