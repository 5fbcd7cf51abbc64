// One page of a calendar's events (calendar rules 1 to 11).
#pragma once

#include "base/result.h"
#include "providers/calendar_provider.h"
#include "providers/google/api_client.h"

namespace tidemark::google {

// A pull is one page; the cursor it returns holds the page token, and after the last page the sync
// token (rules 3 and 4). A cursor of other query parameters is stale (rule 1).
Result<PullResult> pull_events(const ApiClient& api, const PullRequest& request,
                               const KnownResources& known, const ItemSink& sink);

}  // namespace tidemark::google
