// From what the server said to row changes and events: the differences of one page, one resource,
// one move. Pure; used by the calendar machine inside a step.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sync/calendar_inputs.h"
#include "sync/calendar_state.h"
#include "sync/row_editor.h"
#include "sync/rows.h"

namespace tidemark::sync {

// What one step does to the mirror. Identity and counts are the state's own.
struct MirrorEdit {
  MirrorEdit(const RowReader& rows_below, const CalendarIdentity& calendar, MirrorCounts& mirrored)
      : rows(rows_below), identity(calendar), counts(mirrored) {}

  RowEditor rows;
  const CalendarIdentity& identity;
  MirrorCounts& counts;
  std::vector<EmittedEvent> events;
};

// One item of a page. Deletions, and creations whose UID another resource holds, are only noted:
// at the end of the pass they may turn out to be two halves of a move.
Result<void> apply_item(MirrorEdit& edit, Pass& pass, const PageItem& item);

// The mirror has taken this resource, or its deletion, by itself: an incremental pass that does not
// hear of it asks for it again. A server whose cursors name content has nothing to tell of one that
// was put back as it had been (seen with Xandikos). `cursor` is what the cursor speaks of.
void note_ahead(MirrorEdit& edit, const Pass& pass, std::string_view href, AheadRow cursor);
// That, before the mirror takes anything.
Result<AheadRow> cursor_view(const MirrorEdit& edit, const Pass& pass, std::string_view href);

Result<std::optional<IndexRow>> read_index(const RowReader& rows, std::string_view href);
// The stored canonical events of a resource, in the order of its index row.
Result<std::vector<CalendarEvent>> read_events(const RowReader& rows, std::string_view href,
                                               const IndexRow& index);

// Notes that this resource is to be deleted when the pass ends.
void defer_deletion(MirrorEdit& edit, Pass& pass, std::string_view href, IndexRow index);

// Takes every row of the resource away; with `announce`, tells of each of its events.
Result<void> remove_resource(MirrorEdit& edit, std::string_view href, const IndexRow& index,
                             bool announce);

// A resource that is to be deleted and one with the same UID whose creation was deferred: the event
// has moved. Takes the old one's rows away.
Result<void> move_resource(MirrorEdit& edit, std::string_view from, const IndexRow& from_index,
                           std::string_view to, IndexRow to_index);

// Tells of the events of a resource whose creation was deferred.
Result<void> announce_resource(MirrorEdit& edit, std::string_view href, IndexRow index);

// Other hrefs that hold the UID, ascending, at most `limit`.
std::vector<std::string> other_holders(const RowReader& rows, std::string_view uid,
                                       std::string_view href, std::size_t limit);

}  // namespace tidemark::sync
