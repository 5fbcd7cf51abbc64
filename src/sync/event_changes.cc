#include "sync/event_changes.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "sync/event_codec.h"
#include "sync/icalendar/icalendar.h"
#include "zones/zone.h"

namespace tidemark::sync {
namespace {

constexpr std::array<const char*, 9> kNames{"title",     "description", "location",
                                            "start",     "end",         "status",
                                            "attendees", "organizer",   "recurrence"};
constexpr std::size_t kTitleBytes = 1'024;
constexpr std::size_t kDescriptionBytes = 32U << 10;
constexpr std::size_t kEmailBytes = 320;
constexpr std::size_t kNameBytes = 256;
constexpr std::size_t kLineBytes = 4'096;

std::uint16_t bit(EventMember member) {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(member));
}

tl::unexpected<Error> wrong(const std::string& member, const std::string& what) {
  return fail(Errc::invalid_argument, "\"" + member + "\" " + what);
}

bool has_control(std::string_view text, bool lines_allowed) {
  return std::any_of(text.begin(), text.end(), [&](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t' && !(lines_allowed && c == '\n')) || byte == 0x7F;
  });
}

// Null is no text.
Result<std::string> read_text(const Json& value, const std::string& member, std::size_t most,
                              bool lines_allowed) {
  if (value.is_null()) return std::string();
  if (!value.is_string()) return wrong(member, "must be a string or null");
  auto text = value.get<std::string>();
  if (text.size() > most) return wrong(member, "is longer than " + std::to_string(most) + " bytes");
  if (!is_valid_utf8(text)) return wrong(member, "is not UTF-8");
  if (has_control(text, lines_allowed)) return wrong(member, "holds a control character");
  return text;
}

Result<void> only(const Json& object, const std::string& member,
                  std::initializer_list<std::string_view> allowed) {
  if (!object.is_object()) return wrong(member, "must be an object");
  for (const auto& [key, value] : object.items()) {
    if (std::find(allowed.begin(), allowed.end(), key) == allowed.end()) {
      return wrong(member, "has an unknown member \"" + to_valid_utf8(key.substr(0, 64)) + "\"");
    }
  }
  return {};
}

std::string text_in(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Seconds on the wall clock that "2025-12-16T12:00:00" shows; nothing for other text.
std::optional<LocalSeconds> clock_of(const std::string& local) {
  if (local.size() != 19 || local[10] != 'T') return std::nullopt;
  const auto time = parse_rfc3339(local + "Z");
  return time ? std::optional(to_seconds(*time)) : std::nullopt;
}

Result<CalendarTime> read_clock(const Json& value, const std::string& member) {
  CalendarTime time;
  time.local = text_in(value, "date_time");
  const auto clock = clock_of(time.local);
  if (!clock) return wrong(member, "needs \"date_time\" such as \"2025-12-16T12:00:00\"");
  const auto zone = value.find("zone");
  if (zone == value.end()) {
    return wrong(member, "needs \"zone\": an IANA name, \"UTC\", or null for floating time");
  }
  time.kind = CalendarTime::Kind::floating;
  if (zone->is_null()) return time;
  const auto name =
      zone->is_string() ? resolve_tzid(zone->get<std::string>()) : std::optional<std::string>();
  const ZonePtr rules = name ? iana_zone(*name) : nullptr;
  if (rules == nullptr) return wrong(member, "names a zone that is not known; use an IANA name");
  time.kind = *name == "UTC" ? CalendarTime::Kind::utc : CalendarTime::Kind::zoned;
  if (time.kind == CalendarTime::Kind::zoned) time.zone = *name;
  time.utc = to_wall_time(rules->to_utc(*clock));
  return time;
}

Result<CalendarTime> read_time(const Json& value, const std::string& member) {
  if (value.is_null()) return CalendarTime{};
  if (value.is_object() && value.contains("date")) {
    TM_TRY(only(value, member, {"date"}));
    CalendarTime time;
    time.kind = CalendarTime::Kind::date;
    time.local = text_in(value, "date");
    if (time.local.size() == 10 && parse_rfc3339(time.local)) return time;
    return wrong(member, "needs \"date\" such as \"2025-12-16\"");
  }
  // "utc" follows from the others; it is let through because the API shows it.
  TM_TRY(only(value, member, {"date_time", "zone", "utc"}));
  return read_clock(value, member);
}

Result<Attendee> read_person(const Json& value, const std::string& member) {
  TM_TRY(only(value, member, {"email", "name", "response"}));
  Attendee person;
  const auto part = [&](const char* name) {
    const auto found = value.find(name);
    return found == value.end() ? Json() : *found;
  };
  TM_ASSIGN(person.email, read_text(part("email"), member, kEmailBytes, false));
  TM_ASSIGN(person.name, read_text(part("name"), member, kNameBytes, false));
  TM_ASSIGN(person.response, read_text(part("response"), member, kNameBytes, false));
  const auto at = person.email.find('@');
  if (at == 0 || at == std::string::npos || person.email.find(' ') != std::string::npos) {
    return wrong(member, "needs an \"email\" such as \"ada@example.com\"");
  }
  if (person.response.empty()) person.response = "needs-action";
  constexpr std::array<std::string_view, 5> kResponses{"needs-action", "accepted", "declined",
                                                       "tentative", "delegated"};
  if (std::find(kResponses.begin(), kResponses.end(), person.response) == kResponses.end()) {
    return wrong(member,
                 "has a \"response\" that is none of needs-action, accepted, declined, tentative "
                 "and delegated");
  }
  return person;
}

Result<std::vector<Attendee>> read_attendees(const Json& value) {
  std::vector<Attendee> attendees;
  if (value.is_null()) return attendees;
  if (!value.is_array()) return wrong("attendees", "must be a list");
  if (value.size() > kMaxWrittenAttendees) return wrong("attendees", "holds more than 300");
  for (const auto& one : value) {
    TM_ASSIGN(auto person, read_person(one, "attendees"));
    const bool again = std::any_of(attendees.begin(), attendees.end(),
                                   [&](const auto& other) { return other.email == person.email; });
    if (again) return wrong("attendees", "names " + person.email + " more than once");
    attendees.push_back(std::move(person));
  }
  return attendees;
}

// Whatever cannot be read again as it was meant must not be sent.
Result<void> check_recurrence(const std::vector<std::string>& lines) {
  CalendarEvent sample;
  sample.ical_uid = "sample";
  sample.start = {CalendarTime::Kind::utc, "2025-12-16T12:00:00", "", false, WallTime{}};
  sample.recurrence = lines;
  const auto read = icalendar::parse_resource(icalendar::write_events({sample}), {});
  if (!read) return wrong("recurrence", "cannot be read: " + read.error().message);
  if (read->size() != 1 || read->front().recurrence != lines) {
    return wrong("recurrence", "holds a line that cannot be read");
  }
  return {};
}

Result<std::vector<std::string>> read_recurrence(const Json& value) {
  std::vector<std::string> lines;
  if (value.is_null()) return lines;
  if (!value.is_array()) return wrong("recurrence", "must be a list of lines");
  if (value.size() > kMaxWrittenLines) return wrong("recurrence", "holds more than 64 lines");
  for (const auto& one : value) {
    if (!one.is_string()) return wrong("recurrence", "must be a list of lines");
    TM_ASSIGN(auto line, read_text(one, "recurrence", kLineBytes, false));
    const auto name = line.substr(0, line.find_first_of(";:"));
    if (name != "RRULE" && name != "RDATE" && name != "EXDATE" && name != "EXRULE") {
      return wrong("recurrence", "takes lines that begin with RRULE, RDATE, EXDATE or EXRULE");
    }
    lines.push_back(std::move(line));
  }
  TM_TRY(check_recurrence(lines));
  return lines;
}

Result<EventStatus> read_status(const Json& value) {
  for (const auto status :
       {EventStatus::confirmed, EventStatus::tentative, EventStatus::cancelled}) {
    if (value.is_string() && value.get<std::string>() == to_text(status)) return status;
  }
  return wrong("status", "is confirmed, tentative or cancelled");
}

Result<void> read_member(EventMember member, const Json& value, CalendarEvent& values) {
  switch (member) {
    case EventMember::title: {
      TM_ASSIGN(values.title, read_text(value, "title", kTitleBytes, true));
      return {};
    }
    case EventMember::description: {
      TM_ASSIGN(values.description, read_text(value, "description", kDescriptionBytes, true));
      return {};
    }
    case EventMember::location: {
      TM_ASSIGN(values.location, read_text(value, "location", kTitleBytes, true));
      return {};
    }
    case EventMember::start: {
      TM_ASSIGN(values.start, read_time(value, "start"));
      if (values.start.kind == CalendarTime::Kind::none) return wrong("start", "must not be null");
      return {};
    }
    case EventMember::end: {
      TM_ASSIGN(values.end, read_time(value, "end"));
      return {};
    }
    case EventMember::status: {
      TM_ASSIGN(values.status, read_status(value));
      return {};
    }
    case EventMember::attendees: {
      TM_ASSIGN(values.attendees, read_attendees(value));
      return {};
    }
    case EventMember::organizer: {
      if (value.is_null()) return {};
      TM_ASSIGN(values.organizer, read_person(value, "organizer"));
      return {};
    }
    case EventMember::recurrence: {
      TM_ASSIGN(values.recurrence, read_recurrence(value));
      return {};
    }
  }
  return fail(Errc::internal, "a member of unknown kind");
}

// RFC 5545 3.6.1: a day, or no time at all.
CalendarTime usual_end(const CalendarTime& start) {
  if (start.kind != CalendarTime::Kind::date) return start;
  const auto day = parse_rfc3339(start.local);
  CalendarTime end = start;
  if (day) end.local = format_date(to_seconds(*day) + kSecondsPerDay);
  return end;
}

void set_member(EventMember member, CalendarEvent& event, const CalendarEvent& values) {
  switch (member) {
    case EventMember::title: event.title = values.title; return;
    case EventMember::description: event.description = values.description; return;
    case EventMember::location: event.location = values.location; return;
    case EventMember::start: event.start = values.start; return;
    case EventMember::end: event.end = values.end; return;
    case EventMember::status: event.status = values.status; return;
    case EventMember::attendees: event.attendees = values.attendees; return;
    case EventMember::organizer: event.organizer = values.organizer; return;
    case EventMember::recurrence: event.recurrence = values.recurrence; return;
  }
}

template <class F>
void for_each_given(const EventChanges& changes, F&& visit) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const auto member = static_cast<EventMember>(i);
    if (changes.has(member)) visit(member);
  }
}

// What a server may add by itself and take for the same: an organizer beside attendees, RFC 5545's
// default end.
CalendarEvent comparable(CalendarEvent event, const EventChanges& changes) {
  if (!changes.has(EventMember::organizer)) event.organizer.reset();
  if (event.organizer) event.organizer->response.clear();
  if (event.organizer) event.organizer->name.clear();
  std::sort(event.attendees.begin(), event.attendees.end(),
            [](const Attendee& a, const Attendee& b) { return a.email < b.email; });
  std::sort(event.recurrence.begin(), event.recurrence.end());
  return event;
}

}  // namespace

bool EventChanges::has(EventMember member) const {
  return (given & bit(member)) != 0;
}

Result<EventChanges> read_changes(const Json& object) {
  if (!object.is_object()) return fail(Errc::invalid_argument, "the event must be a JSON object");
  EventChanges changes;
  for (const auto& [key, value] : object.items()) {
    const auto found = std::find(kNames.begin(), kNames.end(), key);
    if (found == kNames.end()) {
      return fail(Errc::invalid_argument,
                  "\"" + to_valid_utf8(key.substr(0, 64)) +
                      "\" cannot be written; the members are title, description, location, start, "
                      "end, status, attendees, organizer and recurrence");
    }
    const auto member = static_cast<EventMember>(found - kNames.begin());
    TM_TRY(read_member(member, value, changes.values));
    changes.given |= bit(member);
  }
  return changes;
}

Json to_json(const EventChanges& changes) {
  const Json all = to_json(changes.values);
  Json given = Json::object();
  for_each_given(changes, [&](EventMember member) {
    const char* name = kNames.at(static_cast<std::size_t>(member));
    given[name] = all[name];
  });
  return given;
}

CalendarEvent changed(CalendarEvent event, const EventChanges& changes) {
  for_each_given(changes, [&](EventMember member) { set_member(member, event, changes.values); });
  if (event.end.kind == CalendarTime::Kind::none) event.end = usual_end(event.start);
  event.source_hash = content_hash(event);
  return event;
}

bool says(const CalendarEvent& event, const EventChanges& changes) {
  return changed_fields(comparable(event, changes), comparable(changed(event, changes), changes))
      .empty();
}

Result<void> check_times(const CalendarEvent& event) {
  using Kind = CalendarTime::Kind;
  if (event.start.kind == Kind::none) return wrong("start", "is missing");
  if (event.end.kind == Kind::none) return {};
  if ((event.start.kind == Kind::date) != (event.end.kind == Kind::date)) {
    return wrong("end", "and \"start\" must both be dates or both be times");
  }
  const bool instants = event.start.utc && event.end.utc;
  const bool before =
      instants ? *event.end.utc < *event.start.utc
               : event.end.kind == event.start.kind && event.end.local < event.start.local;
  const bool no_day = event.start.kind == Kind::date && event.end.local == event.start.local;
  if (before || no_day)
    return wrong("end", "must not be before \"start\" (a date ends exclusively)");
  if (!event.recurrence.empty() && !event.recurrence_id.empty()) {
    return wrong("recurrence", "cannot be given to one instance of a series");
  }
  return {};
}

void write(ByteWriter& writer, const EventChanges& changes) {
  writer.number(changes.given).text(encode_event(changes.values));
}

EventChanges read_changes(ByteReader& reader) {
  EventChanges changes;
  changes.given = static_cast<std::uint16_t>(reader.number());
  auto values = decode_event(reader.text());
  if (values) {
    changes.values = std::move(*values);
  } else {
    reader.spoil();
  }
  return changes;
}

}  // namespace tidemark::sync
