// What a caller wants of an event: some of the canonical event's members, with values. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"
#include "base/result.h"
#include "domain/calendar_event.h"

namespace tidemark::sync {

// The members that can be written, as bits of EventChanges::given.
enum class EventMember : std::uint8_t {
  title,
  description,
  location,
  start,
  end,
  status,
  attendees,
  organizer,
  recurrence,
};

struct EventChanges {
  std::uint16_t given = 0;
  CalendarEvent values;  // of the given members; everything else is not looked at

  bool has(EventMember member) const;
  bool operator==(const EventChanges&) const = default;
};

inline constexpr std::size_t kMaxEventBytes = 256U << 10;  // of a request's JSON
inline constexpr std::size_t kMaxWrittenAttendees = 300;
inline constexpr std::size_t kMaxWrittenLines = 64;  // of the recurrence

// invalid_argument names the member that is unknown, ill-typed, too large or impossible.
Result<EventChanges> read_changes(const Json& object);
// The given members as the API shows them.
Json to_json(const EventChanges& changes);

// The event with the given members replaced; its source_hash is set.
CalendarEvent changed(CalendarEvent event, const EventChanges& changes);
// Whether the event already says all of it.
bool says(const CalendarEvent& event, const EventChanges& changes);
// invalid_argument: no start, an end before it, a date beside a time.
Result<void> check_times(const CalendarEvent& event);

// number given, and the values as an event (event_codec.h).
void write(ByteWriter& writer, const EventChanges& changes);
EventChanges read_changes(ByteReader& reader);

}  // namespace tidemark::sync
