#include "engine/journal.h"

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "engine/as_of.h"
#include "engine/journal_codec.h"
#include "engine/keys.h"
#include "engine/stored_values.h"

namespace tidemark {

using namespace engine;

namespace {

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

// The narrowest index for the filter; empty: the journal itself.
std::string index_for(const RecordFilter& filter) {
  if (!filter.correlation_id.empty()) return by_correlation_prefix(filter.correlation_id);
  if (!filter.instance.empty()) return by_instance_prefix(filter.instance);
  if (!filter.tenant.empty()) return records_of_tenant_prefix(filter.tenant);
  return {};
}

// The record that the living mark of a dedupe key names; nothing when there is no mark.
Result<std::optional<Sequence>> marked(const StoreView& view, const RecordFilter& filter) {
  if (filter.dedupe_key.empty() || filter.tenant.empty()) return std::nullopt;
  TM_ASSIGN(const auto bytes,
            view.get(Table::dedupe, engine::dedupe_key(filter.tenant, filter.dedupe_key)));
  if (!bytes) return std::nullopt;
  TM_ASSIGN(const auto mark, decode_dedupe(*bytes));
  // It may outlive its record.
  TM_ASSIGN(const auto record, view.get(Table::journal, sequence_key(mark.sequence)));
  if (!record) return std::nullopt;
  return mark.sequence;
}

// Takes records until the page is full or enough of them were looked at.
class RecordPager {
 public:
  RecordPager(const RecordFilter& filter, Sequence end, std::size_t most)
      : filter_(filter), end_(end), most_(most) {}

  template <class Read>
  bool take(Sequence sequence, const Read& read) {
    if (sequence >= end_) return false;
    if (page_.records.size() >= filter_.limit || examined_ >= most_) {
      page_.next = last_;
      return false;
    }
    ++examined_;
    last_ = sequence;
    Result<JournalRecord> record = read();
    if (!record) {
      failure_ = std::move(record).error();
      return false;
    }
    if (matches(*record, filter_)) page_.records.push_back(*std::move(record));
    return true;
  }
  Result<RecordPage> finish() {
    if (failure_) return fail(*std::move(failure_));
    return std::move(page_);
  }

 private:
  const RecordFilter& filter_;
  const Sequence end_;
  const std::size_t most_;
  std::size_t examined_ = 0;
  Sequence last_ = 0;
  RecordPage page_;
  std::optional<Error> failure_;
};

bool glob_fits_a_type(const JournalRecord& record, std::string_view glob) {
  return glob_match(glob, record.input_type) ||
         std::any_of(record.events.begin(), record.events.end(),
                     [&](const auto& event) { return glob_match(glob, event.type); });
}

bool has_dedupe_key(const JournalRecord& record, std::string_view key) {
  return record.dedupe_key == key ||
         std::any_of(record.events.begin(), record.events.end(),
                     [&](const auto& event) { return event.dedupe_key == key; });
}

}  // namespace

bool matches(const JournalRecord& record, const RecordFilter& filter) {
  return (filter.tenant.empty() || record.tenant == filter.tenant) &&
         (filter.correlation_id.empty() || record.correlation_id == filter.correlation_id) &&
         (filter.instance.empty() || record.instance.value == filter.instance) &&
         (!filter.since || record.at >= *filter.since) &&
         (!filter.until || record.at < *filter.until) &&
         (filter.dedupe_key.empty() || has_dedupe_key(record, filter.dedupe_key)) &&
         (filter.type_glob.empty() || glob_fits_a_type(record, filter.type_glob));
}

Result<RecordPage> read_record_page(const StoreView& view, const RecordFilter& filter,
                                    std::size_t most) {
  if (filter.limit == 0) return RecordPage{};
  Sequence from = filter.after + 1;
  Sequence end = std::numeric_limits<Sequence>::max();
  if (filter.since) {
    TM_ASSIGN(from, first_record_since(view, *filter.since, filter.after));
  }
  if (filter.until) {
    TM_ASSIGN(end, first_record_since(view, *filter.until, filter.after));
  }
  RecordPager pager(filter, end, most);
  TM_ASSIGN(const auto mark, marked(view, filter));
  const std::string prefix = index_for(filter);
  if (mark) {
    if (*mark >= from) pager.take(*mark, [&] { return read_record(view, *mark); });
  } else if (prefix.empty()) {
    TM_TRY(view.scan(Table::journal, partition_prefix(), sequence_key(from),
                     [&](std::string_view key, std::string_view value) {
                       const Sequence sequence = parse_sequence_key(key).value_or(0);
                       return pager.take(sequence, [&] { return decode_at(sequence, value); });
                     }));
  } else {
    TM_TRY(view.scan(Table::journal_index, prefix, index_key(prefix, from),
                     [&](std::string_view key, std::string_view) {
                       const Sequence sequence = sequence_of_index_key(key).value_or(0);
                       return pager.take(sequence, [&] { return read_record(view, sequence); });
                     }));
  }
  return pager.finish();
}

Result<std::vector<JournalRecord>> read_records(const StoreView& view, const RecordFilter& filter) {
  TM_ASSIGN(auto page, read_record_page(view, filter, std::numeric_limits<std::size_t>::max()));
  return std::move(page.records);
}

Result<Sequence> first_record_since(const StoreView& view, WallTime time, Sequence after) {
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
    const auto record = read_record(view, middle);
    const bool dropped = !record && record.error().code == Errc::not_found;
    if (!record && !dropped) return fail(record.error());
    if (dropped || record->at < time) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

Result<Sequence> sequence_as_of(const StoreView& view, WallTime time) {
  TM_ASSIGN(const Sequence later, first_record_since(view, time + milliseconds{1}, 0));
  return later - 1;
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
  TM_ASSIGN(auto bytes, view.get(Table::row, row_key(instance.value, key)));
  return value_of_row(std::move(bytes));
}

Result<void> scan_rows(const StoreView& view, const InstanceId& instance, std::string_view prefix,
                       std::string_view from, const ScanVisitor& visitor) {
  const std::size_t own = row_prefix(instance.value).size();
  const std::string start = from.empty() ? std::string() : row_key(instance.value, from);
  Result<void> readable;
  TM_TRY(view.scan(Table::row, row_key(instance.value, prefix), start,
                   [&](std::string_view key, std::string_view bytes) {
                     const auto row = decode_row(bytes);
                     if (!row) readable = fail(row.error());
                     return row && visitor(key.substr(own), row->value);
                   }));
  return readable;
}

}  // namespace tidemark
