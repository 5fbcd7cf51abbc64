// One VEVENT of a scanned document as a canonical event.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/calendar_event.h"
#include "sync/icalendar/icalendar.h"
#include "sync/icalendar/prescan.h"
#include "sync/icalendar/zones.h"

namespace tidemark::icalendar {

// Escapes of TEXT undone (RFC 5545 3.3.11), at most `limit` bytes, cut between characters.
std::string unescape_text(std::string_view value, std::size_t limit);

// A DATE or DATE-TIME property (or one value of an RDATE or EXDATE) with its TZID resolved.
std::optional<CalendarTime> read_time(const Property& property, std::string_view value,
                                      ZoneResolver& zones);

// The canonical text of a RECURRENCE-ID, and the key of an instance: a date as it is, an instant in
// UTC with Z when it is known, else the local time.
std::string recurrence_key(const CalendarTime& time);

// The local reading of a time, in seconds. Only for kinds other than none.
LocalSeconds local_of(const CalendarTime& time);
// A time of the same kind and zone as `like`, at another local time.
CalendarTime at_local(const CalendarTime& like, LocalSeconds local, const Zone* zone);

// The definition behind a zoned time; null when unknown or not zoned.
ZonePtr zone_of(const Property& property, const CalendarTime& time, ZoneResolver& zones);

// parse_error or limit_exceeded with what is wrong and in which line.
Result<CalendarEvent> to_canonical(const Component& vevent, const Address& address,
                                   ZoneResolver& zones, const Limits& limits);

}  // namespace tidemark::icalendar
