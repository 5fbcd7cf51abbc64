// Changing a calendar's events on its server.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "domain/calendar_event.h"
#include "providers/calendar_provider.h"

namespace tidemark {

// One change of one resource. It is made only if the server still has the resource as base_* says;
// made again after a lost answer, it is not made twice.
struct WriteOrder {
  enum class Kind { create, update, remove };
  Kind kind = Kind::create;
  std::string calendar_id;
  std::string key;            // names the change for ever; also a new resource's name
  std::string href;           // update, remove: the resource
  std::string recurrence_id;  // update, remove: this instance only; empty: all of it
  std::string base_etag;      // update, remove: as the mirror has it
  std::string base_bytes;
  std::optional<CalendarEvent> event;  // create, update: as it is to be
  std::string icalendar;               // the same as a resource, for a writer that wants it
};

struct WriteOutcome {
  bool conflict = false;  // nothing was changed: the server has another version
  RemoteItem item;        // the resource as the server now has it: body or deleted
};

class CalendarWriter {
 public:
  virtual ~CalendarWriter() = default;
  // Whether WriteOrder::icalendar is to be filled: base_bytes with the change made.
  virtual bool wants_icalendar() const = 0;
  // Errors as for CalendarProvider::pull(); forbidden: the calendar may not be written.
  virtual Result<WriteOutcome> write(const WriteOrder& order) = 0;
};

}  // namespace tidemark
