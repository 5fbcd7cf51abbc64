// The end of a pass, in pieces that each fit a step: what was not listed is noted as deleted, then
// deletions and deferred creations meet and become moves, deletions and creations. Nothing is ever
// deleted before this, that is: before the last page.
#pragma once

#include <string>

#include "base/result.h"
#include "sync/calendar_state.h"
#include "sync/plan.h"

namespace tidemark::sync {

inline constexpr std::size_t kSweepRowsPerStep = 500;
inline constexpr std::size_t kChangesPerStep = 40;

// True when ending the pass would delete every resource of a mirror that has some.
bool would_empty_the_mirror(const Pass& pass, const MirrorCounts& counts);

// Each does one piece from `from` on and moves `from`; true once its stage is done.
Result<bool> sweep_unseen(MirrorEdit& edit, Pass& pass, std::string& from);
Result<bool> settle_deletions(MirrorEdit& edit, const Pass& pass, std::string& from);
Result<bool> settle_creations(MirrorEdit& edit, std::string& from);
// After a complete listing: what an older pass announced and this one did not is not there.
Result<bool> drop_stale_pending(MirrorEdit& edit, const Pass& pass, std::string& from);
// After one, too: what is ahead and not there is gone for its cursor as well.
Result<bool> drop_stale_ahead(MirrorEdit& edit, const Pass& pass, std::string& from);

// One piece of removing the whole mirror, every event told as deleted; true once no row is left.
Result<bool> remove_some(MirrorEdit& edit);

}  // namespace tidemark::sync
