#include <gmock/gmock.h>

#include "tests/sync/icalendar/fixtures.h"

namespace tidemark::icalendar::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = CalendarTime::Kind;

TEST(ICalendar, ReadsEveryCanonicalField) {
  const CalendarEvent read = parse_one(
      event("DTSTART;TZID=Europe/Berlin:20251216T130000\nDTEND;TZID=Europe/Berlin:20251216T140000\n"
            "SUMMARY:Tea\\, cake\\; and \\\\ more\nDESCRIPTION:one\\ntwo\\Nthree\nLOCATION:Room 1\n"
            "STATUS:TENTATIVE\nLAST-MODIFIED:20251201T101112Z\nSEQUENCE:2\n"
            "ORGANIZER;CN=\"Boss, The\":MAILTO:boss@example.com\n"
            "ATTENDEE;CN=Zoe;PARTSTAT=ACCEPTED:mailto:zoe@example.com\n"
            "ATTENDEE;CN=a^'b^^:mailto:Abe@example.com\n"
            "RRULE:FREQ=DAILY;COUNT=3\nEXDATE;TZID=Europe/Berlin:20251217T130000\n"));
  EXPECT_EQ(read.external_event_id, "/cal/1.ics");
  EXPECT_EQ(read.ical_uid, "u1");
  EXPECT_EQ(read.etag, "\"e1\"");
  EXPECT_EQ(read.recurrence_id, "");
  EXPECT_EQ(read.status, EventStatus::tentative);
  EXPECT_EQ(read.title, "Tea, cake; and \\ more");
  EXPECT_EQ(read.description, "one\ntwo\nthree");
  EXPECT_EQ(read.location, "Room 1");
  EXPECT_EQ(read.start.kind, Kind::zoned);
  EXPECT_EQ(read.start.local, "2025-12-16T13:00:00");
  EXPECT_EQ(read.start.zone, "Europe/Berlin");
  EXPECT_EQ(read.start.utc, at("2025-12-16T12:00:00Z"));
  EXPECT_EQ(read.end.utc, at("2025-12-16T13:00:00Z"));
  EXPECT_EQ(read.updated_at, at("2025-12-01T10:11:12Z"));
  EXPECT_EQ(read.organizer, (Attendee{"boss@example.com", "Boss, The", "needs-action"}));
  EXPECT_THAT(read.attendees, ElementsAre(Attendee{"zoe@example.com", "Zoe", "accepted"},
                                          Attendee{"Abe@example.com", "a\"b^", "needs-action"}));
  EXPECT_THAT(read.recurrence,
              ElementsAre("RRULE:FREQ=DAILY;COUNT=3", "EXDATE;TZID=Europe/Berlin:20251217T130000"));
  EXPECT_EQ(read.source_hash, content_hash(read));
}

TEST(ICalendar, KeepsTheKindsOfTimeApart) {
  const CalendarEvent date = parse_one(event("DTSTART;VALUE=DATE:20251216\n"));
  EXPECT_EQ(date.start, (CalendarTime{Kind::date, "2025-12-16", "", false, std::nullopt}));
  EXPECT_EQ(date.end.local, "2025-12-17") << "RFC 5545 3.6.1: a date lasts its day";

  const CalendarEvent floating = parse_one(event("DTSTART:20251216T130000\n"));
  EXPECT_EQ(floating.start,
            (CalendarTime{Kind::floating, "2025-12-16T13:00:00", "", false, std::nullopt}));
  EXPECT_EQ(floating.end, floating.start) << "RFC 5545 3.6.1: a date-time ends as it starts";

  const CalendarEvent utc = parse_one(event("DTSTART:20251216T130000Z\nDURATION:PT90M\n"));
  EXPECT_EQ(utc.start.kind, Kind::utc);
  EXPECT_EQ(utc.start.utc, at("2025-12-16T13:00:00Z"));
  EXPECT_EQ(utc.end.utc, at("2025-12-16T14:30:00Z"));
}

TEST(ICalendar, AddsADurationAsDaysOnTheClockAndHoursInTime) {
  const CalendarEvent day =
      parse_one(event("DTSTART;TZID=Europe/Berlin:20250329T120000\nDURATION:P1D\n"));
  EXPECT_EQ(day.end.local, "2025-03-30T12:00:00");
  const CalendarEvent hours =
      parse_one(event("DTSTART;TZID=Europe/Berlin:20250329T120000\nDURATION:PT24H\n"));
  EXPECT_EQ(hours.end.local, "2025-03-30T13:00:00");
}

TEST(ICalendar, RefusesWhatItCannotPlaceInTime) {
  EXPECT_THAT(reason(event("DTSTART:20241399T250000Z\n")),
              HasSubstr("DTSTART in line 7 is not a date or time"));
  EXPECT_THAT(reason(event("DTSTART:20250229T120000Z\n")), HasSubstr("DTSTART"));
  EXPECT_THAT(reason(event("SUMMARY:no start\n")), HasSubstr("has no DTSTART"));
  EXPECT_THAT(reason(event("DTSTART:20250101T100000Z\nDTEND:soon\n")), HasSubstr("DTEND"));
  EXPECT_THAT(reason(event("DTSTART:20250101T100000Z\nDURATION:P999999999999W\n")),
              HasSubstr("DURATION"));
  EXPECT_THAT(reason(event("DTSTART:20250101T100000Z\nRRULE:FREQ=SOMETIMES\n")),
              HasSubstr("RRULE in line 8"));
  EXPECT_THAT(reason(event("DTSTART:20250101T100000Z\nRECURRENCE-ID:now\n")),
              HasSubstr("RECURRENCE-ID"));
  EXPECT_THAT(reason(event("DTSTART;VALUE=DATE\n")), HasSubstr("is not a property"));
}

TEST(ICalendar, FindsNoEventsInTasksAndNotes) {
  for (const char* name : {"VTODO", "VJOURNAL", "VFREEBUSY"}) {
    const std::string item = std::string("BEGIN:") + name + "\nUID:t\nEND:" + name + "\n";
    const auto events = parse_resource(calendar(item), {"t.ics", ""});
    ASSERT_TRUE(events) << name;
    EXPECT_TRUE(events->empty()) << name;
  }
}

TEST(ICalendar, RefusesWhatIsNotOneEventSeries) {
  EXPECT_THAT(reason("<html>no</html>"), HasSubstr("not iCalendar"));
  EXPECT_THAT(reason(""), HasSubstr("not iCalendar"));
  EXPECT_THAT(reason(calendar("")), HasSubstr("no VEVENT"));
  EXPECT_THAT(reason(calendar("BEGIN:VTIMEZONE\nTZID:x\nEND:VTIMEZONE\n")), HasSubstr("VTIMEZONE"));
  EXPECT_THAT(reason(calendar("BEGIN:VEVENT\nDTSTART:20250101\nEND:VEVENT\n")),
              HasSubstr("without UID"));
  EXPECT_THAT(reason(calendar("BEGIN:VEVENT\nUID:a\nDTSTART:20250101\nEND:VEVENT\n"
                              "BEGIN:VEVENT\nUID:b\nDTSTART:20250101\nEND:VEVENT\n")),
              HasSubstr("more than one UID"));
  EXPECT_THAT(reason(calendar("BEGIN:VEVENT\nUID:a\nDTSTART:20250101\nEND:VEVENT\n"
                              "BEGIN:VEVENT\nUID:a\nDTSTART:20250102\nEND:VEVENT\n")),
              HasSubstr("two different events"));
  EXPECT_THAT(reason("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\n"), HasSubstr("cut short"));
  EXPECT_THAT(reason(calendar("BEGIN:VEVENT\nBEGIN:VALARM\nEND:VEVENT\n")),
              HasSubstr("does not close BEGIN:VALARM"));
}

TEST(ICalendar, LeavesADamagedLineThatDecidesNothingOut) {
  const CalendarEvent read =
      parse_one(event("DTSTART:20250101T100000Z\nthis is no line\nPRIORITY\nSUMMARY:still here\n"));
  EXPECT_EQ(read.title, "still here");
}

TEST(ICalendar, OrdersTheMasterFirstThenOverridesByRecurrenceId) {
  const auto events = parse(calendar(
      "BEGIN:VEVENT\nUID:a\nRECURRENCE-ID:20250103T100000Z\nDTSTART:20250103T120000Z\nEND:VEVENT\n"
      "BEGIN:VEVENT\nUID:a\nRECURRENCE-ID;TZID=Europe/Berlin:20250102T110000\n"
      "DTSTART:20250102T120000Z\nEND:VEVENT\n"
      "BEGIN:VEVENT\nUID:a\nDTSTART:20250101T100000Z\nRRULE:FREQ=DAILY\nEND:VEVENT\n"));
  ASSERT_TRUE(events.has_value());
  ASSERT_EQ(events->size(), 3U);
  EXPECT_EQ((*events)[0].recurrence_id, "");
  EXPECT_EQ((*events)[1].recurrence_id, "2025-01-02T10:00:00Z") << "zoned ids are told in UTC";
  EXPECT_EQ((*events)[2].recurrence_id, "2025-01-03T10:00:00Z");
  EXPECT_EQ((*events)[1].external_event_id, "/cal/1.ics#2025-01-02T10:00:00Z");
  EXPECT_EQ((*events)[1].recurring_event_id, "/cal/1.ics");
}

TEST(ICalendar, WritesRecurrenceIdsOfEveryKind) {
  const auto id = [](std::string_view line) {
    return parse_one(event("DTSTART:20250101T100000Z\n" + std::string(line) + "\n")).recurrence_id;
  };
  EXPECT_EQ(id("RECURRENCE-ID;VALUE=DATE:20251216"), "2025-12-16");
  EXPECT_EQ(id("RECURRENCE-ID:20251216T120000Z"), "2025-12-16T12:00:00Z");
  EXPECT_EQ(id("RECURRENCE-ID:20251216T120000"), "2025-12-16T12:00:00");
  EXPECT_EQ(id("RECURRENCE-ID;TZID=Mars/Base:20251216T120000"), "2025-12-16T12:00:00");
}

TEST(ICalendar, KeepsTheLaterRevisionOfOneIdentity) {
  const auto events = parse(
      calendar("BEGIN:VEVENT\nUID:a\nSEQUENCE:1\nDTSTART:20250101\nSUMMARY:new\nEND:VEVENT\n"
               "BEGIN:VEVENT\nUID:a\nSEQUENCE:0\nDTSTART:20250102\nSUMMARY:old\nEND:VEVENT\n"));
  ASSERT_TRUE(events.has_value());
  ASSERT_EQ(events->size(), 1U);
  EXPECT_EQ(events->front().title, "new");
}

TEST(ICalendar, TakesTheFirstOfARepeatedProperty) {
  EXPECT_EQ(parse_one(event("DTSTART:20250101\nSUMMARY:one\nSUMMARY:two\n")).title, "one");
}

TEST(ICalendar, BoundsWhatOneEventMayHold) {
  std::string lines = "DTSTART:20250101\n";
  for (int i = 0; i < 20; ++i) lines += "ATTENDEE:mailto:a@example.com\n";
  Limits limits;
  limits.attendees = 19;
  const auto events = parse_resource(event(lines), Address{}, limits);
  ASSERT_FALSE(events.has_value());
  EXPECT_EQ(events.error().code, Errc::limit_exceeded);
  std::string rules = "DTSTART:20250101\n";
  for (int i = 0; i < 17; ++i) rules += "RRULE:FREQ=DAILY\n";
  EXPECT_THAT(reason(event(rules)), HasSubstr("recurrence rules"));
  EXPECT_LE(parse_one(event("DTSTART:20250101\nSUMMARY:" + std::string(200'000, 'x') + "\n"))
                .title.size(),
            64U << 10);
}

}  // namespace
}  // namespace tidemark::icalendar::test
