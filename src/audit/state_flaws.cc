#include "audit/state_flaws.h"

#include "audit/checkpoint_machine.h"
#include "audit/retention_machine.h"
#include "engine/journal.h"
#include "engine/keys.h"
#include "engine/stored_values.h"

namespace tidemark::audit {
namespace {

// That the instance's state is the one of its last record, if that was not dropped.
Result<bool> is_as_recorded(const StoreView& view, const InstanceId& instance, Sequence dropped) {
  TM_ASSIGN(const auto bytes, view.get(Table::instance, engine::instance_key(instance.value)));
  if (!bytes) return true;
  const auto value = engine::decode_instance(*bytes);
  if (!value) return false;
  if (value->last != 0 && value->last <= dropped) return true;
  const auto record = read_record(view, value->last);
  if (!record && retryable(record.error().code)) return fail(record.error());
  return record && record->instance == instance && record->state == value->state;
}

}  // namespace

Result<std::optional<std::string>> flaw_of_retention(const StoreView& view) {
  TM_ASSIGN(const bool same, is_as_recorded(view, retention_instance(), 0));
  if (same) return std::nullopt;
  return "what retention says it dropped is not what its last record says: records may be missing "
         "that were never dropped";
}

Result<std::optional<std::string>> flaw_of_checkpoints(const StoreView& view) {
  TM_ASSIGN(const auto retention, read_retention(view));
  TM_ASSIGN(const bool same, is_as_recorded(view, checkpoint_instance(), retention.through));
  if (!same) return "how many checkpoints were signed is not what their last record says";
  TM_ASSIGN(const auto state, read_checkpoint_state(view));
  TM_ASSIGN(const auto stored, read_checkpoints(view, 0, SIZE_MAX));
  if (stored.size() == state.count && (stored.empty() || stored.back().size == state.size)) {
    return std::nullopt;
  }
  return std::to_string(state.count) + " checkpoints were signed, the last one of " +
         std::to_string(state.size) + " records, and " + std::to_string(stored.size()) +
         " are stored: some were removed or added by other hands";
}

}  // namespace tidemark::audit
