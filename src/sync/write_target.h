// Which resource of the mirror, and which event of it, a command means. Pure.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "domain/calendar_event.h"
#include "engine/machine.h"
#include "sync/rows.h"

namespace tidemark::sync {

struct WriteTarget {
  std::string href;
  std::string recurrence_id;  // empty: all of the resource
  IndexRow index;
  std::optional<CalendarEvent> event;  // nothing: an instance that only its master speaks of
  CalendarEvent version_of;            // whose etag names the version
};

// By external_event_id; of an instance that is no event of its own also "<series>#<recurrence id>",
// or Google's name for it. not_found; conflict: the latest bytes are in quarantine.
Result<WriteTarget> find_write_target(const RowReader& rows, const std::string& external_id);

// if_match: an etag, else a source_hash, in quotes or not; empty and "*": any. conflict says which
// version there is.
Result<void> check_version(const WriteTarget& target, const std::string& if_match);

}  // namespace tidemark::sync
