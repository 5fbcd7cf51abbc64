#include "sim/journal_auditor.h"

#include "audit/checkpoint_machine.h"
#include "audit/verify.h"
#include "engine/keys.h"
#include "engine/stored_values.h"
#include "sim/ledger.h"
#include "sim/signer.h"

namespace tidemark::sim {

void JournalAuditor::violated(const std::string& auditor, const JournalRecord& record,
                              const std::string& what) {
  stage_.violated(auditor, "record " + std::to_string(record.sequence) + " (" +
                               record.instance.value + " " + record.input_type + "): " + what);
}

void JournalAuditor::catch_up(const StoreView& view, Sequence last) {
  while (audited_ < last && !stage_.violation) {
    const auto record = read_record(view, audited_ + 1);
    const auto input = read_input(view, audited_ + 1);
    if (!record || !input) {
      return stage_.violated(
          "journal", "record " + std::to_string(audited_ + 1) +
                         " cannot be read: " + (record ? input.error() : record.error()).message);
    }
    ++audited_;
    hashes_.push_back(record->hash);
    audit(*record, *input);
  }
}

void JournalAuditor::audit(const JournalRecord& record, const std::string& input) {
  if (auto replayed = replayer_.replay(record, input); !replayed) {
    stage_.violated("replay", replayed.error().message);
  }
  audit_identity(record);
  audit_order(record, input);
  audit_effect(record);
  audit_timers(record, input);
  if (record.error) return;
  std::uint16_t index = 0;
  for (const auto& effect : record.effects) {
    outbox_[{record.sequence, index++}] = {record.instance.value, effect.executor, effect.host,
                                           record.end};
  }
  for (const auto& message : record.messages) {
    outbox_[{record.sequence, index++}] = {record.instance.value, {}, message.to.value, false};
  }
  index = 0;
  for (const auto& event : record.events) {
    told_[record.tenant].push_back(
        {{record.sequence, index++}, event.id, event.type, record.instance.value});
  }
}

void JournalAuditor::audit_identity(const JournalRecord& record) {
  if (record.tenant != record.instance.tenant()) {
    violated("tenants", record, "it belongs to " + record.tenant);
  }
  auto& life = lives_[record.instance.value];
  if (record.previous != life.last) {
    violated("journal", record, "its predecessor is said to be " + std::to_string(record.previous));
  }
  life.last = record.sequence;
  if (record.error) return;
  life.exists = !record.end;
  life.state = record.state;
}

// One key, one step; an order, one booking, however often it was submitted.
void JournalAuditor::audit_order(const JournalRecord& record, const std::string& input) {
  if (!record.dedupe_key.empty() &&
      !dedupe_keys_.emplace(std::pair{record.tenant, record.dedupe_key}, record.sequence).second) {
    violated("dedupe", record, "its dedupe key " + record.dedupe_key + " was used before");
  }
  if (record.instance.kind() != LedgerMachine::kind || record.input_type != "order") return;
  if (!orders_.emplace(std::pair{record.tenant, input}, record.sequence).second) {
    violated("dedupe", record, "the order " + input + " is booked twice");
  }
}

void JournalAuditor::audit_effect(const JournalRecord& record) {
  if (!record.effect) return;
  const auto entry = outbox_.find(*record.effect);
  if (entry == outbox_.end()) {
    return violated("effects", record, "the effect that it is about has ended, or never was");
  }
  const auto& waiting = entry->second;
  const std::string& target = waiting.executor.empty() ? waiting.host : waiting.instance;
  if (target != record.instance.value) {
    violated("effects", record, "what it reports was asked for by " + waiting.instance);
  }
  if (waiting.executor.empty()) {
    auto& before = last_message_[waiting.instance + ">" + waiting.host];
    if (*record.effect < before) violated("effects", record, "a message overtook another one");
    before = *record.effect;
  }
  if (record.completes) outbox_.erase(entry);
}

void JournalAuditor::audit_timers(const JournalRecord& record, const std::string& input) {
  const std::string& instance = record.instance.value;
  if (record.input_type == kTimerFired) {
    const auto timer = timers_.find({instance, input});
    if (timer == timers_.end()) {
      violated("timers", record, "the timer " + input + " was not set, or has fired before");
    } else if (timer->second > record.at) {
      violated("timers", record, "the timer " + input + " is early");
    } else {
      timers_.erase(timer);
    }
  }
  if (record.error) return;
  for (const auto& change : record.timers) {
    timers_.erase({instance, change.name});
    if (change.due) timers_[{instance, change.name}] = *change.due;
  }
  if (record.end) {
    std::erase_if(timers_, [&](const auto& timer) { return timer.first.first == instance; });
    for (auto& [position, waiting] : outbox_) waiting.orphaned |= waiting.instance == instance;
  }
}

void JournalAuditor::check_prefix(const Store& store) {
  if (store.last_sequence() < audited_) {
    return stage_.violated("prefix",
                           "the store ends at record " + std::to_string(store.last_sequence()) +
                               ", though record " + std::to_string(audited_) + " was durable");
  }
  const Sequence look_at = std::min<Sequence>(audited_, 64);
  for (Sequence sequence = audited_ - look_at + 1; sequence <= audited_; ++sequence) {
    if (!is_as_it_was(store, sequence)) return;
  }
}

void JournalAuditor::check_history(const StoreView& view) {
  for (Sequence sequence = 1; sequence <= audited_; ++sequence) {
    if (!is_as_it_was(view, sequence)) return;
  }
}

bool JournalAuditor::is_as_it_was(const StoreView& view, Sequence sequence) {
  const auto record = read_record(view, sequence);
  if (record && record->hash == hashes_[sequence - 1]) return true;
  stage_.violated("prefix", "record " + std::to_string(sequence) + " is not what it was");
  return false;
}

void JournalAuditor::check_tables(const StoreView& view) {
  check_timer_table(view);
  check_outbox_table(view);
  check_instances(view);
}

void JournalAuditor::check_timer_table(const StoreView& view) {
  std::map<std::pair<std::string, std::string>, WallTime> stored;
  const auto scanned = view.scan(Table::timer, engine::timer_due_prefix(), {},
                                 [&](std::string_view key, std::string_view) {
                                   const auto timer = engine::parse_timer_due_key(key);
                                   if (timer) stored[{timer->instance, timer->name}] = timer->due;
                                   return true;
                                 });
  if (!scanned || stored != timers_) {
    stage_.violated("timers",
                    "the store has " + std::to_string(stored.size()) +
                        " timers, the journal set others: " + std::to_string(timers_.size()));
  }
}

void JournalAuditor::check_outbox_table(const StoreView& view) {
  std::set<Position> stored;
  const auto scanned = view.scan(Table::outbox, engine::partition_prefix(), {},
                                 [&](std::string_view key, std::string_view) {
                                   const auto entry = engine::parse_outbox_key(key);
                                   if (entry) stored.insert(entry->position);
                                   return true;
                                 });
  if (!scanned) return stage_.violated("effects", "the outbox cannot be read");
  for (const auto& position : stored) {
    if (outbox_.contains(position)) continue;
    return stage_.violated("effects", "the outbox has an effect of record " +
                                          std::to_string(position.sequence) + " that has ended");
  }
  for (const auto& [position, waiting] : outbox_) {
    const bool message = waiting.executor.empty();
    if (stored.contains(position) || (waiting.orphaned && !message)) continue;
    return stage_.violated("effects", "the outbox lacks an effect of record " +
                                          std::to_string(position.sequence) + " (" +
                                          waiting.instance + ", " + waiting.executor + ")");
  }
}

void JournalAuditor::check_instances(const StoreView& view) {
  std::size_t rows = 0;
  for (const auto& [id, life] : lives_) {
    const auto bytes = view.get(Table::instance, engine::instance_key(id));
    const bool there = bytes && *bytes;
    if (there != life.exists) return stage_.violated("replay", id + " should not be as it is");
    if (!there) continue;
    const auto value = engine::decode_instance(**bytes);
    if (!value || value->state != life.state || value->last != life.last) {
      return stage_.violated("replay", "the stored state of " + id + " is not the recorded one");
    }
    const auto& replayed = replayer_.rows_of({id});
    std::map<std::string, std::string> stored;
    const auto scanned = scan_rows(view, {id}, {}, {}, [&](std::string_view key, auto row) {
      stored.emplace(key, row);
      return true;
    });
    if (!scanned || stored != replayed) {
      return stage_.violated("replay", "the rows of " + id + " are not what its steps wrote");
    }
    rows += stored.size();
  }
  std::size_t all = 0;
  const auto counted =
      view.scan(Table::row, engine::partition_prefix(), {}, [&](auto, auto) { return ++all != 0; });
  if (!counted || all != rows) stage_.violated("replay", "there are rows of nobody");
}

void JournalAuditor::check_feed(const StoreView& view) {
  for (const auto& [tenant, told] : told_) {
    std::size_t seen = 0;
    FeedFilter filter{.tenant = tenant, .limit = 500};
    for (bool more = true; more;) {
      const auto page = read_feed_lines(view, filter);
      if (!page) return stage_.violated("feed", page.error().message);
      for (const auto& line : page->items) {
        const bool right = seen < told.size() && told[seen].id == line.id &&
                           told[seen].position == line.position && told[seen].type == line.type;
        if (!right) {
          return stage_.violated("feed", tenant + "'s feed has " + line.id + " (" + line.type +
                                             ") where the journal has " +
                                             (seen < told.size() ? told[seen].id : "nothing"));
        }
        ++seen;
      }
      filter.after = page->next;
      more = page->more;
    }
    if (seen != told.size()) stage_.violated("feed", tenant + "'s feed lacks " + told[seen].id);
  }
}

void JournalAuditor::check_proofs(const StoreView& view, Sequence last) {
  audit::VerifyOptions options{.last = last, .ends = true, .payloads = true};
  const auto part = audit::verify_records(view, options);
  if (!part) return stage_.violated("audit", part.error().message);
  if (part->finding) return stage_.violated("audit", part->finding->what);
  const auto stored = audit::read_checkpoints(view, 0, 1000);
  if (!stored) return stage_.violated("audit", stored.error().message);
  std::vector<std::string> notes;
  for (const auto& checkpoint : *stored) notes.push_back(checkpoint.note);
  const auto rest = audit::verify_checkpoints(view, last, notes, note_signer().verifier());
  if (!rest) return stage_.violated("audit", rest.error().message);
  if (rest->finding) stage_.violated("audit", rest->finding->what);
}

void JournalAuditor::check_timers_fired(WallTime now) {
  for (const auto& [timer, due] : timers_) {
    if (due >= now) continue;
    return stage_.violated(
        "timers", "the timer " + timer.second + " of " + timer.first + " was due and never fired");
  }
}

std::uint64_t JournalAuditor::digest() const {
  std::uint64_t digest = 0;
  for (const auto& hash : hashes_) {
    for (const auto byte : hash) digest = digest * 1099511628211ULL + byte;
  }
  return digest;
}

Sequence JournalAuditor::order(std::string_view tenant, std::string_view key) const {
  const auto found = orders_.find({std::string(tenant), std::string(key)});
  return found == orders_.end() ? 0 : found->second;
}

}  // namespace tidemark::sim
