#include "audit/retention_drop.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "audit/checkpoint_machine.h"
#include "engine/as_of.h"
#include "engine/journal.h"
#include "engine/journal_codec.h"
#include "engine/journal_tree.h"
#include "engine/keys.h"
#include "engine/stored_values.h"
#include "store/unmoved.h"

namespace tidemark::audit {

using namespace engine;

namespace {

constexpr std::size_t kErasedPerCommit = 10'000;
constexpr std::size_t kRecordsAtOnce = 256;

// The narrowest index of a scope.
std::string index_of(const ErasureScope& scope) {
  if (!scope.correlation.empty()) return by_correlation_prefix(scope.correlation);
  if (!scope.instance.empty()) return by_instance_prefix(scope.instance);
  return records_of_tenant_prefix(scope.tenant);
}

bool narrower_than_its_index(const ErasureScope& scope) {
  const int named =
      int{!scope.tenant.empty()} + int{!scope.instance.empty()} + int{!scope.correlation.empty()};
  return named > 1;
}

bool covers(const ErasureScope& scope, const JournalRecord& record) {
  return (scope.tenant.empty() || scope.tenant == record.tenant) &&
         (scope.instance.empty() || scope.instance == record.instance.value) &&
         (scope.correlation.empty() || scope.correlation == record.correlation_id);
}

// A tile's records at once are held in memory without what they carry.
JournalRecord only_keys(JournalRecord record) {
  record.state = std::string();
  record.effects.clear();
  record.messages.clear();
  return record;
}

class Dropper {
 public:
  Dropper(Store& store, const std::function<bool()>& stopping)
      : store_(store), stopping_(stopping) {}

  Result<DropCounts> run(const std::vector<Cut>& cuts) && {
    for (const Cut& cut : cuts) {
      if (cut.kind == Cut::Kind::records) {
        TM_TRY(drop_records(cut.after, cut.through));
      } else {
        TM_TRY(drop_payloads(cut));
      }
      // Before the next one, which must not find, and count, what this one erased.
      TM_TRY(commit());
    }
    return counts_;
  }

 private:
  Result<void> commit() {
    if (stopping_()) return fail(Errc::cancelled, "retention goes on at the next start");
    if (batch_.count() == 0) return {};
    return store_.commit(std::exchange(batch_, WriteBatch()), kUnmoved);
  }
  Result<void> commit_when_full() {
    return batch_.count() < kErasedPerCommit ? Result<void>() : commit();
  }

  Result<void> erase_input(Sequence sequence) {
    TM_ASSIGN(const auto bytes, store_.get(Table::input, sequence_key(sequence)));
    if (!bytes) return {};
    batch_.erase(Table::input, sequence_key(sequence));
    ++counts_.inputs;
    return {};
  }

  Result<void> erase_events(Sequence sequence) {
    std::vector<std::string> keys;
    TM_TRY(store_.scan(Table::event, sequence_key(sequence), {},
                       [&](std::string_view key, std::string_view) {
                         keys.emplace_back(key);
                         return true;
                       }));
    for (const auto& key : keys) batch_.erase(Table::event, key);
    counts_.events += keys.size();
    return {};
  }

  // What the rows held that this step replaced: as-of reads must not find a later value instead.
  Result<void> erase_history(Sequence sequence) {
    const auto record = read_record(store_, sequence);
    if (!record && record.error().code == Errc::not_found) return {};
    if (!record) return fail(record.error());
    for (const auto& row : record->rows) {
      const auto key = history_key(record->instance.value, row.key, sequence);
      TM_ASSIGN(const auto bytes, store_.get(Table::journal_index, key));
      if (!bytes) continue;
      TM_ASSIGN(const auto replaced, decode_history(*bytes));
      batch_.put(Table::journal_index, key, encode_erased_history(replaced.written));
    }
    return {};
  }

  Result<void> drop_payloads(const Cut& cut) {
    const bool events_only = cut.kind == Cut::Kind::events;
    const std::string prefix =
        events_only ? events_of_tenant_prefix(cut.scope.tenant) : index_of(cut.scope);
    Sequence after = cut.after;
    for (;;) {
      TM_ASSIGN(const auto sequences, indexed(prefix, after, cut.through));
      if (sequences.empty()) return {};
      after = sequences.back();
      for (const Sequence sequence : sequences) {
        TM_ASSIGN(const bool wanted, is_covered(cut, sequence));
        if (!wanted) continue;
        if (cut.kind == Cut::Kind::payloads) TM_TRY(erase_history(sequence));
        if (!events_only) TM_TRY(erase_input(sequence));
        if (cut.kind != Cut::Kind::inputs) TM_TRY(erase_events(sequence));
        if (events_only) batch_.erase(Table::journal_index, index_key(prefix, sequence));
        TM_TRY(commit_when_full());
      }
      if (stopping_()) return commit();
    }
  }

  Result<bool> is_covered(const Cut& cut, Sequence sequence) const {
    if (cut.kind != Cut::Kind::payloads || !narrower_than_its_index(cut.scope)) return true;
    const auto record = read_record(store_, sequence);
    if (!record && record.error().code == Errc::not_found) return false;
    if (!record) return fail(record.error());
    return covers(cut.scope, *record);
  }

  Result<std::vector<Sequence>> indexed(const std::string& prefix, Sequence after,
                                        Sequence through) const {
    std::vector<Sequence> sequences;
    TM_TRY(store_.scan(Table::journal_index, prefix, index_key(prefix, after + 1),
                       [&](std::string_view key, std::string_view) {
                         const Sequence sequence = sequence_of_index_key(key).value_or(0);
                         if (sequence > through) return false;
                         sequences.push_back(sequence);
                         return sequences.size() < kRecordsAtOnce;
                       }));
    return sequences;
  }

  // A tile at a time, so that what proofs need of it can be taken out while it is whole.
  Result<void> drop_records(Sequence after, Sequence through) {
    TM_ASSIGN(auto ends, checkpoints_within(after, through));
    // Whose history this is: backups know it by the leaf of its first record.
    if (after == 0) ends.insert(1);
    TM_TRY(forget_before(store_, through, batch_));
    Sequence begin = after;
    while (begin < through) {
      TM_TRY(keep_paths(begin, ends));
      TM_TRY(drop_tile(begin));
      // With what is left of the tile's own records in the same commit as their index.
      TM_TRY(commit_when_full());
      begin += kTileLeaves;
      if (stopping_()) return commit();
    }
    return {};
  }

  Result<std::set<std::uint64_t>> checkpoints_within(Sequence after, Sequence through) const {
    std::set<std::uint64_t> ends;
    std::uint64_t from = after + 1;
    for (;;) {
      TM_ASSIGN(const auto found, read_checkpoints(store_, from, kRecordsAtOnce));
      for (const auto& checkpoint : found) {
        if (checkpoint.size <= through) ends.insert(checkpoint.size);
      }
      if (found.size() < kRecordsAtOnce || found.back().size > through) return ends;
      from = found.back().size + 1;
    }
  }

  Result<void> keep_paths(Sequence begin, const std::set<std::uint64_t>& ends) {
    // Its first record goes with the last commit about a tile: without it they are kept already.
    TM_ASSIGN(const auto whole, store_.get(Table::journal, sequence_key(begin + 1)));
    if (!whole) return {};
    for (auto end = ends.upper_bound(begin); end != ends.end() && *end < begin + kTileLeaves;
         ++end) {
      TM_ASSIGN(const auto path, path_in_tile(store_, *end - 1));
      for (const auto& [node, hash] : path) {
        batch_.put(Table::journal_index, tree_key(node.level, node.index), encode_node(hash));
      }
    }
    return {};
  }

  // Payloads and index first, in as many commits as they need; the records in one, at the end.
  Result<void> drop_tile(Sequence begin) {
    std::vector<JournalRecord> records;
    std::optional<Error> failure;
    TM_TRY(store_.scan(Table::journal, partition_prefix(), sequence_key(begin + 1),
                       [&](std::string_view key, std::string_view value) {
                         const auto sequence = parse_sequence_key(key);
                         if (!sequence || *sequence > begin + kTileLeaves) return false;
                         auto record = decode_record(value);
                         if (!record) {
                           failure =
                               in_context("record " + std::to_string(*sequence), record.error());
                           return false;
                         }
                         records.push_back(only_keys(*std::move(record)));
                         return true;
                       }));
    if (failure) return fail(*std::move(failure));
    for (const auto& record : records) {
      TM_TRY(erase_input(record.sequence));
      TM_TRY(erase_events(record.sequence));
      erase_index(record);
      TM_TRY(commit_when_full());
    }
    for (const auto& record : records) {
      batch_.erase(Table::journal, sequence_key(record.sequence));
      ++counts_.records;
    }
    return {};
  }

  void erase_index(const JournalRecord& record) {
    const auto erase = [&](std::string prefix) {
      batch_.erase(Table::journal_index, index_key(std::move(prefix), record.sequence));
    };
    erase(by_correlation_prefix(record.correlation_id));
    erase(by_instance_prefix(record.instance.value));
    erase(records_of_tenant_prefix(record.tenant));
    if (!record.events.empty()) erase(events_of_tenant_prefix(record.tenant));
    for (const auto& row : record.rows) {
      batch_.erase(Table::journal_index,
                   history_key(record.instance.value, row.key, record.sequence));
    }
  }

  Store& store_;
  const std::function<bool()>& stopping_;
  WriteBatch batch_;
  DropCounts counts_;
};

}  // namespace

Result<DropCounts> drop(Store& store, const std::vector<Cut>& cuts,
                        const std::function<bool()>& stopping) {
  return Dropper(store, stopping).run(cuts);
}

Result<ErasureCount> count_payloads(const StoreView& view, const ErasureScope& scope,
                                    std::uint64_t most) {
  ErasureCount count;
  RecordFilter filter{
      .tenant = scope.tenant, .correlation_id = scope.correlation, .instance = scope.instance};
  filter.limit = kRecordsAtOnce;
  for (std::uint64_t looked_at = 0; looked_at < most; looked_at += kRecordsAtOnce) {
    TM_ASSIGN(const auto page, read_record_page(view, filter, kRecordsAtOnce));
    for (const auto& record : page.records) {
      TM_ASSIGN(const auto input, view.get(Table::input, sequence_key(record.sequence)));
      ++count.counts.records;
      if (input) ++count.counts.inputs;
      TM_TRY(view.scan(Table::event, sequence_key(record.sequence), {},
                       [&](std::string_view, std::string_view) {
                         ++count.counts.events;
                         return true;
                       }));
    }
    if (page.next == 0) return count;
    filter.after = page.next;
  }
  count.more = true;
  return count;
}

}  // namespace tidemark::audit
