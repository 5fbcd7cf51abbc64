#include "domain/calendar_event.h"

#include <gtest/gtest.h>

namespace tidemark {
namespace {

CalendarEvent sample() {
  CalendarEvent event;
  event.external_event_id = "a.ics";
  event.ical_uid = "uid-1";
  event.etag = "\"1\"";
  event.updated_at = WallTime{milliseconds{1'765'886'400'000}};
  event.status = EventStatus::tentative;
  event.title = "Stand-up";
  event.description = "daily";
  event.location = "Room 1";
  event.start = {CalendarTime::Kind::zoned, "2025-12-16T09:00:00", "Europe/Berlin", false,
                 WallTime{milliseconds{1'765'872'000'000}}};
  event.end = {CalendarTime::Kind::zoned, "2025-12-16T09:15:00", "Nowhere/Land", true,
               std::nullopt};
  event.attendees = {{"a@example.org", "A", "accepted"}, {"b@example.org", "", "needs-action"}};
  event.organizer = Attendee{"o@example.org", "O", ""};
  event.recurrence = {"RRULE:FREQ=DAILY", "EXDATE:20251217T080000Z"};
  event.source_hash = content_hash(event);
  return event;
}

TEST(CalendarEvent, SurvivesTheRoundTrip) {
  EXPECT_EQ(calendar_event_from_json(to_json(sample())), sample());
  CalendarEvent plain;
  EXPECT_EQ(calendar_event_from_json(to_json(plain)), plain);
}

TEST(CalendarEvent, KeepsAllDayAndFloatingTimesApart) {
  CalendarEvent event = sample();
  event.start = {CalendarTime::Kind::date, "2025-12-16", "", false, std::nullopt};
  event.end = {CalendarTime::Kind::floating, "2025-12-16T09:00:00", "", false, std::nullopt};
  EXPECT_EQ(calendar_event_from_json(to_json(event)), event);
  EXPECT_EQ(to_json(event)["start"], (Json{{"date", "2025-12-16"}}));
  EXPECT_EQ(to_json(event)["end"], (Json{{"date_time", "2025-12-16T09:00:00"}, {"zone", nullptr}}));
}

TEST(CalendarEvent, AnUnknownZoneIsToldAndHasNoInstant) {
  const Json end = to_json(sample())["end"];
  EXPECT_EQ(end["zone_unknown"], true);
  EXPECT_FALSE(end.contains("utc"));
}

TEST(CalendarEvent, TheHashIsOfTheContentOnly) {
  CalendarEvent event = sample();
  const auto hash = content_hash(event);
  event.etag = "\"2\"";
  event.updated_at.reset();
  event.external_event_id = "b.ics";
  event.source_hash = "other";
  EXPECT_EQ(content_hash(event), hash);
  event.title += "!";
  EXPECT_NE(content_hash(event), hash);
}

TEST(CalendarEvent, NamesTheFieldsThatDiffer) {
  CalendarEvent event = sample();
  EXPECT_TRUE(changed_fields(sample(), event).empty());
  event.etag = "\"2\"";
  EXPECT_TRUE(changed_fields(sample(), event).empty());
  event.title = "Retro";
  event.attendees.pop_back();
  event.external_event_id = "b.ics";
  EXPECT_EQ(changed_fields(sample(), event),
            (std::vector<std::string>{"attendees", "external_event_id", "title"}));
}

TEST(CalendarEvent, NamesTheFieldThatIsIllTyped) {
  for (const char* field :
       {"title", "status", "start", "attendees", "recurrence", "organizer", "updated_at"}) {
    Json json = to_json(sample());
    json[field] = 7;
    EXPECT_FALSE(calendar_event_from_json(json)) << field;
  }
}

}  // namespace
}  // namespace tidemark
