#include "providers/google/event_json.h"

#include <algorithm>
#include <optional>

#include "base/mutation.h"
#include "base/text.h"
#include "providers/google/json_members.h"
#include "zones/zone.h"

namespace tidemark::google {
namespace {

constexpr std::size_t kMaxIdBytes = 1'024;  // the API's own limit for ids
constexpr std::size_t kMaxAttendees = 5'000;
constexpr std::size_t kMaxRecurrenceLines = 1'000;

// A date-time of RFC 3339, whose offset may be missing beside a time zone.
bool has_offset(std::string_view time) {
  const auto clock = time.find('T');
  return clock != std::string_view::npos &&
         time.find_first_of("Zz+-", clock) != std::string_view::npos;
}

CalendarTime utc_time(WallTime instant) {
  CalendarTime time;
  time.kind = CalendarTime::Kind::utc;
  time.local = format_date_time(to_seconds(instant));
  time.utc = to_wall_time(to_seconds(instant));
  return time;
}

// The instant on the clock of its zone. The offset only says the instant: it may be another zone's.
CalendarTime zoned_time(WallTime instant, std::string_view given) {
  const auto name = resolve_tzid(given);
  const ZonePtr zone = name ? iana_zone(*name) : nullptr;
  if (zone == nullptr || *name == "UTC") return utc_time(instant);
  CalendarTime time;
  time.kind = CalendarTime::Kind::zoned;
  time.zone = *name;
  time.local = format_date_time(zone->to_local(to_seconds(instant)));
  time.utc = to_wall_time(to_seconds(instant));
  return time;
}

Result<CalendarTime> clock_time(const std::string& local, const std::string& given) {
  TM_ASSIGN(const WallTime reading, parse_rfc3339(local + "Z"));
  CalendarTime time;
  time.local = format_date_time(to_seconds(reading));
  time.kind = CalendarTime::Kind::floating;
  if (given.empty()) return time;
  time.kind = CalendarTime::Kind::zoned;
  const auto name = resolve_tzid(given);
  const ZonePtr zone = name ? iana_zone(*name) : nullptr;
  time.zone = name.value_or(given);
  time.zone_unknown = zone == nullptr;
  if (zone != nullptr) time.utc = to_wall_time(zone->to_utc(to_seconds(reading)));
  return time;
}

bool is_date(std::string_view value) {
  return value.size() == 10 && parse_rfc3339(value).has_value();
}

// {"date": ...} or {"dateTime": ..., "timeZone": ...}.
Result<CalendarTime> read_time(const Json& item, const char* name) {
  const Json* value = member(item, name);
  if (value == nullptr || !value->is_object()) {
    return fail(Errc::parse_error, std::string("an event without \"") + name + "\"");
  }
  const auto wrong = [&](const std::string& shown) {
    return fail(Errc::parse_error, std::string("\"") + name + "\" is no date or time: \"" +
                                       shown.substr(0, 64) + "\"");
  };
  if (const std::string date = text(*value, "date"); !date.empty()) {
    if (!is_date(date)) return wrong(date);
    if (mutated(Mutation::google_all_day_as_instant)) return utc_time(*parse_rfc3339(date));
    CalendarTime time;
    time.kind = CalendarTime::Kind::date;
    time.local = date;
    return time;
  }
  const std::string at = text(*value, "dateTime");
  const std::string zone = text(*value, "timeZone");
  if (!has_offset(at)) {
    auto time = clock_time(at, zone);
    if (!time) return wrong(at);
    return time;
  }
  const auto instant = parse_rfc3339(at);
  if (!instant) return wrong(at);
  return zone.empty() ? utc_time(*instant) : zoned_time(*instant, zone);
}

// As iCalendar's RECURRENCE-ID: a date, or the instant.
std::string recurrence_key(const CalendarTime& time) {
  return time.utc ? format_date_time(to_seconds(*time.utc)) + "Z" : time.local;
}

Attendee read_person(const Json& person) {
  Attendee out;
  out.email = text(person, "email");
  out.name = text(person, "displayName");
  const std::string response = text(person, "responseStatus");
  // iCalendar's PARTSTAT, with its default.
  out.response =
      response.empty() || response == "needsAction" ? "needs-action" : to_lower_ascii(response);
  return out;
}

Result<void> read_people(const Json& item, CalendarEvent& event) {
  if (const Json* attendees = member(item, "attendees"); attendees != nullptr) {
    if (!attendees->is_array()) return fail(Errc::parse_error, "\"attendees\" is no list");
    if (attendees->size() > kMaxAttendees) {
      return fail(Errc::limit_exceeded, "more than 5,000 attendees in one event");
    }
    for (const Json& attendee : *attendees) {
      if (attendee.is_object()) event.attendees.push_back(read_person(attendee));
    }
  }
  // Google names an organizer for every event; iCalendar, for those that have attendees.
  const Json* organizer = member(item, "organizer");
  if (organizer != nullptr && organizer->is_object() && !event.attendees.empty()) {
    event.organizer = read_person(*organizer);
  }
  return {};
}

Result<void> read_recurrence(const Json& item, CalendarEvent& event) {
  const Json* lines = member(item, "recurrence");
  if (lines == nullptr) return {};
  if (!lines->is_array()) return fail(Errc::parse_error, "\"recurrence\" is no list");
  if (lines->size() > kMaxRecurrenceLines) {
    return fail(Errc::limit_exceeded, "more than 1,000 recurrence lines in one event");
  }
  for (const Json& line : *lines) {
    if (!line.is_string()) return fail(Errc::parse_error, "\"recurrence\" holds something else");
    event.recurrence.push_back(line.get<std::string>());
  }
  return {};
}

EventStatus read_status(const Json& item) {
  const std::string status = text(item, "status");
  if (status == "tentative") return EventStatus::tentative;
  if (status == "cancelled") return EventStatus::cancelled;
  return EventStatus::confirmed;
}

// 2025-01-08T10:00:00 as 20250108T100000.
std::string compact(std::string_view local) {
  std::string out(local);
  std::erase(out, '-');
  std::erase(out, ':');
  return out;
}

}  // namespace

Result<ItemKey> read_key(const Json& item) {
  ItemKey key;
  if (!item.is_object()) return fail(Errc::parse_error, "an item that is no object");
  key.id = text(item, "id");
  if (key.id.empty() || key.id.size() > kMaxIdBytes) {
    return fail(Errc::parse_error, "an event without an id, or with one of more than 1,024 bytes");
  }
  key.master = text(item, "recurringEventId");
  key.cancelled = text(item, "status") == "cancelled";
  key.recurs = member(item, "recurrence") != nullptr;
  if (key.master.empty()) return key;
  if (key.master.size() > kMaxIdBytes) {
    return fail(Errc::parse_error, "an instance of a series whose id is too long");
  }
  const bool by_start = mutated(Mutation::google_instance_keyed_by_start) && !key.cancelled;
  TM_ASSIGN(const CalendarTime original, read_time(item, by_start ? "start" : "originalStartTime"));
  key.recurrence_id = recurrence_key(original);
  return key;
}

Result<CalendarEvent> read_event(const Json& item, const ItemKey& key) {
  CalendarEvent event;
  event.external_event_id = key.id;
  event.recurring_event_id = key.master;
  event.recurrence_id = key.recurrence_id;
  event.ical_uid = text(item, "iCalUID");
  if (event.ical_uid.empty()) event.ical_uid = key.series();
  event.etag = text(item, "etag");
  if (const auto updated = parse_rfc3339(text(item, "updated"))) event.updated_at = *updated;
  event.status = read_status(item);
  event.title = text(item, "summary");
  event.description = text(item, "description");
  event.location = text(item, "location");
  TM_ASSIGN(event.start, read_time(item, "start"));
  if (member(item, "end") != nullptr && !flag(item, "endTimeUnspecified")) {
    TM_ASSIGN(event.end, read_time(item, "end"));
  } else {
    event.end = event.start;
  }
  TM_TRY(read_people(item, event));
  TM_TRY(read_recurrence(item, event));
  return event;
}

std::string exdate_line(const CalendarEvent& master, std::string_view recurrence_id) {
  const bool is_instant = recurrence_id.ends_with('Z');
  if (!is_instant) {
    const bool date = recurrence_id.find('T') == std::string_view::npos;
    return (date ? "EXDATE;VALUE=DATE:" : "EXDATE:") + compact(recurrence_id);
  }
  const ZonePtr zone =
      master.start.kind == CalendarTime::Kind::zoned ? iana_zone(master.start.zone) : nullptr;
  const auto instant = parse_rfc3339(recurrence_id);
  if (zone == nullptr || !instant) return "EXDATE:" + compact(recurrence_id);
  const bool off = mutated(Mutation::google_exdate_off_the_clock);
  const auto local = off ? to_seconds(*instant) : zone->to_local(to_seconds(*instant));
  return "EXDATE;TZID=" + master.start.zone + ":" + compact(format_date_time(local));
}

}  // namespace tidemark::google
