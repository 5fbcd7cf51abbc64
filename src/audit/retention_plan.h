// What is old enough to go. Reads only.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "audit/retention_machine.h"
#include "audit/retention_options.h"

namespace tidemark::audit {

// The first record with an event that somebody has yet to be sent, of a tenant; 0: none.
using NeededEvents = std::function<Result<Sequence>(std::string_view tenant)>;

inline constexpr std::size_t kMaxRetentionTenants = 10'000;

// Nothing goes that no signed checkpoint covers, or that is younger than its limit. Records go in
// whole tiles of the journal's tree (256), with their inputs and events. Events that somebody needs
// stay for `options.hold` longer, and the records before them with them.
Result<RetentionPlan> plan_retention(const StoreView& view, const RetentionOptions& options,
                                     WallTime now, const NeededEvents& needed);

}  // namespace tidemark::audit
