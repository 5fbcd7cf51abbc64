// Calendar events as JSON text, written straight into the answer or the feed: both happen thousands
// of times a second, and most of that would go into building values only to print them.
#pragma once

#include <string>

#include "domain/calendar_event.h"

namespace tidemark {

// Appends what dump_json(to_json(event)) gives.
void append_json(std::string& out, const CalendarEvent& event);

}  // namespace tidemark
