// Whether bytes are one whole iCalendar stream (RFC 5545 section 3.4). Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemark::ics {

// Errc::protocol_error, with the first words, when `bytes` do not begin with BEGIN:VCALENDAR (a
// login page) or do not end with END:VCALENDAR (a download or a write that stopped halfway): taken
// for a calendar, either would delete events that still exist.
Result<void> check_whole_calendar(std::string_view bytes);

}  // namespace tidemark::ics
