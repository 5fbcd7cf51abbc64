// Canonical events as iCalendar: for what a provider does not send as iCalendar itself.
#include <string>

#include "sync/icalendar/content_lines.h"
#include "sync/icalendar/icalendar.h"
#include "sync/icalendar/property_text.h"

namespace tidemark::icalendar {
namespace {

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
