// What a transition is allowed to be, and the reads its writes need.
#include <algorithm>
#include <cassert>
#include <map>
#include <set>

#include "base/mutation.h"
#include "base/text.h"
#include "engine/engine_limits.h"
#include "engine/instance_rows.h"
#include "engine/keys.h"
#include "engine/stepper.h"

namespace tidemark::engine {
namespace {

tl::unexpected<Error> refuse(const Work& work, const std::string& what) {
  return fail(Errc::internal, "the machine of " + work.input.instance.value + " returned " + what +
                                  " for input " + work.input.type + ": nothing was written");
}

// What the transition adds to the commit; what the journal holds as well counts twice.
std::size_t bytes_of(const Transition<std::string>& transition) {
  std::size_t bytes = 2 * transition.state.size();
  for (const auto& row : transition.rows)
    bytes += 2 * row.key.size() + (row.value ? row.value->size() : 0);
  for (const auto& event : transition.events) bytes += event.payload.text().size();
  for (const auto& effect : transition.effects) bytes += 2 * effect.payload.size();
  for (const auto& message : transition.messages) bytes += 2 * message.payload.size();
  for (const auto& name : transition.dropped_secrets) bytes += 2 * name.size();
  return bytes;
}

std::optional<std::string> fault_in_rows(const Transition<std::string>& transition) {
  if (bytes_of(transition) > kMaxTransitionBytes) return "more than 8 MiB to write";
  for (const auto& row : transition.rows) {
    if (row.key.size() > kMaxRowKeyBytes) return "a row key that is too long";
  }
  return std::nullopt;
}

// An event is read back as JSON, whose depth is limited; its envelope is one level.
bool too_deep(const JsonText& payload) {
  return json_depth(payload.text()) >= kMaxJsonDepth;
}

std::optional<std::string> fault_in_outputs(const Transition<std::string>& transition) {
  if (transition.events.size() >= kMaxOutputs ||
      transition.effects.size() + transition.messages.size() >= kMaxOutputs) {
    return "more events, effects or messages than one record can number";
  }
  for (const auto& effect : transition.effects) {
    if (effect.executor.empty() || effect.executor.size() > kMaxNameBytes ||
        effect.host.size() > kMaxInstanceBytes) {
      return "an effect without an executor, or with a name that is too long";
    }
  }
  for (const auto& event : transition.events) {
    if (event.type.empty() || event.type.size() > kMaxNameBytes ||
        event.type.find_first_of("\"\\") != std::string::npos) {
      return "an event whose type is empty, too long or quoted";
    }
    if (too_deep(event.payload)) return "an event whose payload is nested too deeply";
    if (!event.payload.text().starts_with("{")) return "an event whose payload is no object";
  }
  for (const auto& timer : transition.timers) {
    if (timer.name.size() > kMaxNameBytes) return "a timer name that is too long";
  }
  for (const auto& message : transition.messages) {
    if (!valid_instance_id(message.to)) return "a message to an ill-formed instance id";
  }
  return std::nullopt;
}

std::optional<std::string> fault_in_secrets(const Work& work,
                                            const std::vector<std::string>& dropped) {
  if (dropped.size() > kMaxDroppedSecrets) return "more than 256 secrets to drop";
  for (const auto& name : dropped) {
    if (!valid_secret_name(name)) return "an ill-formed name of a secret to drop";
    // Whoever submitted it is about to be told that it is kept.
    for (const auto& secret : work.input.secrets) {
      if (secret.name == name) return "a secret to drop that comes with this very input";
    }
  }
  return std::nullopt;
}

}  // namespace

bool valid_secret_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxSecretNameBytes && is_valid_utf8(name);
}

bool valid_instance_id(const InstanceId& id) {
  return id.value.size() <= kMaxInstanceBytes && !id.kind().empty() && !id.tenant().empty();
}

Result<Stepper::Plan> Stepper::plan(const Work& work, Transition<std::string> transition) const {
  if (const auto fault = fault_in_outputs(transition)) return refuse(work, *fault);
  if (const auto fault = fault_in_rows(transition)) return refuse(work, *fault);
  if (const auto fault = fault_in_secrets(work, transition.dropped_secrets)) {
    return refuse(work, *fault);
  }
  Plan plan{std::move(transition)};
  TM_TRY(plan_timers(work, plan));
  if (plan.transition.end) TM_TRY(plan_end(work, plan));
  return plan;
}

// What a machine says is new must be.
[[maybe_unused]] bool is_absent(const InstanceRows& rows, const std::string& key) {
  const auto before = rows.before(key);
  return !before || !*before;
}

// Of several changes to one row in a transition the last one counts.
Result<void> Stepper::plan_history(const AnyMachine& machine, const InstanceRows& rows,
                                   Plan& plan) {
  std::map<std::string_view, const std::optional<std::string>*> after;
  for (const auto& row : plan.transition.rows) {
    assert(!row.is_new || is_absent(rows, row.key));
    if (!row.is_new && machine.remembers(row.key)) after[row.key] = &row.value;
  }
  for (const auto& [key, value] : after) {
    std::string name(key);
    TM_ASSIGN(auto stored, rows.before(name));
    TM_ASSIGN(const auto before, value_of_row(stored));
    if (before == *value) {
      plan.unchanged.insert(std::move(name));
    } else if (stored) {
      plan.replaced.emplace_back(std::move(name), *std::move(stored));
    }
  }
  return {};
}

Result<void> Stepper::plan_timers(const Work& work, Plan& plan) const {
  const std::string_view instance = work.input.instance.value;
  const bool fires = work.source == Work::Source::timer;
  // Of several changes to one timer in a transition the last one counts.
  std::map<std::string_view, const TimerChange*> changes;
  for (const auto& change : plan.transition.timers) changes[change.name] = &change;
  if (fires && !mutated(Mutation::timer_not_erased)) {
    plan.timers.push_back({.name = work.input.payload, .erase = work.timer_due});
  }
  for (const auto& [name, change] : changes) {
    Plan::TimerWrite write{.name = std::string(name)};
    if (!fires || name != work.input.payload) {
      TM_ASSIGN(const auto bytes, overlay_.get(Table::timer, timer_name_key(instance, name)));
      if (bytes) {
        TM_ASSIGN(write.erase, decode_due(*bytes));
      }
    }
    if (!plan.transition.end) write.put = change->due;
    write.new_cause = change->new_cause;
    plan.timers.push_back(std::move(write));
  }
  return {};
}

Result<void> Stepper::plan_end(const Work& work, Plan& plan) const {
  const std::string_view instance = work.input.instance.value;
  std::set<std::string, std::less<>> planned;
  for (const auto& write : plan.timers) planned.insert(write.name);
  const auto names = timer_name_prefix(instance);
  TM_TRY(overlay_.scan(Table::timer, names, {}, [&](std::string_view key, std::string_view value) {
    const auto due = decode_due(value);
    std::string name(key.substr(names.size()));
    if (due && !planned.contains(name)) plan.timers.push_back({.name = name, .erase = *due});
    return true;
  }));
  std::map<std::string_view, bool> rows_left;
  for (const auto& row : plan.transition.rows) rows_left[row.key] = row.value.has_value();
  bool left = false;
  for (const auto& [key, kept] : rows_left) left = left || kept;
  const auto rows = row_prefix(instance);
  TM_TRY(overlay_.scan(Table::row, rows, {}, [&](std::string_view key, std::string_view) {
    left = left || !rows_left.contains(key.substr(rows.size()));
    return !left;
  }));
  if (left) return refuse(work, "an end while the instance still has rows");
  return {};
}

}  // namespace tidemark::engine
