// The feed's events about commands: calendar.write.done, .conflict and .failed, version 1. Each
// command ends with exactly one of them.
//
//   {"calendar", "write", "kind": "create" | "update" | "delete", "external_event_id",
//    "event": as the server now has it; null: it has none (conflict: "theirs" instead),
//    "ours": the members that were asked for, "error": {"code", "message"}}
#pragma once

#include "engine/machine.h"
#include "sync/calendar_state.h"
#include "sync/write_rows.h"

namespace tidemark::sync {

EmittedEvent write_note(const CalendarIdentity& calendar, Sequence write,
                        const FinishedWrite& finished);

}  // namespace tidemark::sync
