// Fetches the bodies of named resources, whatever it takes.
#pragma once

#include <vector>

#include "providers/caldav/cursor.h"
#include "providers/caldav/pull_context.h"

namespace tidemark::caldav {

// Fetches at most cursor.batch announced bodies. Each of them ends as a body, as deleted, or as
// failed with a reason; an error means that the server as a whole does not answer. Adapts
// cursor.batch, cursor.slow and cursor.no_multiget. Returns how many were settled.
Result<std::size_t> fetch_pending(PullContext& context, Cursor& cursor);

// One calendar-query with the bodies of all events; emits those that `wanted` (ascending, unique)
// names, and those that `wanted` lacks when emit_unlisted. Returns what of `wanted` did not come,
// be it because the server failed in the middle.
Result<std::vector<Listed>> query_bodies(PullContext& context, std::vector<Listed> wanted,
                                         bool emit_unlisted);

}  // namespace tidemark::caldav
