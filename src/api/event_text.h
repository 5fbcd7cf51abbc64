// Calendar events as JSON text, written straight into the answer: event queries are asked thousands
// of times a second, and most of that would go into building values only to print them.
#pragma once

#include <string>
#include <string_view>

#include "domain/calendar_event.h"

namespace tidemark {

// Appends what dump_json(to_json(event)) gives.
void append_json(std::string& out, const CalendarEvent& event);

// Appends the text as a JSON string. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace tidemark
