#include "engine/as_of.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/journal.h"
#include "engine/keys.h"
#include "engine/stored_values.h"
#include "store/key.h"

namespace tidemark {
namespace {

using namespace engine;

constexpr std::size_t kRowsAPage = 256;

// A row's key in its table, taken apart.
struct RowName {
  std::string instance;
  std::string row;
};
Result<RowName> row_name(std::string_view key) {
  KeyReader reader(key);
  reader.u16();
  RowName name;
  name.instance = reader.text();
  name.row = reader.rest();
  if (!reader.ok()) return fail(Errc::internal, "rows are read of one instance at a time");
  return name;
}

tl::unexpected<Error> not_kept(Table table) {
  return fail(Errc::internal, "table " + std::string(name(table)) + " is not kept as it was");
}

// The rows that exist now, in order, a page at a time.
class PresentRows {
 public:
  PresentRows(const StoreView& view, std::string prefix, std::string from)
      : view_(view), prefix_(std::move(prefix)), from_(std::move(from)) {}

  // The next row: its whole key and its value; nothing at the end.
  Result<const std::pair<std::string, std::string>*> front() {
    if (page_.empty() && !at_end_) {
      TM_TRY(view_.scan(Table::row, prefix_, from_, [&](std::string_view key, auto value) {
        page_.emplace_back(key, value);
        return page_.size() < kRowsAPage;
      }));
      at_end_ = page_.size() < kRowsAPage;
      if (!page_.empty()) from_ = page_.back().first + '\0';
    }
    return page_.empty() ? nullptr : &page_.front();
  }
  void pop() { page_.pop_front(); }

 private:
  const StoreView& view_;
  const std::string prefix_;
  std::string from_;
  std::deque<std::pair<std::string, std::string>> page_;
  bool at_end_ = false;
};

class AsOfView final : public StoreView {
 public:
  AsOfView(std::unique_ptr<StoreView> view, Sequence as_of)
      : view_(std::move(view)), as_of_(as_of) {}

  Result<std::optional<std::string>> get(Table table, std::string_view key) const override {
    if (table == Table::instance) return instance_then(instance_of_key(key));
    if (table != Table::row) return not_kept(table);
    TM_ASSIGN(const auto name, row_name(key));
    TM_ASSIGN(auto now, view_->get(table, key));
    return row_then(name, std::move(now));
  }

  Result<std::vector<std::optional<std::string>>> multi_get(
      Table table, const std::vector<std::string>& keys) const override {
    std::vector<std::optional<std::string>> values;
    for (const auto& key : keys) {
      TM_ASSIGN(auto value, get(table, key));
      values.push_back(std::move(value));
    }
    return values;
  }

  Result<void> scan(Table table, std::string_view prefix, std::string_view from,
                    const ScanVisitor& visitor) const override {
    if (table == Table::instance) return scan_instances(prefix, from, visitor);
    if (table == Table::row) return scan_rows_then(prefix, from, visitor);
    return not_kept(table);
  }

  Result<void> scan_reverse(Table table, std::string_view, std::string_view,
                            const ScanVisitor&) const override {
    return not_kept(table);
  }

 private:
  // The row as it was stored then, given what it is now. Each value says since which record it
  // holds, so that the first one replaced after that record decides: it held, or there was no row.
  Result<std::optional<std::string>> row_then(const RowName& name,
                                              std::optional<std::string> now) const {
    if (now) {
      TM_ASSIGN(const auto row, decode_row(*now));
      if (row.written <= as_of_) return now;
    }
    const auto prefix = history_row_prefix(name.instance, name.row);
    std::optional<std::string> found;
    TM_TRY(view_->scan(Table::journal_index, prefix, index_key(prefix, as_of_ + 1),
                       [&](std::string_view, std::string_view value) {
                         found = value;
                         return false;
                       }));
    if (!found) return std::nullopt;
    TM_ASSIGN(const auto replaced, decode_history(*found));
    if (replaced.written > as_of_) return std::nullopt;
    if (!replaced.stored) return fail(Errc::not_found, "what a row held then has been erased");
    return std::string(*replaced.stored);
  }

  // The first row key with a history from `from` on, among those of the prefix.
  Result<std::optional<std::string>> next_changed(const RowName& prefix,
                                                  const std::string& from) const {
    std::optional<std::string> row;
    TM_TRY(view_->scan(Table::journal_index, history_rows_from(prefix.instance, prefix.row), from,
                       [&](std::string_view key, std::string_view) {
                         row = row_of_history_key(prefix.instance, key);
                         return false;
                       }));
    return row;
  }

  Result<void> scan_rows_then(std::string_view prefix, std::string_view from,
                              const ScanVisitor& visitor) const {
    TM_ASSIGN(const auto wanted, row_name(prefix));
    const auto start = std::max(prefix, from);
    TM_ASSIGN(const auto first, row_name(start));
    PresentRows present(*view_, std::string(prefix), std::string(start));
    TM_ASSIGN(auto changed, next_changed(wanted, history_rows_from(wanted.instance, first.row)));
    for (;;) {
      TM_ASSIGN(const auto* row, present.front());
      if (row == nullptr && !changed) return {};
      std::string changed_key = changed ? row_key(wanted.instance, *changed) : std::string();
      const bool is_changed = changed && (row == nullptr || changed_key <= row->first);
      const bool is_present = row != nullptr && (!is_changed || row->first == changed_key);
      std::optional<std::string> now;
      if (is_present) now = row->second;
      TM_ASSIGN(const auto name, row_name(is_changed ? changed_key : row->first));
      TM_ASSIGN(const auto value, row_then(name, std::move(now)));
      if (is_changed) {
        // Behind all of this row's history.
        auto next = history_row_prefix(wanted.instance, *changed);
        ++next.back();
        TM_ASSIGN(changed, next_changed(wanted, next));
      }
      if (value && !visitor(is_changed ? changed_key : row->first, *value)) return {};
      if (is_present) present.pop();
    }
  }

  Result<std::optional<std::string>> instance_then(std::string_view instance) const {
    const auto prefix = by_instance_prefix(instance);
    Sequence last = 0;
    TM_TRY(view_->scan_reverse(Table::journal_index, prefix, index_key(prefix, as_of_ + 1),
                               [&](std::string_view key, std::string_view) {
                                 last = sequence_of_index_key(key).value_or(0);
                                 return false;
                               }));
    if (last == 0) return untouched_since(instance);
    TM_ASSIGN(auto record, read_record(*view_, last));
    // What was refused where there was no instance made none.
    if (record.end || (record.error && record.state.empty())) return std::nullopt;
    return encode(InstanceValue{last, std::move(record.state)});
  }

  // No record of it up to then is there: it began later, or those were dropped. Then it is what it
  // is now when nothing has touched it since.
  Result<std::optional<std::string>> untouched_since(std::string_view instance) const {
    TM_ASSIGN(const auto bytes, view_->get(Table::instance, instance_key(instance)));
    if (bytes) {
      TM_ASSIGN(const auto present, decode_instance(*bytes));
      if (present.last <= as_of_) return bytes;
    }
    const auto prefix = by_instance_prefix(instance);
    Sequence next = 0;
    TM_TRY(view_->scan(Table::journal_index, prefix, index_key(prefix, as_of_ + 1),
                       [&](std::string_view key, std::string_view) {
                         next = sequence_of_index_key(key).value_or(0);
                         return false;
                       }));
    if (next == 0) return std::nullopt;
    TM_ASSIGN(const auto later, read_record(*view_, next));
    if (later.previous == 0) return std::nullopt;
    return fail(Errc::not_found, "the state of " + std::string(instance) + " as of record " +
                                     std::to_string(as_of_) + " is in record " +
                                     std::to_string(later.previous) +
                                     ", which was dropped by retention");
  }

  // All instances that ever were: the index by instance sorts them by length first, so they are
  // gathered, one seek each, and sorted.
  Result<void> scan_instances(std::string_view prefix, std::string_view from,
                              const ScanVisitor& visitor) const {
    const auto start = std::max(prefix, from);
    std::vector<std::string> keys;
    std::string next;
    for (;;) {
      std::optional<std::string> instance;
      TM_TRY(view_->scan(Table::journal_index, by_instances_prefix(), next,
                         [&](std::string_view key, std::string_view) {
                           instance = instance_of_index_key(key);
                           return false;
                         }));
      if (!instance) break;
      next = index_key(by_instance_prefix(*instance), std::numeric_limits<Sequence>::max()) + '\0';
      auto key = instance_key(*instance);
      if (key.starts_with(prefix) && key >= start) keys.push_back(std::move(key));
    }
    // Those that no record is left of.
    TM_TRY(view_->scan(Table::instance, prefix, start, [&](std::string_view key, std::string_view) {
      keys.emplace_back(key);
      return true;
    }));
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    for (const auto& key : keys) {
      auto value = instance_then(instance_of_key(key));
      // It was there, but as what is not known any more: who reads it is told so.
      if (!value && value.error().code == Errc::not_found) value = std::string();
      if (!value) return fail(std::move(value).error());
      if (*value && !visitor(key, **value)) break;
    }
    return {};
  }

  const std::unique_ptr<StoreView> view_;
  const Sequence as_of_;
};

Result<std::optional<Sequence>> history_start(const StoreView& view) {
  TM_ASSIGN(const auto bytes, view.get(Table::journal_index, history_start_key()));
  if (!bytes) return std::nullopt;
  TM_ASSIGN(const Sequence start, decode_history_start(*bytes));
  return std::optional(start);
}

}  // namespace

Result<std::unique_ptr<StoreView>> view_as_of(const Store& store, Sequence sequence) {
  const Sequence last = store.last_sequence();
  if (sequence > last) {
    return fail(Errc::invalid_argument, "there is no record " + std::to_string(sequence) +
                                            " yet: the journal ends at " + std::to_string(last));
  }
  auto view = store.snapshot();
  TM_ASSIGN(const auto start, history_start(*view));
  if (!start || sequence < *start) {
    return fail(Errc::not_found,
                "no history is kept from so long ago as record " + std::to_string(sequence) +
                    (start ? "; it begins at record " + std::to_string(*start) : ""));
  }
  return std::make_unique<AsOfView>(std::move(view), sequence);
}

Result<void> forget_before(const StoreView& view, Sequence sequence, WriteBatch& batch) {
  TM_ASSIGN(const auto start, history_start(view));
  if (!start || *start >= sequence) return {};
  batch.put(Table::journal_index, history_start_key(), encode_history_start(sequence));
  return {};
}

Result<void> begin_history(Store& store) {
  TM_ASSIGN(const auto start, history_start(store));
  if (start) return {};
  WriteBatch batch;
  batch.put(Table::journal_index, history_start_key(), encode_history_start(store.last_sequence()));
  return store.commit(std::move(batch), store.last_sequence());
}

}  // namespace tidemark
