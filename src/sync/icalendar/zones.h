// The time zones of one resource by calendar rule 17: those it defines itself, then the system's.
#pragma once

#include <map>
#include <string>

#include "domain/calendar_event.h"
#include "sync/icalendar/prescan.h"
#include "zones/zone.h"

namespace tidemark::icalendar {

// What a VTIMEZONE says. Null when it has no usable observance. Thread-safe, cached by its bytes.
ZonePtr embedded_zone(const Document& document, const Component& vtimezone);

// The zones of one resource. Borrows the document.
class ZoneResolver {
 public:
  explicit ZoneResolver(const Document& document);

  struct Resolved {
    std::string name;  // IANA when the TZID leads to one, else the TZID
    ZonePtr zone;      // null: unknown
  };
  const Resolved& resolve(const std::string& tzid);

 private:
  const Document& document_;
  std::map<std::string, const Component*> embedded_;
  std::map<std::string, Resolved> resolved_;
  std::size_t embedded_used_ = 0;  // bounded: each may cost a step budget
};

}  // namespace tidemark::icalendar
