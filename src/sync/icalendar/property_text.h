// Canonical values as content lines without their names: ";TZID=Europe/Paris:20250102T100000".
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "domain/calendar_event.h"

namespace tidemark::icalendar {

std::string compact(std::string_view local);         // 20250102T100000
std::string in_quotes(std::string_view value);       // a parameter's value (RFC 6868)
std::string parameter_text(std::string_view value);  // the same, in quotes only where it must be
std::string time_text(const CalendarTime& time);
std::string instant_text(WallTime time);
std::string recurrence_id_text(std::string_view id);
std::string person_text(const Attendee& person);  // CN and PARTSTAT as parameters, and the address

}  // namespace tidemark::icalendar
