// Google's items as canonical events, and series of them (calendar rules 8 to 12).
#include "providers/google/event_json.h"

#include <gmock/gmock.h>

#include <string>

#include "base/text.h"
#include "providers/google/series.h"

namespace tidemark::google {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = CalendarTime::Kind;

Json parsed(std::string_view text) {
  auto value = parse_json(text);
  EXPECT_TRUE(value.has_value()) << text;
  return value.value_or(Json());
}

CalendarEvent event(std::string_view text) {
  const Json item = parsed(text);
  const auto key = read_key(item);
  EXPECT_TRUE(key.has_value()) << text;
  auto read = read_event(item, *key);
  EXPECT_TRUE(read.has_value()) << text;
  return read.value_or(CalendarEvent{});
}

SeriesPart part(std::string_view text) {
  Json value = parsed(text);
  auto key = read_key(value);
  EXPECT_TRUE(key.has_value()) << text;
  return {key.value_or(ItemKey{}), std::string(text), std::move(value)};
}

std::vector<CalendarEvent> events(const Series& series) {
  auto read = series.events();
  EXPECT_TRUE(read.has_value());
  return read.value_or(std::vector<CalendarEvent>{});
}

constexpr std::string_view kMaster =
    R"({"id":"m","iCalUID":"m@google.com","status":"confirmed","summary":"Weekly","etag":"\"1\"",
        "start":{"dateTime":"2025-01-06T09:00:00+01:00","timeZone":"Europe/Berlin"},
        "end":{"dateTime":"2025-01-06T10:00:00+01:00","timeZone":"Europe/Berlin"},
        "recurrence":["RRULE:FREQ=WEEKLY;COUNT=5"]})";
constexpr std::string_view kMoved =
    R"({"id":"m_20250113T080000Z","iCalUID":"m@google.com","status":"confirmed","summary":"Later",
        "recurringEventId":"m",
        "originalStartTime":{"dateTime":"2025-01-13T09:00:00+01:00","timeZone":"Europe/Berlin"},
        "start":{"dateTime":"2025-01-14T11:00:00+01:00","timeZone":"Europe/Berlin"},
        "end":{"dateTime":"2025-01-14T12:00:00+01:00","timeZone":"Europe/Berlin"}})";
constexpr std::string_view kCancelled =
    R"({"id":"m_20250120T080000Z","status":"cancelled","recurringEventId":"m",
        "originalStartTime":{"dateTime":"2025-01-20T09:00:00+01:00"}})";

TEST(GoogleEvent, ReadsEveryFieldOfTheCanonicalEvent) {
  const CalendarEvent read = event(
      R"({"id":"e1","iCalUID":"e1@google.com","etag":"\"3181161784712000\"","status":"tentative",
          "updated":"2025-01-02T03:04:05.678Z","summary":"Lunch","description":"with <b>bread</b>",
          "location":"Here","start":{"dateTime":"2025-06-02T12:00:00+02:00","timeZone":"Europe/Berlin"},
          "end":{"dateTime":"2025-06-02T13:00:00+02:00","timeZone":"Europe/Berlin"},
          "organizer":{"email":"a@x.org","displayName":"A","self":true},
          "attendees":[{"email":"b@x.org","displayName":"B","responseStatus":"accepted"},
                       {"email":"c@x.org","responseStatus":"needsAction"}],
          "hangoutLink":"https://meet.example/x"})");
  EXPECT_EQ(read.external_event_id, "e1");
  EXPECT_EQ(read.ical_uid, "e1@google.com");
  EXPECT_EQ(read.recurrence_id, "");
  EXPECT_EQ(read.etag, "\"3181161784712000\"");
  EXPECT_EQ(format_rfc3339(*read.updated_at), "2025-01-02T03:04:05.678Z");
  EXPECT_EQ(read.status, EventStatus::tentative);
  EXPECT_EQ(read.title, "Lunch");
  EXPECT_EQ(read.description, "with <b>bread</b>");
  EXPECT_EQ(read.location, "Here");
  EXPECT_EQ(read.start.kind, Kind::zoned);
  EXPECT_EQ(read.start.zone, "Europe/Berlin");
  EXPECT_EQ(read.start.local, "2025-06-02T12:00:00");
  EXPECT_EQ(format_rfc3339(*read.start.utc), "2025-06-02T10:00:00.000Z");
  EXPECT_EQ(read.end.local, "2025-06-02T13:00:00");
  EXPECT_THAT(read.attendees, ElementsAre(Attendee{"b@x.org", "B", "accepted"},
                                          Attendee{"c@x.org", "", "needs-action"}));
  EXPECT_EQ(read.organizer, (Attendee{"a@x.org", "A", "needs-action"}));
}

TEST(GoogleEvent, AnOrganizerWithoutAttendeesIsNoMeeting) {
  const CalendarEvent read = event(
      R"({"id":"e","start":{"date":"2025-01-01"},"end":{"date":"2025-01-02"},
          "organizer":{"email":"a@x.org","self":true}})");
  EXPECT_FALSE(read.organizer.has_value());
  EXPECT_EQ(read.ical_uid, "e");
}

TEST(GoogleEvent, Rule12AllDayStaysADateWithAnExclusiveEnd) {
  const CalendarEvent read =
      event(R"({"id":"e","start":{"date":"2025-03-30"},"end":{"date":"2025-03-31"}})");
  EXPECT_EQ(read.start.kind, Kind::date);
  EXPECT_EQ(read.start.local, "2025-03-30");
  EXPECT_EQ(read.end.local, "2025-03-31");
  EXPECT_FALSE(read.start.utc.has_value());
  EXPECT_FALSE(read.end.utc.has_value());
}

TEST(GoogleEvent, TheClockIsTheZonesWhateverTheOffsetIs) {
  const auto start = [](std::string_view time) {
    return event(R"({"id":"e","end":{"date":"2025-01-02"},"start":)" + std::string(time) + "}")
        .start;
  };
  const CalendarTime elsewhere =
      start(R"({"dateTime":"2025-07-01T12:00:00+02:00","timeZone":"America/New_York"})");
  EXPECT_EQ(elsewhere.local, "2025-07-01T06:00:00");
  EXPECT_EQ(elsewhere.zone, "America/New_York");
  const CalendarTime without_offset =
      start(R"({"dateTime":"2025-07-01T06:00:00","timeZone":"America/New_York"})");
  EXPECT_EQ(without_offset, elsewhere);
  const CalendarTime utc = start(R"({"dateTime":"2025-07-01T10:00:00Z","timeZone":"UTC"})");
  EXPECT_EQ(utc.kind, Kind::utc);
  EXPECT_EQ(utc.local, "2025-07-01T10:00:00");
  EXPECT_EQ(start(R"({"dateTime":"2025-07-01T12:00:00+02:00"})"), utc);
  // A zone that nobody knows loses nothing: the offset says when.
  EXPECT_EQ(start(R"({"dateTime":"2025-07-01T12:00:00+02:00","timeZone":"Mars/Olympus"})"), utc);
  const CalendarTime unknown =
      start(R"({"dateTime":"2025-07-01T12:00:00","timeZone":"Mars/Olympus"})");
  EXPECT_TRUE(unknown.zone_unknown);
  EXPECT_FALSE(unknown.utc.has_value());
}

TEST(GoogleEvent, SaysWhatIsWrong) {
  const auto reason = [](std::string_view text) {
    const Json item = parsed(text);
    const auto key = read_key(item);
    if (!key) return key.error().message;
    const auto read = read_event(item, *key);
    return read ? std::string("nothing") : read.error().message;
  };
  EXPECT_THAT(reason(R"({"summary":"x"})"), HasSubstr("without an id"));
  EXPECT_THAT(reason(R"({"id":"e"})"), HasSubstr("without \"start\""));
  EXPECT_THAT(reason(R"({"id":"e","start":{"date":"2025-02-30"}})"), HasSubstr("no date or time"));
  EXPECT_THAT(reason(R"({"id":"e","start":{"dateTime":"noon"}})"), HasSubstr("no date or time"));
  EXPECT_THAT(reason(R"({"id":"e","start":{"date":"2025-01-01"},"end":7})"),
              HasSubstr("without \"end\""));
  EXPECT_THAT(reason(R"({"id":"e","recurringEventId":"m","start":{"date":"2025-01-01"}})"),
              HasSubstr("originalStartTime"));
  EXPECT_THAT(
      reason(
          R"({"id":"e","start":{"date":"2025-01-01"},"end":{"date":"2025-01-01"},"recurrence":7})"),
      HasSubstr("recurrence"));
  EXPECT_THAT(reason(R"({"id":")" + std::string(2'000, 'x') + "\"}"), HasSubstr("1,024"));
}

TEST(GoogleSeries, Rule9And10InstancesAreKeyedByTheirOriginalStart) {
  Series series;
  series.put(part(kMoved));
  series.put(part(kMaster));
  const auto all = events(series);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].external_event_id, "m");
  EXPECT_EQ(all[1].external_event_id, "m_20250113T080000Z");
  EXPECT_EQ(all[1].recurrence_id, "2025-01-13T08:00:00Z");
  EXPECT_EQ(all[1].recurring_event_id, "m");
  EXPECT_EQ(all[1].start.local, "2025-01-14T11:00:00");
}

TEST(GoogleSeries, Rule9ACancelledInstanceIsAnExdateOfItsMaster) {
  Series series;
  series.put(part(kCancelled));
  EXPECT_THAT(events(series), IsEmpty()) << "its master is not known yet";
  series.put(part(kMaster));
  series.put(part(kMoved));
  auto all = events(series);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_THAT(all[0].recurrence, ElementsAre("RRULE:FREQ=WEEKLY;COUNT=5",
                                             "EXDATE;TZID=Europe/Berlin:20250120T090000"));
  EXPECT_EQ(all[0].source_hash, content_hash(all[0]));
  // The moved one is cancelled as well.
  series.put(part(R"({"id":"m_20250113T080000Z","status":"cancelled","recurringEventId":"m",
      "originalStartTime":{"dateTime":"2025-01-13T08:00:00Z"}})"));
  all = events(series);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].recurrence.size(), 3U);
}

TEST(GoogleSeries, ExdatesAreWrittenOnTheMastersClock) {
  const CalendarEvent zoned = event(kMaster);
  EXPECT_EQ(exdate_line(zoned, "2025-07-07T07:00:00Z"),
            "EXDATE;TZID=Europe/Berlin:20250707T090000");
  CalendarEvent utc = zoned;
  utc.start.kind = Kind::utc;
  EXPECT_EQ(exdate_line(utc, "2025-07-07T07:00:00Z"), "EXDATE:20250707T070000Z");
  EXPECT_EQ(exdate_line(zoned, "2025-07-07"), "EXDATE;VALUE=DATE:20250707");
}

TEST(GoogleSeries, BytesComeBack) {
  Series series;
  series.put(part(kMaster));
  series.put(part(kMoved));
  series.put(part(kCancelled));
  auto again = Series::parse(series.bytes());
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->bytes(), series.bytes());
  EXPECT_EQ(events(*again), events(series));
  const auto single = Series::parse(bytes_of(kMaster));
  ASSERT_TRUE(single.has_value());
  EXPECT_EQ(events(*single).size(), 1U);
  for (const char* damaged : {"", "{", "[]", R"({"items":[{"no":"id"}]})"}) {
    const auto refused = Series::parse(damaged);
    ASSERT_FALSE(refused.has_value()) << damaged;
    EXPECT_EQ(refused.error().code, Errc::corrupt);
  }
}

TEST(GoogleSeries, Rule6WhatAFullListingDoesNotNameIsGoneAtItsEnd) {
  Series series;
  series.put(part(kMaster));
  series.put(part(kMoved));
  series.put(part(kCancelled));
  series.doubt_all();
  series.put(part(kMaster));
  EXPECT_EQ(events(series).size(), 2U) << "nothing goes before the end";
  auto again = Series::parse(series.bytes());
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(again->has_unconfirmed());
  again->put(part(kCancelled));
  again->drop_unconfirmed();
  EXPECT_FALSE(again->has_unconfirmed());
  const auto left = events(*again);
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].recurrence.size(), 2U) << "the cancelled instance was named";
}

TEST(GoogleSeries, ASingleEventHasNoInstancesToTakeOut) {
  Series series;
  series.put(part(R"({"id":"m","start":{"date":"2025-01-01"},"end":{"date":"2025-01-02"}})"));
  series.put(part(kCancelled));
  const auto all = events(series);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_THAT(all[0].recurrence, IsEmpty());
}

}  // namespace
}  // namespace tidemark::google
