#include "sync/icalendar/canonical.h"

#include <algorithm>

#include "base/text.h"
#include "sync/icalendar/content_lines.h"
#include "sync/icalendar/rule.h"

namespace tidemark::icalendar {
namespace {

constexpr std::size_t kTitleBytes = 64U << 10;
constexpr std::size_t kDescriptionBytes = 1U << 20;
constexpr std::size_t kShortTextBytes = 4U << 10;
// RRULE and EXRULE lines of one event: each may cost a whole step budget.
constexpr std::size_t kMostRules = 16;
constexpr std::size_t kUidBytes = 4U << 10;

tl::unexpected<Error> unreadable(const Property& property, std::string_view expected) {
  return fail(Errc::parse_error, std::string(property.name) + " in line " +
                                     std::to_string(property.number) + " is not " +
                                     std::string(expected) + ": \"" +
                                     to_valid_utf8(property.value.substr(0, 64)) + "\"");
}

std::string text_of(const Component& vevent, std::string_view name, std::size_t limit) {
  const Property* property = vevent.find(name);
  return property == nullptr ? std::string() : unescape_text(property->value, limit);
}

std::string address_of(std::string_view value) {
  value = trim(value);
  constexpr std::string_view kScheme = "mailto:";
  if (value.size() >= kScheme.size() &&
      equals_ignoring_case(value.substr(0, kScheme.size()), kScheme)) {
    value.remove_prefix(kScheme.size());
  }
  return unescape_text(value, kShortTextBytes);
}

// RFC 6868: a parameter cannot hold quotes and line ends, so they are written with a caret.
std::string decode_parameter(std::string_view value) {
  std::string out;
  for (std::size_t i = 0; i < value.size() && out.size() < kShortTextBytes; ++i) {
    const char next = i + 1 < value.size() ? value[i + 1] : '\0';
    if (value[i] == '^' && (next == 'n' || next == '^' || next == '\'')) {
      out += next == 'n' ? '\n' : next == '^' ? '^' : '"';
      ++i;
    } else {
      out += value[i];
    }
  }
  return to_valid_utf8(out);
}

Attendee read_attendee(const Property& property) {
  Attendee attendee;
  attendee.email = address_of(property.value);
  attendee.name = decode_parameter(parameter(property, "CN").value_or(""));
  attendee.response =
      to_lower_ascii(decode_parameter(parameter(property, "PARTSTAT").value_or("NEEDS-ACTION")));
  return attendee;
}

EventStatus read_status(const Component& vevent) {
  const Property* status = vevent.find("STATUS");
  if (status == nullptr) return EventStatus::confirmed;
  const std::string_view value = trim(status->value);
  if (equals_ignoring_case(value, "CANCELLED")) return EventStatus::cancelled;
  if (equals_ignoring_case(value, "TENTATIVE")) return EventStatus::tentative;
  return EventStatus::confirmed;
}

std::optional<WallTime> read_instant(const Component& vevent, std::string_view name,
                                     ZoneResolver& zones) {
  const Property* property = vevent.find(name);
  if (property == nullptr) return std::nullopt;
  const auto time = read_time(*property, property->value, zones);
  return time ? time->utc : std::nullopt;
}

CalendarTime end_after(const CalendarTime& start, const Duration& duration, const Zone* zone) {
  const LocalSeconds nominal = local_of(start) + duration.days * kSecondsPerDay;
  if (start.kind == CalendarTime::Kind::date) return at_local(start, nominal, nullptr);
  if (zone == nullptr) return at_local(start, nominal + duration.seconds, nullptr);
  return at_local(start, zone->to_local(zone->to_utc(nominal) + duration.seconds), zone);
}

// DTEND, else DTSTART + DURATION, else what RFC 5545 3.6.1 says: the day, or no time at all.
Result<CalendarTime> read_end(const Component& vevent, const CalendarTime& start,
                              ZoneResolver& zones) {
  if (const Property* end = vevent.find("DTEND")) {
    auto time = read_time(*end, end->value, zones);
    if (!time) return unreadable(*end, "a date or time");
    return *time;
  }
  Duration duration{start.kind == CalendarTime::Kind::date ? 1 : 0, 0};
  if (const Property* property = vevent.find("DURATION")) {
    const auto value = parse_duration_value(property->value);
    if (!value) return unreadable(*property, "a duration");
    if (value->days >= 0 && value->seconds >= 0) duration = *value;
  }
  const ZonePtr zone = zone_of(*vevent.find("DTSTART"), start, zones);
  return end_after(start, duration, zone.get());
}

bool is_rule(std::string_view name) {
  return equals_ignoring_case(name, "RRULE") || equals_ignoring_case(name, "EXRULE");
}

bool is_recurrence_line(std::string_view name) {
  return is_rule(name) || equals_ignoring_case(name, "RDATE") ||
         equals_ignoring_case(name, "EXDATE");
}

bool is_valid_recurrence_line(const Property& property) {
  if (is_rule(property.name)) return Rule::parse(property.value).has_value();
  const auto values = split(property.value, ',');
  return std::all_of(values.begin(), values.end(), [](const std::string& value) {
    const std::string_view text = trim(value);
    const std::size_t slash = text.find('/');
    return text.empty() || parse_time_value(text.substr(0, slash)).has_value();
  });
}

}  // namespace

std::string unescape_text(std::string_view value, std::size_t limit) {
  std::string out;
  out.reserve(std::min(value.size(), limit));
  for (std::size_t i = 0; i < value.size() && out.size() < limit; ++i) {
    if (value[i] == '\\' && i + 1 < value.size()) {
      const char next = value[++i];
      if (next == 'n' || next == 'N')
        out += '\n';
      else if (next == '\\' || next == ';' || next == ',' || next == '"' || next == ':')
        out += next;
      else
        (out += '\\') += next;
    } else {
      out += value[i];
    }
  }
  // The limit may have cut inside a character.
  while (!out.empty() && out.size() >= limit && !is_valid_utf8(out)) out.pop_back();
  return out;
}

LocalSeconds local_of(const CalendarTime& time) {
  return parse_formatted(time.local).value_or(0);
}

CalendarTime at_local(const CalendarTime& like, LocalSeconds local, const Zone* zone) {
  CalendarTime time = like;
  const bool is_date = like.kind == CalendarTime::Kind::date;
  time.local = is_date ? format_date(local) : format_date_time(local);
  time.utc.reset();
  if (like.kind == CalendarTime::Kind::utc) time.utc = to_wall_time(local);
  if (like.kind == CalendarTime::Kind::zoned && zone != nullptr) {
    time.utc = to_wall_time(zone->to_utc(local));
  }
  return time;
}

ZonePtr zone_of(const Property& property, const CalendarTime& time, ZoneResolver& zones) {
  if (time.kind == CalendarTime::Kind::utc) {
    static const ZonePtr utc = std::make_shared<const Zone>(Zone::fixed(0));
    return utc;
  }
  if (time.kind != CalendarTime::Kind::zoned) return nullptr;
  return zones.resolve(parameter(property, "TZID").value_or("")).zone;
}

std::optional<CalendarTime> read_time(const Property& property, std::string_view value,
                                      ZoneResolver& zones) {
  const auto parsed = parse_time_value(value);
  if (!parsed) return std::nullopt;
  CalendarTime time;
  const auto tzid = parameter(property, "TZID");
  if (parsed->is_date) {
    time.kind = CalendarTime::Kind::date;
  } else if (parsed->is_utc) {
    time.kind = CalendarTime::Kind::utc;
  } else if (!tzid || trim(*tzid).empty()) {
    time.kind = CalendarTime::Kind::floating;
  } else {
    const auto& resolved = zones.resolve(*tzid);
    time.kind = CalendarTime::Kind::zoned;
    time.zone = resolved.name;
    time.zone_unknown = resolved.zone == nullptr;
    return at_local(time, parsed->local, resolved.zone.get());
  }
  return at_local(time, parsed->local, nullptr);
}

std::string recurrence_key(const CalendarTime& time) {
  if (!time.utc) return time.local;
  return format_date_time(to_seconds(*time.utc)) + "Z";
}

Result<CalendarEvent> to_canonical(const Component& vevent, const Address& address,
                                   ZoneResolver& zones, const Limits& limits) {
  CalendarEvent event;
  event.etag = address.etag;
  event.ical_uid = text_of(vevent, "UID", kUidBytes);
  if (trim(event.ical_uid).empty()) return fail(Errc::parse_error, "an event without UID");

  const Property* start = vevent.find("DTSTART");
  if (start == nullptr) {
    return fail(Errc::parse_error,
                "the event " + event.ical_uid.substr(0, 128) + " has no DTSTART");
  }
  const auto start_time = read_time(*start, start->value, zones);
  if (!start_time) return unreadable(*start, "a date or time");
  event.start = *start_time;
  TM_ASSIGN(event.end, read_end(vevent, event.start, zones));

  event.external_event_id = address.href;
  if (const Property* property = vevent.find("RECURRENCE-ID")) {
    const auto time = read_time(*property, property->value, zones);
    if (!time) return unreadable(*property, "a date or time");
    event.recurrence_id = recurrence_key(*time);
    event.recurring_event_id = address.href;
    event.external_event_id += "#" + event.recurrence_id;
  }

  event.updated_at = read_instant(vevent, "LAST-MODIFIED", zones);
  if (!event.updated_at) event.updated_at = read_instant(vevent, "DTSTAMP", zones);
  event.status = read_status(vevent);
  event.title = text_of(vevent, "SUMMARY", kTitleBytes);
  event.description = text_of(vevent, "DESCRIPTION", kDescriptionBytes);
  event.location = text_of(vevent, "LOCATION", kTitleBytes);

  const auto rules = std::count_if(vevent.properties.begin(), vevent.properties.end(),
                                   [](const Property& one) { return is_rule(one.name); });
  if (static_cast<std::size_t>(rules) > kMostRules) {
    return fail(Errc::limit_exceeded,
                "more than " + std::to_string(kMostRules) + " recurrence rules in one event");
  }
  for (const Property& property : vevent.properties) {
    if (equals_ignoring_case(property.name, "ATTENDEE")) {
      if (event.attendees.size() >= limits.attendees) {
        return fail(Errc::limit_exceeded,
                    "more than " + std::to_string(limits.attendees) + " attendees in one event");
      }
      event.attendees.push_back(read_attendee(property));
    } else if (equals_ignoring_case(property.name, "ORGANIZER") && !event.organizer) {
      event.organizer = read_attendee(property);
    } else if (is_recurrence_line(property.name)) {
      if (!is_valid_recurrence_line(property)) return unreadable(property, "a recurrence");
      event.recurrence.emplace_back(property.line);
    }
  }
  event.source_hash = content_hash(event);
  return event;
}

}  // namespace tidemark::icalendar
