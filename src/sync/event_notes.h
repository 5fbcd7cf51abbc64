// The feed's events about calendar events: calendar.event.created, updated, deleted, version 1.
#pragma once

#include <string>
#include <vector>

#include "domain/calendar_event.h"
#include "engine/machine.h"
#include "sync/calendar_state.h"

namespace tidemark::sync {

EmittedEvent created_note(const CalendarIdentity& calendar, const CalendarEvent& event);
// `changed` is changed_fields(before, after). A move (external_event_id changed) also carries
// "previous_external_event_id", since nothing else would tell a reader which event moved.
EmittedEvent updated_note(const CalendarIdentity& calendar, const CalendarEvent& before,
                          const CalendarEvent& after, std::vector<std::string> changed);
EmittedEvent deleted_note(const CalendarIdentity& calendar, const CalendarEvent& event);

}  // namespace tidemark::sync
