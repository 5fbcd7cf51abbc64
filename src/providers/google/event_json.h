// Google's event resource (Calendar API v3, "Events") as a canonical event. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "domain/calendar_event.h"

namespace tidemark::google {

// What is read of every item before anything else, deleted or not (calendar rules 8 and 9).
struct ItemKey {
  std::string id;
  std::string master;         // recurringEventId; empty for a master or a single event
  std::string recurrence_id;  // canonical text of originalStartTime; empty without a master
  bool cancelled = false;
  bool recurs = false;  // it is a master

  // Events with one series id are one resource of the mirror.
  const std::string& series() const { return master.empty() ? id : master; }
};

// parse_error: no id, or an instance that does not say which (rule 10: its start does not).
Result<ItemKey> read_key(const Json& item);

// One that is not cancelled. parse_error says what is missing or wrong. All-day stays a date (rule
// 12); a time in a zone is read on that zone's clock.
Result<CalendarEvent> read_event(const Json& item, const ItemKey& key);

// The line that takes the instance out of its series, as iCalendar says it: EXDATE on the clock of
// the master's start.
std::string exdate_line(const CalendarEvent& master, std::string_view recurrence_id);

}  // namespace tidemark::google
