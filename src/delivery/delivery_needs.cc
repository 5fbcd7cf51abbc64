// What must stay in the feed for the deliveries' sake.
#include <algorithm>

#include "delivery/delivery_rows.h"
#include "delivery/delivery_service_impl.h"
#include "engine/journal.h"

namespace tidemark::delivery {

Result<Sequence> DeliveryService::first_needed(std::string_view tenant) const {
  Sequence first = 0;
  const auto need = [&](Sequence sequence) {
    first = first == 0 ? sequence : std::min(first, sequence);
  };
  TM_ASSIGN(const auto instances,
            list_instances(impl_->store, endpoint_instance(tenant, "").value));
  for (const auto& instance : instances) {
    const auto id = endpoint_of(instance);
    if (!id) continue;
    const auto state = impl_->find(tenant, *id);
    if (!state && state.error().code == Errc::not_found) continue;
    if (!state) return fail(state.error());
    if (state->status == EndpointStatus::removing) continue;
    // Rows are ordered by position, so the first one that waits is the oldest.
    TM_TRY(scan_rows(impl_->store, instance, {&kWaitingRow, 1}, {},
                     [&](std::string_view key, std::string_view) {
                       if (const auto position = position_of_key(key)) need(position->sequence);
                       return false;
                     }));
    TM_ASSIGN(const auto ahead,
              read_feed_lines(impl_->store,
                              {.tenant = std::string(tenant), .after = state->cursor, .limit = 1}));
    if (!ahead.items.empty()) need(ahead.items.front().position.sequence);
  }
  return first;
}

}  // namespace tidemark::delivery
