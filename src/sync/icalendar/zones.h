// Time zones by calendar rule 17, as immutable tables of transitions.
//
// libical delivers the rules (from the system's zoneinfo) and iterates them; the tables are ours,
// so that no lookup touches libical's shared state, which is not safe with threads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/calendar_event.h"
#include "sync/icalendar/prescan.h"
#include "sync/icalendar/times.h"

namespace tidemark::icalendar {

// Immutable, hence thread-safe. Exact from the first observance to the end of 2199; later years
// keep the last offset.
class Zone {
 public:
  struct Transition {
    std::int64_t utc = 0;  // seconds; from here on offset_to holds
    std::int32_t offset_from = 0;
    std::int32_t offset_to = 0;
  };

  static Zone fixed(std::int32_t offset);
  // Sorted by utc, at least one.
  explicit Zone(std::vector<Transition> transitions);

  // A time that a clock change skips or repeats is read with the offset before the change
  // (RFC 5545 3.3.5).
  std::int64_t to_utc(LocalSeconds local) const;
  LocalSeconds to_local(std::int64_t utc) const;

 private:
  std::vector<Transition> transitions_;
};

using ZonePtr = std::shared_ptr<const Zone>;

// The IANA zone of exactly that name; null when the system has none. Thread-safe, cached.
ZonePtr iana_zone(const std::string& name);

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
