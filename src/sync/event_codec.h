// A canonical event as bytes, for time rows and page inputs.
//
// Format 1: u8 1, then in the order of CalendarEvent's fields: text as text; updated_at as u8 0, or
// u8 1 and a signed number (ms); status as u8 (0 confirmed, 1 tentative, 2 cancelled); a time as u8
// kind (0 none, 1 date, 2 floating, 3 utc, 4 zoned), and unless none: text local, text zone,
// u8 zone_unknown, u8 0 or u8 1 and a signed number (ms); attendees as a number and for each three
// texts (email, name, response); organizer as u8 0, or u8 1 and three texts; recurrence as a number
// and texts. Written with base/bytes.h.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "domain/calendar_event.h"

namespace tidemark::sync {

std::string encode_event(const CalendarEvent& event);
Result<CalendarEvent> decode_event(std::string_view bytes);
// Takes exactly one event from the front.
CalendarEvent read_event(ByteReader& reader);

}  // namespace tidemark::sync
