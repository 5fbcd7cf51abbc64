#include "engine/journal.h"

#include "engine/as_of.h"
#include "engine/journal_codec.h"
#include "engine/keys.h"
#include "engine/stored_values.h"

namespace tidemark {

using namespace engine;

namespace {

bool matches(const JournalRecord& record, const RecordFilter& filter) {
  return (filter.tenant.empty() || record.tenant == filter.tenant) &&
         (filter.correlation_id.empty() || record.correlation_id == filter.correlation_id) &&
         (filter.instance.empty() || record.instance.value == filter.instance) &&
         (!filter.since || record.at >= *filter.since);
}

Result<JournalRecord> decode_at(Sequence sequence, std::string_view bytes) {
  auto record = decode_record(bytes);
  if (!record) {
    return fail(in_context("journal record " + std::to_string(sequence), record.error()));
  }
  if (record->sequence != sequence) {
    return fail(Errc::corrupt, "journal record " + std::to_string(sequence) +
                                   " says it is record " + std::to_string(record->sequence));
  }
  return record;
}

// The first sequence whose record is not older than `since`. Times grow with sequences as long as
// the clock is not set back; where it was, the records around that moment may be missed.
Result<Sequence> first_since(const StoreView& view, WallTime since, Sequence after) {
  Sequence newest = 0;
  TM_TRY(view.scan_reverse(Table::journal, partition_prefix(), {},
                           [&](std::string_view key, std::string_view) {
                             newest = parse_sequence_key(key).value_or(0);
                             return false;
                           }));
  Sequence low = after + 1;
  Sequence high = newest + 1;
  while (low < high) {
    const Sequence middle = low + (high - low) / 2;
    TM_ASSIGN(const auto record, read_record(view, middle));
    if (record.at < since) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace

Result<Sequence> sequence_as_of(const StoreView& view, WallTime time) {
  TM_ASSIGN(const Sequence later, first_since(view, time + milliseconds{1}, 0));
  return later - 1;
}

namespace {

// The narrowest index for the filter; empty: the journal itself.
std::string index_for(const RecordFilter& filter) {
  if (!filter.correlation_id.empty()) return by_correlation_prefix(filter.correlation_id);
  if (!filter.instance.empty()) return by_instance_prefix(filter.instance);
  if (!filter.tenant.empty()) return records_of_tenant_prefix(filter.tenant);
  return {};
}

}  // namespace

Result<std::vector<JournalRecord>> read_records(const StoreView& view, const RecordFilter& filter) {
  Sequence from = filter.after + 1;
  if (filter.since) {
    TM_ASSIGN(from, first_since(view, *filter.since, filter.after));
  }
  std::vector<JournalRecord> records;
  std::optional<Error> failure;
  const auto take = [&](Result<JournalRecord> record) {
    if (!record) {
      failure = std::move(record).error();
      return false;
    }
    if (matches(*record, filter)) records.push_back(*std::move(record));
    return records.size() < filter.limit;
  };
  if (filter.limit == 0) return records;
  const std::string prefix = index_for(filter);
  if (prefix.empty()) {
    TM_TRY(view.scan(Table::journal, partition_prefix(), sequence_key(from),
                     [&](std::string_view key, std::string_view value) {
                       return take(decode_at(parse_sequence_key(key).value_or(0), value));
                     }));
  } else {
    TM_TRY(view.scan(Table::journal_index, prefix, index_key(prefix, from),
                     [&](std::string_view key, std::string_view) {
                       return take(read_record(view, sequence_of_index_key(key).value_or(0)));
                     }));
  }
  if (failure) return fail(*std::move(failure));
  return records;
}

Result<JournalRecord> read_record(const StoreView& view, Sequence sequence) {
  TM_ASSIGN(const auto bytes, view.get(Table::journal, sequence_key(sequence)));
  if (!bytes) {
    return fail(Errc::not_found, "the journal has no record " + std::to_string(sequence));
  }
  return decode_at(sequence, *bytes);
}

Result<std::string> read_input(const StoreView& view, Sequence sequence) {
  TM_ASSIGN(const auto bytes, view.get(Table::input, sequence_key(sequence)));
  if (!bytes) {
    return fail(Errc::not_found, "the input of record " + std::to_string(sequence) +
                                     " is not here: it never was, or it has been erased");
  }
  return decode_input_value(*bytes);
}

Result<std::optional<std::string>> read_state(const StoreView& view, const InstanceId& instance) {
  TM_ASSIGN(const auto bytes, view.get(Table::instance, instance_key(instance.value)));
  if (!bytes) return std::nullopt;
  TM_ASSIGN(auto value, decode_instance(*bytes));
  return std::move(value.state);
}

Result<std::vector<InstanceId>> list_instances(const StoreView& view, std::string_view prefix) {
  std::vector<InstanceId> instances;
  TM_TRY(view.scan(Table::instance, instance_key(prefix), {},
                   [&](std::string_view key, std::string_view) {
                     instances.push_back({std::string(instance_of_key(key))});
                     return true;
                   }));
  return instances;
}

Result<std::optional<std::string>> read_row(const StoreView& view, const InstanceId& instance,
                                            std::string_view key) {
  return view.get(Table::row, row_key(instance.value, key));
}

Result<void> scan_rows(const StoreView& view, const InstanceId& instance, std::string_view prefix,
                       std::string_view from, const ScanVisitor& visitor) {
  const std::size_t own = row_prefix(instance.value).size();
  const std::string start = from.empty() ? std::string() : row_key(instance.value, from);
  return view.scan(Table::row, row_key(instance.value, prefix), start,
                   [&](std::string_view key, std::string_view value) {
                     return visitor(key.substr(own), value);
                   });
}

}  // namespace tidemark
