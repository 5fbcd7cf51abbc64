// The writes of one step. Nothing here can fail: whatever could was done by plan().
#include "base/mutation.h"
#include "base/sha256.h"
#include "engine/journal_codec.h"
#include "engine/keys.h"
#include "engine/stepper.h"

namespace tidemark::engine {

JournalRecord Stepper::begin_record(const Work& work, const Loaded& loaded) const {
  JournalRecord record;
  record.sequence = next_;
  record.at = now_;
  record.tenant = work.input.instance.tenant();
  record.instance = work.input.instance;
  record.previous = loaded.value.last;
  record.input_type = work.input.type;
  record.input_hash = work.payload_hash ? *work.payload_hash : sha256(work.input.payload);
  record.input_bytes = work.input.payload.size();
  record.dedupe_key = work.input.dedupe_key;
  record.correlation_id = work.input.correlation_id;
  record.causation_id = work.input.causation_id;
  if (!work.outbox_key.empty()) {
    if (const auto key = parse_outbox_key(work.outbox_key)) record.effect = key->position;
    record.completes = work.source != Work::Source::progress;
  }
  return record;
}

void Stepper::write(Work& work, const AnyMachine& machine, const Loaded& loaded, Plan plan) {
  JournalRecord record = carry_out(work, machine, loaded, std::move(plan));
  finish_record(work, record);
  auto& steps = outcome_.steps_by_machine;
  const auto found = steps.find(machine.kind);
  found == steps.end() ? void(steps.emplace(machine.kind, 1)) : void(++found->second);
}

// All of a step's writes but its record, which is returned.
JournalRecord Stepper::carry_out(const Work& work, const AnyMachine& machine, const Loaded& loaded,
                                 Plan plan) {
  auto& transition = plan.transition;
  JournalRecord record = begin_record(work, loaded);
  record.machine_version = machine.version;
  record.end = transition.end;
  write_instance(work, transition);
  write_history(record.instance.value, plan);
  write_rows(record, plan);
  write_events(record, transition.events);
  write_timers(work, plan.timers);
  write_outbox(work, transition);
  if (record.completes) remove_outbox_entry(work);
  write_dedupe(work);
  write_secrets(work, record, transition.dropped_secrets);
  record.state_hash = sha256(transition.state);
  record.state = std::move(transition.state);
  record.timers = std::move(transition.timers);
  record.effects = std::move(transition.effects);
  record.messages = std::move(transition.messages);
  return record;
}

void Stepper::write_instance(const Work& work, const Transition<std::string>& transition) {
  const auto key = instance_key(work.input.instance.value);
  if (transition.end) {
    overlay_.erase(Table::instance, key);
  } else {
    overlay_.put(Table::instance, key, encode(InstanceValue{next_, transition.state}));
  }
}

void Stepper::write_rows(JournalRecord& record, Plan& plan) {
  const std::string prefix = row_prefix(record.instance.value);
  auto& rows = plan.transition.rows;
  record.rows.reserve(rows.size());
  for (auto& row : rows) {
    JournalRecord::Row note{row.key, std::nullopt};
    if (row.value) note.value_hash = sha256(*row.value);
    record.rows.push_back(std::move(note));
    if (plan.unchanged.contains(row.key)) continue;
    if (row.value) {
      overlay_.put(Table::row, prefix + row.key, encode(StoredRow{next_, *row.value}));
    } else {
      overlay_.erase(Table::row, prefix + row.key);
    }
  }
}

void Stepper::write_history(std::string_view instance, const Plan& plan) {
  for (const auto& [key, stored] : plan.replaced) {
    overlay_.append(Table::journal_index, history_key(instance, key, next_),
                    encode_history(stored));
  }
}

void Stepper::write_events(JournalRecord& record, std::vector<EmittedEvent>& events) {
  if (events.empty()) return;
  record.events.reserve(events.size());
  std::uint16_t index = 0;
  for (auto& emitted : events) {
    const Position position{next_, index++};
    Event event;
    event.id = make_id(kEventPrefix, now_, position);
    event.type = std::move(emitted.type);
    event.version = emitted.version;
    event.occurred_at = now_;
    event.company_id = record.tenant;
    event.source = std::move(emitted.source);
    event.correlation_id = record.correlation_id;
    event.causation_id = record.causation_id;
    const auto bytes = encode_event(event, emitted.payload);
    const bool lost = mutated(Mutation::event_not_written) && position.index == 1;
    if (!lost) overlay_.append(Table::event, event_key(position), bytes);
    ++outcome_.events_by_type[event.type];
    record.events.push_back(
        {std::move(event.id), std::move(event.type), std::move(emitted.dedupe_key), sha256(bytes)});
  }
  overlay_.append(Table::journal_index, index_key(events_of_tenant_prefix(record.tenant), next_),
                  {});
}

void Stepper::write_timers(const Work& work, const std::vector<Plan::TimerWrite>& timers) {
  const std::string_view instance = work.input.instance.value;
  for (const auto& timer : timers) {
    const auto name_key = timer_name_key(instance, timer.name);
    if (timer.erase) {
      overlay_.erase(Table::timer, timer_due_key(*timer.erase, instance, timer.name));
      overlay_.erase(Table::timer, name_key);
      --outcome_.timers_delta;
    }
    if (timer.put) {
      const TimerValue value{next_, now_, timer.new_cause, work.input.correlation_id};
      overlay_.put(Table::timer, timer_due_key(*timer.put, instance, timer.name), encode(value));
      overlay_.put(Table::timer, name_key, encode_due(*timer.put));
      ++outcome_.timers_delta;
      outcome_.timers_set.push_back(*timer.put);
    }
  }
}

void Stepper::write_outbox(const Work& work, Transition<std::string>& transition) {
  std::uint16_t index = 0;
  const auto add = [&](std::string executor, std::string host, std::string type,
                       std::string payload, const std::string& correlation_id) {
    OutboxEntry entry{{next_, index++},    std::move(executor), std::move(host),
                      work.input.instance, correlation_id,      now_,
                      std::move(type),     std::move(payload)};
    overlay_.put(Table::outbox, outbox_key(entry.executor, entry.host, entry.position),
                 encode(entry));
    outcome_.outbox_added.push_back(std::move(entry));
  };
  for (const auto& effect : transition.effects) {
    add(effect.executor, effect.host, {}, effect.payload,
        effect.correlation_id.empty() ? work.input.correlation_id : effect.correlation_id);
  }
  for (const auto& message : transition.messages) {
    add({}, message.to.value, message.type, message.payload, work.input.correlation_id);
  }
}

void Stepper::remove_outbox_entry(const Work& work) {
  if (work.source == Work::Source::progress) return;
  if (!mutated(Mutation::outbox_entry_kept)) overlay_.erase(Table::outbox, work.outbox_key);
  outcome_.outbox_removed.push_back(work.outbox_key);
}

void Stepper::write_dedupe(const Work& work) {
  if (work.input.dedupe_key.empty()) return;
  if (mutated(Mutation::dedupe_mark_lost) && next_ % 4 == 0) return;
  overlay_.put(Table::dedupe, dedupe_key(work.input.instance.tenant(), work.input.dedupe_key),
               encode(DedupeValue{next_, now_ + work.input.dedupe_for, work.input.correlation_id}));
}

// Copied, not moved: when the commit of the batch before this one fails, the input is stepped
// again.
void Stepper::write_secrets(const Work& work, JournalRecord& record,
                            std::vector<std::string>& dropped) {
  for (const auto& secret : work.input.secrets) {
    overlay_.put(Table::secret, secret_key(record.tenant, secret.name), secret.sealed);
    record.secrets.push_back(secret.name);
  }
  for (const auto& name : dropped) overlay_.erase(Table::secret, secret_key(record.tenant, name));
  record.dropped_secrets = std::move(dropped);
}

void Stepper::finish_record(Work& work, JournalRecord& record) {
  const auto bytes = encode_record(record);
  append_record(work, record, bytes);
}

void Stepper::append_record(Work& work, const JournalRecord& record, std::string_view bytes) {
  const auto key = sequence_key(next_);
  overlay_.append(Table::journal, key, bytes);
  tree_.append(next_, record.hash, [this](merkle::Node node, const Sha256& hash) {
    overlay_.append(Table::journal_index, tree_key(node.level, node.index), encode_node(hash));
  });
  overlay_.append(Table::input, key, encode_input(work.input.payload));
  const auto index = [&](std::string prefix) {
    overlay_.append(Table::journal_index, index_key(std::move(prefix), next_), {});
  };
  index(by_correlation_prefix(record.correlation_id));
  index(records_of_tenant_prefix(record.tenant));
  if (record.end || record.error) {
    // The next step of this instance, maybe in this very batch, finds its predecessor by this key.
    overlay_.put(Table::journal_index, index_key(by_instance_prefix(record.instance.value), next_),
                 {});
  } else {
    index(by_instance_prefix(record.instance.value));
  }
  work.result = Receipt{next_, false, record.correlation_id};
  outcome_.last = next_++;
}

// A message that its target refuses would block every later message to it for ever, so it leaves
// the outbox; the record keeps what it was and why it was refused.
Result<Outcome> Stepper::reject(Work& work, const Error& error) {
  TM_ASSIGN(auto loaded, load(work.input.instance));
  JournalRecord record = carry_out_refusal(work, std::move(loaded), error);
  finish_record(work, record);
  work.result = fail(error);
  return Outcome::rejected;
}

JournalRecord Stepper::carry_out_refusal(const Work& work, Loaded loaded, const Error& error) {
  const auto machine = machines_.find(work.input.instance.kind());
  JournalRecord record = begin_record(work, loaded);
  record.machine_version = machine == machines_.end() ? 0 : machine->second.version;
  record.error = Error{error.code, error.message, {}};
  record.state_hash = sha256(loaded.value.state);
  record.state = loaded.value.state;
  if (loaded.exists) {
    loaded.value.last = next_;
    overlay_.put(Table::instance, instance_key(work.input.instance.value), encode(loaded.value));
  }
  remove_outbox_entry(work);
  return record;
}

}  // namespace tidemark::engine
