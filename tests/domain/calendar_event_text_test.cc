#include "domain/calendar_event_text.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace tidemark::test {
namespace {

std::string written(const CalendarEvent& event) {
  std::string out = "[";
  append_json(out, event);
  return out.substr(1);
}

CalendarEvent full_event() {
  const WallTime time{std::chrono::milliseconds(1'765'886'400'123)};
  CalendarEvent event;
  event.external_event_id = "a/b.ics#1";
  event.ical_uid = "1@x";
  event.recurrence_id = "20260105T090000Z";
  event.recurring_event_id = "a/b.ics";
  event.etag = "\"tag\"";
  event.updated_at = time;
  event.status = EventStatus::tentative;
  event.title = "Über \"alles\" \\ \x01\x1f\x7f\b\f\n\r\t ✓ 𝄞";
  event.description = std::string("nul \0 inside", 12);
  event.location = "Raum 1";
  event.start = {CalendarTime::Kind::zoned, "2026-01-05T09:00:00", "Europe/Berlin", true, time};
  event.end = {CalendarTime::Kind::utc, "2026-01-05T10:00:00", "", false, time};
  event.attendees = {{"a@x", "A", "accepted"}, {"b@x", "", ""}};
  event.organizer = Attendee{"o@x", "O", ""};
  event.recurrence = {"RRULE:FREQ=DAILY", "EXDATE:20260106"};
  event.source_hash = "abc";
  return event;
}

TEST(CalendarEventText, IsWhatTheValuePrints) {
  EXPECT_EQ(written(full_event()), dump_json(to_json(full_event())));
  EXPECT_EQ(written({}), dump_json(to_json(CalendarEvent{})));
}

TEST(CalendarEventText, KnowsEveryKindOfTimeAndStatus) {
  CalendarEvent event = full_event();
  for (const auto kind :
       {CalendarTime::Kind::none, CalendarTime::Kind::date, CalendarTime::Kind::floating,
        CalendarTime::Kind::utc, CalendarTime::Kind::zoned}) {
    for (const auto status :
         {EventStatus::confirmed, EventStatus::tentative, EventStatus::cancelled}) {
      event.start.kind = kind;
      event.end.kind = kind;
      event.end.utc.reset();
      event.status = status;
      EXPECT_EQ(written(event), dump_json(to_json(event)));
    }
  }
}

}  // namespace
}  // namespace tidemark::test
