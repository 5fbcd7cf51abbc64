// Canonical events as iCalendar: for what a provider does not send as iCalendar itself.
#include <algorithm>
#include <string>

#include "sync/icalendar/content_lines.h"
#include "sync/icalendar/icalendar.h"
#include "zones/local_time.h"

namespace tidemark::icalendar {
namespace {

std::string compact(std::string_view local) {
  std::string out(local);
  std::erase(out, '-');
  std::erase(out, ':');
  return out;
}

// RFC 6868, and quoted: a parameter may then hold anything but control characters.
std::string in_quotes(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '\n') {
      out += "^n";
    } else if (c == '^') {
      out += "^^";
    } else if (c == '"') {
      out += "^'";
    } else if (static_cast<unsigned char>(c) >= 0x20 || c == '\t') {
      out += c;
    }
  }
  return out + '"';
}

// "DTSTART;TZID=...:20250102T100000" without the name.
std::string time_text(const CalendarTime& time) {
  switch (time.kind) {
    case CalendarTime::Kind::none: return {};
    case CalendarTime::Kind::date: return ";VALUE=DATE:" + compact(time.local);
    case CalendarTime::Kind::floating: return ":" + compact(time.local);
    case CalendarTime::Kind::utc: return ":" + compact(time.local) + "Z";
    case CalendarTime::Kind::zoned: break;
  }
  const bool plain = time.zone.find_first_of(":;,\"^") == std::string::npos;
  return ";TZID=" + (plain ? time.zone : in_quotes(time.zone)) + ":" + compact(time.local);
}

std::string recurrence_id_text(std::string_view id) {
  return (id.find('T') == std::string_view::npos ? ";VALUE=DATE:" : ":") + compact(id);
}

std::string instant_text(WallTime time) {
  return ":" + compact(format_date_time(to_seconds(time))) + "Z";
}

std::string person_text(const Attendee& person) {
  std::string out;
  if (!person.name.empty()) out += ";CN=" + in_quotes(person.name);
  if (!person.response.empty() && person.response != "needs-action") {
    std::string response = person.response;
    std::transform(response.begin(), response.end(), response.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    out +=
        ";PARTSTAT=" +
        (response.find_first_of(":;,\"^\n") == std::string::npos ? response : in_quotes(response));
  }
  return out + ":mailto:" + escape_text(person.email);
}

class Writer {
 public:
  void line(std::string_view name, std::string_view rest) {
    out_ += fold(std::string(name).append(rest));
  }

  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) line(name, ":" + escape_text(value));
  }

  void event(const CalendarEvent& event) {
    line("BEGIN", ":VEVENT");
    text("UID", event.ical_uid);
    line("DTSTAMP", instant_text(event.updated_at.value_or(WallTime{})));
    if (event.updated_at) line("LAST-MODIFIED", instant_text(*event.updated_at));
    if (!event.recurrence_id.empty())
      line("RECURRENCE-ID", recurrence_id_text(event.recurrence_id));
    line("DTSTART", time_text(event.start));
    if (event.end.kind != CalendarTime::Kind::none) line("DTEND", time_text(event.end));
    if (event.status == EventStatus::tentative) line("STATUS", ":TENTATIVE");
    if (event.status == EventStatus::cancelled) line("STATUS", ":CANCELLED");
    text("SUMMARY", event.title);
    text("DESCRIPTION", event.description);
    text("LOCATION", event.location);
    for (const auto& recurrence : event.recurrence) line(recurrence, "");
    if (event.organizer) line("ORGANIZER", person_text(*event.organizer));
    for (const auto& attendee : event.attendees) line("ATTENDEE", person_text(attendee));
    line("END", ":VEVENT");
  }

  std::string finish() && { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace

std::string write_events(const std::vector<CalendarEvent>& events) {
  Writer writer;
  writer.line("BEGIN", ":VCALENDAR");
  writer.line("VERSION", ":2.0");
  writer.line("PRODID", ":-//Tidemark//Tidemark//EN");
  for (const auto& event : events) writer.event(event);
  writer.line("END", ":VCALENDAR");
  return std::move(writer).finish();
}

}  // namespace tidemark::icalendar
