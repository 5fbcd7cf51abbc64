#include "engine/dispatcher.h"

#include <algorithm>

#include "base/log.h"
#include "base/mutation.h"
#include "engine/keys.h"

namespace tidemark::engine {
namespace {

// Of one group in memory, beyond what runs: enough to keep it busy between two reads of the disk.
constexpr std::size_t kGroupWindow = 32;

}  // namespace

struct Dispatcher::Group {
  std::string prefix;
  Executor* executor = nullptr;
  std::deque<OutboxEntry> loaded;  // next in turn
  std::string last_loaded{};       // the greatest key that was ever in memory
  std::size_t on_disk = 0;         // entries after last_loaded
  std::size_t running = 0;
  bool ready = false;  // in the executor's ring

  std::size_t waiting() const { return loaded.size() + on_disk; }
};

struct Dispatcher::Executor {
  std::string name;
  EffectExecutor* executor = nullptr;
  ExecutorLimits limits;
  bool known = true;
  std::size_t running = 0;
  std::deque<Group*> ready;  // groups that may start one more, in order of their turn
};

Dispatcher::Dispatcher(const StoreView& store, std::size_t max_in_memory)
    : store_(store), max_in_memory_(max_in_memory) {}
Dispatcher::~Dispatcher() = default;

void Dispatcher::add_executor(std::string name, EffectExecutor* executor, ExecutorLimits limits) {
  auto added = std::make_unique<Executor>();
  added->name = name;
  added->executor = executor;
  added->limits = limits;
  executors_.emplace(std::move(name), std::move(added));
}

// An executor nobody registered gets a place too: what waits for it is kept, and told once.
Dispatcher::Executor& Dispatcher::executor_named(std::string_view name) {
  auto found = executors_.find(name);
  if (found == executors_.end()) {
    add_executor(std::string(name), nullptr, {});
    found = executors_.find(name);
    found->second->known = false;
    log::error(
        "no executor has this name: its effects stay in the outbox until a version of "
        "tidemark that has it is started",
        {.detail = name});
  }
  return *found->second;
}

Dispatcher::Group& Dispatcher::group_of(const std::string& prefix, Executor& executor) {
  auto& group = groups_[prefix];
  if (!group) {
    group = std::make_unique<Group>();
    group->prefix = prefix;
    group->executor = &executor;
  }
  return *group;
}

Result<void> Dispatcher::recover(Sequence last) {
  recovered_ = last;
  if (mutated(Mutation::outbox_forgotten_on_recovery)) return {};
  TM_TRY(store_.scan(Table::outbox, partition_prefix(), {},
                     [&](std::string_view key, std::string_view) {
                       const auto parsed = parse_outbox_key(key);
                       if (!parsed) return true;
                       auto& executor = executor_named(parsed->executor);
                       if (!executor.known) {
                         ++parked_;
                         return true;
                       }
                       ++group_of(std::string(outbox_prefix_of(key)), executor).on_disk;
                       ++waiting_;
                       return true;
                     }));
  for (const auto& [prefix, group] : groups_) make_ready(*group);
  return {};
}

void Dispatcher::make_ready(Group& group) {
  if (group.ready || group.waiting() == 0 ||
      group.running >= group.executor->limits.running_per_host) {
    return;
  }
  group.ready = true;
  group.executor->ready.push_back(&group);
}

void Dispatcher::added(OutboxEntry entry) {
  auto& executor = executor_named(entry.executor);
  if (!executor.known) {
    ++parked_;
    return;
  }
  auto& group = group_of(outbox_prefix(entry.executor, entry.host), executor);
  ++waiting_;
  // Once something was left on disk, all that follows goes there too: the order is kept.
  if (group.on_disk > 0 || group.loaded.size() >= kGroupWindow || in_memory_ >= max_in_memory_) {
    ++group.on_disk;
  } else {
    group.last_loaded = outbox_key(entry.executor, entry.host, entry.position);
    group.loaded.push_back(std::move(entry));
    ++in_memory_;
  }
  make_ready(group);
}

void Dispatcher::removed(std::string_view key) {
  end_run(key, false);
}
void Dispatcher::parked(std::string_view key) {
  end_run(key, true);
}

void Dispatcher::end_run(std::string_view key, bool parked) {
  const auto found = groups_.find(outbox_prefix_of(key));
  if (found == groups_.end() || found->second->running == 0) return;
  auto& group = *found->second;
  --group.running;
  --group.executor->running;
  --running_;
  if (parked) ++parked_;
  make_ready(group);
  if (group.running == 0 && group.waiting() == 0 && !group.ready) groups_.erase(found);
}

Result<void> Dispatcher::refill(Group& group) {
  const std::size_t room = in_memory_ < max_in_memory_ ? max_in_memory_ - in_memory_ : 1;
  const std::size_t wanted = std::min({kGroupWindow, room, group.on_disk});
  const std::string from = group.last_loaded.empty() ? std::string() : group.last_loaded + '\0';
  std::size_t seen = 0;
  TM_TRY(store_.scan(Table::outbox, group.prefix, from,
                     [&](std::string_view key, std::string_view value) {
                       if (seen == wanted) return false;
                       ++seen;
                       group.last_loaded = key;
                       load(group, key, value);
                       return true;
                     }));
  // Fewer than were counted: nothing more is waiting after all.
  if (seen < wanted) {
    waiting_ -= group.on_disk;
    group.on_disk = 0;
  }
  return {};
}

void Dispatcher::load(Group& group, std::string_view key, std::string_view value) {
  --group.on_disk;
  auto entry = decode_outbox(key, value);
  if (!entry) {
    log::error("an effect in the outbox cannot be read and is left there",
               {.error_code = name(entry.error().code), .detail = entry.error().message});
    --waiting_;
    ++parked_;
    return;
  }
  ++in_memory_;
  group.loaded.push_back(*std::move(entry));
}

void Dispatcher::take_from(Executor& executor, Starts& starts) {
  std::size_t unreadable = 0;
  while (executor.ready.size() > unreadable && executor.running < executor.limits.running) {
    Group& group = *executor.ready.front();
    executor.ready.pop_front();
    if (group.loaded.empty()) {
      if (auto refilled = refill(group); !refilled) {
        starts.failure = std::move(refilled).error();
        executor.ready.push_back(&group);
        ++unreadable;
        continue;
      }
    }
    group.ready = false;
    if (group.loaded.empty()) continue;
    OutboxEntry entry = std::move(group.loaded.front());
    group.loaded.pop_front();
    --in_memory_;
    --waiting_;
    ++group.running;
    ++executor.running;
    ++running_;
    const bool again = entry.position.sequence <= recovered_;
    starts.items.push_back({std::move(entry), executor.executor, again});
    // The unreadable ones stay at the end, so that the loop does not come back to them.
    make_ready(group);
    if (unreadable > 0 && group.ready) {
      std::rotate(executor.ready.rbegin(), executor.ready.rbegin() + 1,
                  executor.ready.rbegin() + 1 + static_cast<std::ptrdiff_t>(unreadable));
    }
  }
}

Dispatcher::Starts Dispatcher::take_startable() {
  Starts starts;
  for (const auto& [name, executor] : executors_) take_from(*executor, starts);
  return starts;
}

std::size_t Dispatcher::running_effects() const {
  const auto messages = executors_.find(std::string_view());
  return running_ - (messages == executors_.end() ? 0 : messages->second->running);
}

}  // namespace tidemark::engine
