#include "audit/explained_gaps.h"

#include <algorithm>

#include "engine/keys.h"
#include "engine/stored_values.h"

namespace tidemark::audit {

Result<bool> ExplainedGaps::is_proved(const std::string& key, std::string_view value,
                                      Sequence by) const {
  const auto record = read_record(view_, by);
  if (!record && retryable(record.error().code)) return fail(record.error());
  if (!record || record->instance != retention_instance()) return false;
  const Sha256 hash = sha256(value);
  return std::any_of(record->rows.begin(), record->rows.end(),
                     [&](const auto& row) { return row.key == key && row.value_hash == hash; });
}

Result<Sequence> ExplainedGaps::dropped_through(char letter, const std::string& tenant) {
  const auto known = through_.find({letter, tenant});
  if (known != through_.end()) return known->second;
  Sequence through = 0;
  const auto key = payload_row_key(letter, tenant);
  TM_ASSIGN(const auto bytes, read_row(view_, retention_instance(), key));
  if (bytes) {
    const auto row = decode_payload_row(*bytes);
    TM_ASSIGN(const bool proved, row ? is_proved(key, *bytes, row->by) : Result<bool>(false));
    if (proved) through = row->through;
  }
  through_[{letter, tenant}] = through;
  return through;
}

Result<void> ExplainedGaps::load_erasures() {
  std::vector<std::pair<std::string, std::string>> rows;
  TM_TRY(scan_rows(view_, retention_instance(), {&kErasureRow, 1}, {},
                   [&](std::string_view key, std::string_view value) {
                     rows.emplace_back(key, value);
                     return true;
                   }));
  erasures_.emplace();
  for (const auto& [key, value] : rows) {
    auto erasure = decode_erasure(key, value);
    if (!erasure) continue;
    // One whose record was dropped explains nothing any more: what it erased is dropped as well.
    TM_ASSIGN(const bool proved, is_proved(key, value, erasure->by));
    if (proved) erasures_->push_back(*std::move(erasure));
  }
  return {};
}

Result<bool> ExplainedGaps::explain(char letter, const JournalRecord& record) {
  TM_ASSIGN(const Sequence through, dropped_through(letter, record.tenant));
  if (record.sequence <= through) return true;
  if (!erasures_) TM_TRY(load_erasures());
  return std::any_of(erasures_->begin(), erasures_->end(), [&](const auto& erasure) {
    return erasure.covers(record.tenant, record.instance.value, record.correlation_id,
                          record.sequence);
  });
}

}  // namespace tidemark::audit
