// One pull of one calendar: decides which question to ask the server next.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "providers/caldav/cursor.h"
#include "providers/caldav/pull_context.h"
#include "providers/caldav/sync_collection.h"

namespace tidemark::caldav {

// Lives for one pull() call.
class CollectionPull {
 public:
  CollectionPull(PullContext& context, PullMode mode) : context_(context), mode_(mode) {}

  // cursor: as the last pull returned it; a fresh one at the start of a full pass.
  Result<PullResult> run(Cursor cursor, bool fresh);

 private:
  Result<PullResult> start_full();
  Result<std::optional<PullResult>> query_everything();
  Result<PullResult> full_page();
  Result<PullResult> full_by_etags();
  Result<PullResult> settle_full(std::vector<Listed> listing, bool compare, bool whole);
  Result<PullResult> incremental();
  Result<PullResult> incremental_by_etags();
  Result<PullResult> bodies();
  Result<bool> query_outstanding();

  // Splits a listing into what the mirror has already (emitted as unchanged) and the rest.
  Result<std::vector<Listed>> without_known(std::vector<Listed> listing, bool emit_unchanged);
  // Adds what the answer to "what changed" does not name although it has to be asked for.
  Result<void> add_unnamed(SyncPage& page) const;
  // An ETag listing tells how everything is, also what is neither missing nor new.
  Result<void> emit_ahead(const std::vector<Listed>& listing, const std::vector<Listed>& missing);
  Result<void> emit_deleted_since(const std::vector<Listed>& listing);
  Result<PullResult> announce(const std::vector<Listed>& missing);
  Result<PullResult> end_of_page();

  PullContext& context_;
  PullMode mode_;
  Cursor cursor_;
};

}  // namespace tidemark::caldav
