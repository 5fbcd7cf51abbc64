#include "domain/calendar_event_text.h"

#include "base/json.h"
#include "base/text.h"

namespace tidemark {
namespace {

// `name` with its quotes, colon and whatever stands before it: ",\"etag\":".
void append_text(std::string& out, std::string_view name, std::string_view text) {
  out += name;
  append_json_string(out, text);
}

void append_text_or_null(std::string& out, std::string_view name, std::string_view text) {
  out += name;
  if (text.empty()) {
    out += "null";
  } else {
    append_json_string(out, text);
  }
}

void append_time(std::string& out, std::string_view name, const CalendarTime& time) {
  out += name;
  switch (time.kind) {
    case CalendarTime::Kind::none: out += "null"; return;
    case CalendarTime::Kind::date:
      append_text(out, "{\"date\":", time.local);
      out += '}';
      return;
    case CalendarTime::Kind::floating:
      append_text(out, "{\"date_time\":", time.local);
      out += ",\"zone\":null}";
      return;
    case CalendarTime::Kind::utc:
    case CalendarTime::Kind::zoned: break;
  }
  append_text(out, "{\"date_time\":", time.local);
  if (time.utc) append_text(out, ",\"utc\":", format_rfc3339(*time.utc));
  append_text(out, ",\"zone\":", time.kind == CalendarTime::Kind::utc ? "UTC" : time.zone);
  if (time.zone_unknown) out += ",\"zone_unknown\":true";
  out += '}';
}

void append_attendee(std::string& out, const Attendee& attendee) {
  append_text_or_null(out, "{\"email\":", attendee.email);
  append_text_or_null(out, ",\"name\":", attendee.name);
  append_text_or_null(out, ",\"response\":", attendee.response);
  out += '}';
}

template <class T, class Append>
void append_list(std::string& out, std::string_view name, const std::vector<T>& values,
                 const Append& append) {
  out += name;
  out += '[';
  for (const auto& value : values) {
    if (out.back() != '[') out += ',';
    append(value);
  }
  out += ']';
}

}  // namespace

void append_json(std::string& out, const CalendarEvent& event) {
  append_list(out, "{\"attendees\":", event.attendees,
              [&](const Attendee& attendee) { append_attendee(out, attendee); });
  append_text_or_null(out, ",\"description\":", event.description);
  append_time(out, ",\"end\":", event.end);
  append_text_or_null(out, ",\"etag\":", event.etag);
  append_text_or_null(out, ",\"external_event_id\":", event.external_event_id);
  append_text_or_null(out, ",\"ical_uid\":", event.ical_uid);
  append_text_or_null(out, ",\"location\":", event.location);
  out += ",\"organizer\":";
  if (event.organizer) {
    append_attendee(out, *event.organizer);
  } else {
    out += "null";
  }
  append_list(out, ",\"recurrence\":", event.recurrence,
              [&](const std::string& line) { append_json_string(out, line); });
  append_text_or_null(out, ",\"recurrence_id\":", event.recurrence_id);
  append_text_or_null(out, ",\"recurring_event_id\":", event.recurring_event_id);
  append_text_or_null(out, ",\"source_hash\":", event.source_hash);
  append_time(out, ",\"start\":", event.start);
  append_text(out, ",\"status\":", to_text(event.status));
  append_text_or_null(out, ",\"title\":", event.title);
  append_text_or_null(out, ",\"updated_at\":",
                      event.updated_at ? format_rfc3339(*event.updated_at) : std::string());
  out += '}';
}

}  // namespace tidemark
