// Erases what was decided to go, in commits of bounded size beside the engine's own. Each of them
// leaves the rest as complete as it was, and doing it again does no harm: after a crash it is begun
// anew.
#pragma once

#include <functional>
#include <vector>

#include "audit/retention_machine.h"

namespace tidemark::audit {

// Errc::cancelled once `stopping` says so.
Result<DropCounts> drop(Store& store, const std::vector<Cut>& cuts,
                        const std::function<bool()>& stopping);

// How many payloads an erasure would take: counts at most `most` records.
struct ErasureCount {
  DropCounts counts;
  bool more = false;
};
Result<ErasureCount> count_payloads(const StoreView& view, const ErasureScope& scope,
                                    std::uint64_t most);

}  // namespace tidemark::audit
