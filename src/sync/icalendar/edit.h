// Changing events in iCalendar bytes. What the canonical event does not hold, or does not change,
// stays as it is, byte for byte: unknown properties and parameters, alarms, other components, the
// order and the folding of lines.
//
// Each change sets DTSTAMP and LAST-MODIFIED of the event it touches and raises its SEQUENCE (RFC
// 5545 3.8.7). A TZID that the bytes do not define is an IANA name, by reference (RFC 7809). Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "domain/calendar_event.h"
#include "sync/icalendar/icalendar.h"

namespace tidemark::icalendar {

// A resource of this one event.
std::string new_resource(const CalendarEvent& event, WallTime at);

// Makes `before`, as parse_resource() gave it, into `after`. When `before` is an instance that the
// bytes have no VEVENT of (recurrence_id set, start and end as its master says), it gets one: a
// copy of the master's. Errors: parse_error; conflict when the event is not in the bytes.
Result<std::string> edit_event(std::string_view bytes, const CalendarEvent& before,
                               const CalendarEvent& after, WallTime at);

// Takes one instance out of its series: its VEVENT goes, and its master gets an EXDATE.
Result<std::string> remove_instance(std::string_view bytes, std::string_view recurrence_id,
                                    WallTime at);

}  // namespace tidemark::icalendar
