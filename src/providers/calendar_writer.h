// Changing a calendar's events on its server.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "domain/calendar_event.h"
#include "providers/calendar_provider.h"

namespace tidemark {

// One change of one resource. It is made only if the server still has the resource as base_* says.
// Made again after a lost answer it is not made twice: it then meets its own result as a conflict,
// and whoever ordered it sees that this says what was wanted.
struct WriteOrder {
  enum class Kind { create, update, remove };
  Kind kind = Kind::create;
  std::string calendar_id;
  std::string key;            // names the change for ever; also a new resource's name
  std::string href;           // update, remove: the resource
  std::string recurrence_id;  // update, remove: this instance only; empty: all of it
  std::string base_etag;      // update, remove: as the mirror has it; empty: none or weak
  // As the mirror has it. create: empty, or what an earlier attempt has made and a pull has
  // brought.
  std::string base_bytes;
  // update, remove: as the mirror has it; an instance that is not in base_bytes, as its master
  // says.
  std::optional<CalendarEvent> before;
  std::optional<CalendarEvent> after;  // create, update: as it is to be
  // For a writer that wants it: the resource as it is to be. Empty: it is to go.
  std::string icalendar;
};

struct WriteOutcome {
  bool conflict = false;  // nothing was changed: the server has another version
  RemoteItem item;        // the resource as the server now has it: body, deleted or failed
  // Others than this order may have changed the resource since base_*, too.
  bool mixed = false;
};

// The UID and the name of what an order creates, the same for the same key: letters a to v and
// digits, which Google wants of ids (base32hex, RFC 4648).
std::string new_event_name(const std::string& key);

class CalendarWriter {
 public:
  virtual ~CalendarWriter() = default;
  // Whether WriteOrder::icalendar is to be filled.
  virtual bool wants_icalendar() const = 0;
  // Errors as for CalendarProvider::pull(); forbidden: the calendar may not be written;
  // invalid_argument: the provider cannot say such a thing.
  virtual Result<WriteOutcome> write(const WriteOrder& order) = 0;
};

}  // namespace tidemark
