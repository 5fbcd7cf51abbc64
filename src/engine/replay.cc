#include "engine/replay.h"

#include <algorithm>

#include "engine/journal_codec.h"

namespace tidemark {
namespace {

using Rows = std::map<std::string, std::string>;

class MapRows final : public RowReader {
 public:
  explicit MapRows(const Rows& rows) : rows_(rows) {}

  std::optional<std::string> get(std::string_view key) const override {
    const auto found = rows_.find(std::string(key));
    if (found == rows_.end()) return std::nullopt;
    return found->second;
  }
  void scan(std::string_view prefix, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& visitor) const override {
    for (auto row = rows_.lower_bound(std::string(std::max(prefix, from)));
         row != rows_.end() && row->first.starts_with(prefix); ++row) {
      if (!visitor(row->first, row->second)) return;
    }
  }

 private:
  const Rows& rows_;
};

bool same(const std::vector<JournalRecord::Row>& recorded, const std::vector<RowChange>& rows) {
  return std::equal(recorded.begin(), recorded.end(), rows.begin(), rows.end(),
                    [](const auto& note, const auto& row) {
                      return note.key == row.key &&
                             note.value_hash.has_value() == row.value.has_value() &&
                             (!row.value || *note.value_hash == sha256(*row.value));
                    });
}

bool same(const std::vector<EffectRequest>& recorded, const std::vector<EffectRequest>& effects) {
  return std::equal(recorded.begin(), recorded.end(), effects.begin(), effects.end(),
                    [](const auto& a, const auto& b) {
                      return a.executor == b.executor && a.host == b.host &&
                             a.payload == b.payload && a.correlation_id == b.correlation_id;
                    });
}

bool same(const std::vector<TimerChange>& recorded, const std::vector<TimerChange>& timers) {
  return std::equal(recorded.begin(), recorded.end(), timers.begin(), timers.end(),
                    [](const auto& a, const auto& b) {
                      return a.name == b.name && a.due == b.due && a.new_cause == b.new_cause;
                    });
}

bool same(const std::vector<Message>& recorded, const std::vector<Message>& messages) {
  return std::equal(recorded.begin(), recorded.end(), messages.begin(), messages.end(),
                    [](const auto& a, const auto& b) {
                      return a.to == b.to && a.type == b.type && a.payload == b.payload;
                    });
}

// The event exactly as the engine would store it, so that the hashes can be compared.
Sha256 hash_of(const JournalRecord& record, const EmittedEvent& emitted, std::uint16_t index) {
  Event event;
  event.id = make_id(kEventPrefix, record.at, {record.sequence, index});
  event.type = emitted.type;
  event.version = emitted.version;
  event.occurred_at = record.at;
  event.company_id = record.tenant;
  event.source = emitted.source;
  event.correlation_id = record.correlation_id;
  event.causation_id = record.causation_id;
  return sha256(engine::encode_event(event, emitted.payload));
}

bool same_events(const JournalRecord& record, const std::vector<EmittedEvent>& events) {
  if (record.events.size() != events.size()) return false;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto& note = record.events[i];
    if (note.type != events[i].type || note.dedupe_key != events[i].dedupe_key ||
        note.hash != hash_of(record, events[i], static_cast<std::uint16_t>(i))) {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<Transition<std::string>> rerun(const AnyMachine& machine, const JournalRecord& record,
                                      std::string_view input, std::string_view state,
                                      const RowReader& rows) {
  const StepContext context{record.sequence,       record.at, record.tenant, record.instance,
                            record.correlation_id, rows};
  return machine.step(context, state, record.input_type, input);
}

std::optional<std::string> difference(const JournalRecord& record,
                                      const Transition<std::string>& transition) {
  if (record.state_hash != sha256(transition.state)) return "the state differs";
  if (!same(record.rows, transition.rows)) return "the rows differ";
  if (!same_events(record, transition.events)) return "the events differ";
  if (!same(record.effects, transition.effects)) return "the effects differ";
  if (!same(record.timers, transition.timers)) return "the timers differ";
  if (!same(record.messages, transition.messages)) return "the messages differ";
  if (record.dropped_secrets != transition.dropped_secrets) return "the dropped secrets differ";
  if (record.end != transition.end) return "one ends the instance, the other does not";
  return std::nullopt;
}

Result<void> Replayer::replay(const JournalRecord& record, std::string_view input) {
  const std::string where = "record " + std::to_string(record.sequence);
  if (sha256(input) != record.input_hash) {
    return fail(Errc::corrupt, where + ": the input's bytes do not match their hash");
  }
  auto& instance = instances_[record.instance.value];
  const auto machine = machines_.find(record.instance.kind());
  if (machine == machines_.end()) {
    if (record.error) return {};
    return fail(Errc::conflict, where + ": no machine of its kind is registered");
  }
  auto transition = rerun(machine->second, record, input, instance.state, MapRows(instance.rows));
  if (record.error) {
    if (transition) return fail(Errc::conflict, where + ": was refused, and is accepted now");
    return {};
  }
  if (!transition) {
    return fail(Errc::conflict, where + ": is refused now: " + transition.error().message);
  }
  return apply(record, instance, *transition);
}

Result<void> Replayer::apply(const JournalRecord& record, Instance& instance,
                             const Transition<std::string>& transition) {
  if (const auto differs = difference(record, transition)) {
    return fail(Errc::conflict, "record " + std::to_string(record.sequence) + ": " + *differs);
  }
  if (transition.end) {
    instance = Instance{};
    return {};
  }
  instance.state = transition.state;
  for (const auto& row : transition.rows) {
    if (row.value) {
      instance.rows[row.key] = *row.value;
    } else {
      instance.rows.erase(row.key);
    }
  }
  return {};
}

}  // namespace tidemark
