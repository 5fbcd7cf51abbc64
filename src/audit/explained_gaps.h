// Which payloads may be missing: those that a decision of retention or an erasure explains, both of
// them proved by the journal itself. Inside src/audit/ only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/retention_machine.h"
#include "engine/journal.h"

namespace tidemark::audit {

class ExplainedGaps {
 public:
  explicit ExplainedGaps(const StoreView& view) : view_(view) {}

  // kInputsRow or kEventsRow: may this record's input, or its events, be missing?
  Result<bool> explain(char letter, const JournalRecord& record);

 private:
  // That the record `by` wrote this row: else it explains nothing.
  Result<bool> is_proved(const std::string& key, std::string_view value, Sequence by) const;
  Result<Sequence> dropped_through(char letter, const std::string& tenant);
  Result<void> load_erasures();

  const StoreView& view_;
  std::map<std::pair<char, std::string>, Sequence> through_;
  std::optional<std::vector<Erasure>> erasures_;
};

}  // namespace tidemark::audit
