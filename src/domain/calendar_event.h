// The canonical calendar event: one VEVENT (a master, a single event or one RECURRENCE-ID
// override), the same whichever provider it came from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace tidemark {

// A point on a calendar, as its author meant it. All-day and floating times are kept as they are
// and never become instants in storage.
struct CalendarTime {
  enum class Kind { none, date, floating, utc, zoned };

  Kind kind = Kind::none;
  std::string local;            // "2025-12-16" or "2025-12-16T12:00:00" in the author's zone
  std::string zone;             // zoned: IANA name, or the TZID itself when embedded or unknown
  bool zone_unknown = false;    // zoned: no definition found; treated as floating, never as UTC
  std::optional<WallTime> utc;  // the instant; absent for date, floating and unknown zones

  bool operator==(const CalendarTime&) const = default;
};

struct Attendee {
  std::string email;     // without "mailto:", as written otherwise
  std::string name;      // CN, may be empty
  std::string response;  // needs-action / accepted / declined / tentative / delegated; lower case
  bool operator==(const Attendee&) const = default;
};

enum class EventStatus { confirmed, tentative, cancelled };

struct CalendarEvent {
  std::string external_event_id;  // the provider's address of it, unique in its calendar
  std::string ical_uid;           // not unique
  std::string recurrence_id;      // canonical text of RECURRENCE-ID; empty for a master or a single
  std::string recurring_event_id;      // external id of the master this overrides; else empty
  std::string etag;                    // of its resource; empty when the server gives none
  std::optional<WallTime> updated_at;  // LAST-MODIFIED, else DTSTAMP
  EventStatus status = EventStatus::confirmed;
  std::string title;
  std::string description;
  std::string location;
  CalendarTime start;
  CalendarTime end;  // exclusive; from DTEND, else DTSTART + DURATION, else RFC 5545 3.6.1
  std::vector<Attendee> attendees;
  std::optional<Attendee> organizer;
  std::vector<std::string>
      recurrence;           // raw RRULE/RDATE/EXDATE/EXRULE lines, unfolded, in file order
  std::string source_hash;  // hex SHA-256 of the content; see content_hash()

  bool operator==(const CalendarEvent&) const = default;
};

std::string_view to_text(EventStatus status);

// Every field, in sorted order; absent text is null. Times: {"date": ...} or
// {"date_time": ..., "zone": name or null for floating, "utc": RFC 3339 or absent,
//  "zone_unknown": true only when so}.
Json to_json(const CalendarEvent& event);
Result<CalendarEvent> calendar_event_from_json(const Json& value);

// Over what a person would call the event's content: everything but external_event_id,
// recurring_event_id, etag, updated_at and source_hash. Two equal hashes mean "nothing changed".
std::string content_hash(const CalendarEvent& event);

// Names of the canonical fields that differ (etag, updated_at and source_hash are not told),
// sorted.
std::vector<std::string> changed_fields(const CalendarEvent& before, const CalendarEvent& after);

}  // namespace tidemark
