#include <gmock/gmock.h>

#include "sync/icalendar/times.h"
#include "tests/sync/icalendar/fixtures.h"

namespace tidemark::icalendar::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string series(std::string_view master, std::string_view overrides = "") {
  std::string out = "BEGIN:VEVENT\nUID:s\n" + std::string(master) + "END:VEVENT\n";
  for (const std::string& one : split(std::string(overrides), '|')) {
    if (!one.empty()) out += "BEGIN:VEVENT\nUID:s\n" + one + "END:VEVENT\n";
  }
  return calendar(out);
}

TEST(Expand, KeepsTheLocalTimeAcrossTheChangeToSummerInBerlin) {
  const auto found = expand_between(
      series(
          "DTSTART;TZID=Europe/Berlin:20250328T090000\nDTEND;TZID=Europe/Berlin:20250328T100000\n"
          "RRULE:FREQ=DAILY\n"),
      "2025-03-29T00:00:00Z", "2025-04-01T00:00:00Z");
  EXPECT_THAT(starts(found),
              ElementsAre("2025-03-29T08:00:00Z", "2025-03-30T07:00:00Z", "2025-03-31T07:00:00Z"));
  EXPECT_EQ(found.instances[1].event.start.local, "2025-03-30T09:00:00");
  EXPECT_EQ(found.instances[1].end, at("2025-03-30T08:00:00Z"));
  EXPECT_FALSE(found.truncated);
}

TEST(Expand, ReadsTheSkippedAndTheRepeatedHourInNewYork) {
  const auto spring = expand_between(
      series("DTSTART;TZID=America/New_York:20250308T023000\nRRULE:FREQ=DAILY;COUNT=3\n"),
      "2025-03-01T00:00:00Z", "2025-04-01T00:00:00Z");
  EXPECT_THAT(starts(spring),
              ElementsAre("2025-03-08T07:30:00Z", "2025-03-09T07:30:00Z", "2025-03-10T06:30:00Z"));
  const auto autumn = expand_between(
      series("DTSTART;TZID=America/New_York:20251101T013000\nRRULE:FREQ=DAILY;COUNT=3\n"),
      "2025-11-01T00:00:00Z", "2025-12-01T00:00:00Z");
  EXPECT_THAT(starts(autumn),
              ElementsAre("2025-11-01T05:30:00Z", "2025-11-02T05:30:00Z", "2025-11-03T06:30:00Z"));
}

TEST(Expand, KeepsAnExactLengthOverAClockChangeForDtendAndANominalOneForDuration) {
  const auto exact = expand_between(
      series(
          "DTSTART;TZID=Europe/Berlin:20250328T220000\nDTEND;TZID=Europe/Berlin:20250329T060000\n"
          "RRULE:FREQ=DAILY;COUNT=2\n"),
      "2025-03-29T12:00:00Z", "2025-03-31T00:00:00Z");
  ASSERT_EQ(exact.instances.size(), 1U);
  EXPECT_EQ(exact.instances[0].event.end.local, "2025-03-30T07:00:00");
  const auto nominal = expand_between(
      series(
          "DTSTART;TZID=Europe/Berlin:20250328T220000\nDURATION:P1D\nRRULE:FREQ=DAILY;COUNT=2\n"),
      "2025-03-29T21:30:00Z", "2025-03-31T00:00:00Z");
  ASSERT_EQ(nominal.instances.size(), 1U);
  EXPECT_EQ(nominal.instances[0].event.end.local, "2025-03-30T22:00:00");
}

TEST(Expand, ReadsAllDayAndFloatingTimesInTheZoneOfTheReader) {
  const std::string days = series("DTSTART;VALUE=DATE:20250101\nRRULE:FREQ=WEEKLY;COUNT=2\n");
  const auto tokyo =
      expand_between(days, "2025-01-01T00:00:00Z", "2025-01-02T00:00:00Z", 10, "Asia/Tokyo");
  ASSERT_EQ(tokyo.instances.size(), 1U);
  EXPECT_EQ(tokyo.instances[0].start, at("2024-12-31T15:00:00Z"));
  EXPECT_EQ(tokyo.instances[0].end, at("2025-01-01T15:00:00Z"));
  EXPECT_EQ(tokyo.instances[0].event.end.local, "2025-01-02");
  const auto floating =
      expand_between(series("DTSTART:20250101T090000\nRRULE:FREQ=DAILY;COUNT=2\n"),
                     "2025-01-01T13:00:00Z", "2025-01-03T00:00:00Z", 10, "America/New_York");
  EXPECT_THAT(starts(floating), ElementsAre("2025-01-01T14:00:00Z", "2025-01-02T14:00:00Z"));
}

TEST(Expand, EndsAtUntilInEveryForm) {
  const auto count = [](std::string_view master) {
    return expand_between(series(master), "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z")
        .instances.size();
  };
  EXPECT_EQ(count("DTSTART;TZID=Europe/Berlin:20250701T090000\n"
                  "RRULE:FREQ=DAILY;UNTIL=20250703T070000Z\n"),
            3U)
      << "09:00 in Berlin is 07:00 UTC, and UNTIL is inclusive";
  EXPECT_EQ(count("DTSTART;TZID=Europe/Berlin:20250701T090000\n"
                  "RRULE:FREQ=DAILY;UNTIL=20250703T065959Z\n"),
            2U);
  EXPECT_EQ(count("DTSTART;TZID=Europe/Berlin:20250701T090000\nRRULE:FREQ=DAILY;UNTIL=20250703\n"),
            3U);
  EXPECT_EQ(count("DTSTART;VALUE=DATE:20250701\nRRULE:FREQ=DAILY;UNTIL=20250703\n"), 3U);
  EXPECT_EQ(count("DTSTART;VALUE=DATE:20250701\nRRULE:FREQ=DAILY;UNTIL=20250703T120000Z\n"), 3U);
  EXPECT_EQ(count("DTSTART:20250701T090000\nRRULE:FREQ=DAILY;COUNT=4\n"), 4U);
}

TEST(Expand, AddsRdatesAndRemovesExdates) {
  const auto found = expand_between(
      series("DTSTART;TZID=Europe/Berlin:20250701T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4\n"
             "EXDATE;TZID=Europe/Berlin:20250702T090000\nEXDATE:20250703T070000Z\n"
             "RDATE;VALUE=PERIOD:20250801T100000Z/PT3H,20250802T100000Z/20250802T110000Z\n"
             "RDATE;TZID=Europe/Berlin:20250704T090000\n"),
      "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
  EXPECT_THAT(starts(found), ElementsAre("2025-07-01T07:00:00Z", "2025-07-04T07:00:00Z",
                                         "2025-08-01T10:00:00Z", "2025-08-02T10:00:00Z"));
  EXPECT_EQ(found.instances[2].end, at("2025-08-01T13:00:00Z"));
  EXPECT_EQ(found.instances[3].end, at("2025-08-02T11:00:00Z"));
}

TEST(Expand, LetsADateExcludeTheInstanceOfThatDay) {
  const auto found =
      expand_between(series("DTSTART;TZID=Europe/Berlin:20250701T003000\nRRULE:FREQ=DAILY;COUNT=3\n"
                            "EXDATE;VALUE=DATE:20250702\n"),
                     "2025-06-01T00:00:00Z", "2026-01-01T00:00:00Z");
  EXPECT_THAT(local_starts(found), ElementsAre("2025-07-01T00:30:00", "2025-07-03T00:30:00"));
}

TEST(Expand, LetsAnExruleExclude) {
  const auto found = expand_between(
      series("DTSTART:20250701T090000Z\nRRULE:FREQ=DAILY\nEXRULE:FREQ=DAILY;INTERVAL=2\n"),
      "2025-07-01T00:00:00Z", "2025-07-06T00:00:00Z");
  EXPECT_THAT(starts(found), ElementsAre("2025-07-02T09:00:00Z", "2025-07-04T09:00:00Z"));
}

TEST(Expand, ReplacesMovesAndCancelsInstances) {
  const std::string text = series(
      "DTSTART;TZID=Europe/Berlin:20250701T090000\nSUMMARY:daily\nRRULE:FREQ=DAILY\n",
      "RECURRENCE-ID;TZID=Europe/Berlin:20250702T090000\nDTSTART:20250710T050000Z\nSUMMARY:out\n|"
      "RECURRENCE-ID:20250703T070000Z\nDTSTART;TZID=Europe/Berlin:20250703T090000\n"
      "STATUS:CANCELLED\n|"
      "RECURRENCE-ID;TZID=Europe/Berlin:20250801T090000\nDTSTART:20250704T120000Z\nSUMMARY:in\n");
  const auto found = expand_between(text, "2025-07-01T00:00:00Z", "2025-07-05T00:00:00Z");
  EXPECT_THAT(starts(found),
              ElementsAre("2025-07-01T07:00:00Z", "2025-07-04T07:00:00Z", "2025-07-04T12:00:00Z"));
  EXPECT_EQ(found.instances[2].event.title, "in");
  const auto later = expand_between(text, "2025-07-31T00:00:00Z", "2025-08-02T12:00:00Z");
  EXPECT_THAT(starts(later), ElementsAre("2025-07-31T07:00:00Z", "2025-08-02T07:00:00Z"))
      << "the moved instance is not where it was";
}

TEST(Expand, AppliesThisAndFutureToLaterInstances) {
  const auto found = expand_between(
      series("DTSTART;TZID=Europe/Berlin:20250701T090000\nDURATION:PT1H\nSUMMARY:old\n"
             "RRULE:FREQ=WEEKLY;COUNT=4\n",
             "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20250715T090000\n"
             "DTSTART;TZID=Europe/Berlin:20250716T110000\nDURATION:PT2H\nSUMMARY:new\n"),
      "2025-07-01T00:00:00Z", "2026-01-01T00:00:00Z");
  EXPECT_THAT(local_starts(found), ElementsAre("2025-07-01T09:00:00", "2025-07-08T09:00:00",
                                               "2025-07-16T11:00:00", "2025-07-23T11:00:00"));
  EXPECT_EQ(found.instances[3].event.title, "new");
  EXPECT_EQ(found.instances[3].event.end.local, "2025-07-23T13:00:00");
  EXPECT_EQ(found.instances[3].event.recurrence_id, "2025-07-22T07:00:00Z");
}

TEST(Expand, ShowsOverridesWithoutTheirMaster) {
  const auto found = expand_between(
      calendar("BEGIN:VEVENT\nUID:s\nRECURRENCE-ID:20250702T090000Z\nDTSTART:20250702T100000Z\n"
               "END:VEVENT\n"),
      "2025-07-01T00:00:00Z", "2025-08-01T00:00:00Z");
  EXPECT_THAT(starts(found), ElementsAre("2025-07-02T10:00:00Z"));
}

TEST(Expand, NamesEachInstanceOfASeries) {
  const auto found = expand_between(series("DTSTART:20250701T090000Z\nRRULE:FREQ=DAILY;COUNT=2\n"),
                                    "2025-07-02T00:00:00Z", "2025-08-01T00:00:00Z");
  ASSERT_EQ(found.instances.size(), 1U);
  const CalendarEvent& event = found.instances[0].event;
  EXPECT_EQ(event.external_event_id, "/cal/1.ics#2025-07-02T09:00:00Z");
  EXPECT_EQ(event.recurring_event_id, "/cal/1.ics");
  EXPECT_THAT(event.recurrence, IsEmpty());
}

TEST(Expand, TakesAHalfOpenRange) {
  const std::string text = event("DTSTART:20250701T090000Z\nDTEND:20250701T100000Z\n");
  const auto size = [&](std::string_view from, std::string_view to) {
    return expand_between(text, from, to).instances.size();
  };
  EXPECT_EQ(size("2025-07-01T10:00:00Z", "2025-07-02T00:00:00Z"), 0U);
  EXPECT_EQ(size("2025-07-01T09:59:59Z", "2025-07-02T00:00:00Z"), 1U);
  EXPECT_EQ(size("2025-07-01T08:00:00Z", "2025-07-01T09:00:00Z"), 0U);
  EXPECT_EQ(size("2025-07-01T08:00:00Z", ""), 1U);
  const std::string point = event("DTSTART:20250701T090000Z\n");
  EXPECT_EQ(expand_between(point, "2025-07-01T09:00:00Z", "2025-07-01T10:00:00Z").instances.size(),
            1U);
}

TEST(Expand, SaysWhenThereIsMore) {
  const std::string text = series("DTSTART:20250701T090000Z\nRRULE:FREQ=SECONDLY\n");
  const auto many = expand_between(text, "2025-08-01T00:00:00Z", "", 5);
  EXPECT_EQ(many.instances.size(), 5U);
  EXPECT_TRUE(many.truncated);
  EXPECT_EQ(many.instances.front().start, at("2025-08-01T00:00:00Z"));
  const auto exactly = expand_between(text, "2025-08-01T00:00:00Z", "2025-08-01T00:00:05Z", 5);
  EXPECT_EQ(exactly.instances.size(), 5U);
  EXPECT_FALSE(exactly.truncated);
}

TEST(Expand, YieldsTheStartOfARuleThatNeverHappens) {
  for (const std::string rule : {"FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;INTERVAL=99999",
                                 "RSCALE=CHINESE;FREQ=YEARLY"}) {
    const auto found = expand_between(series("DTSTART:20250701T090000Z\nRRULE:" + rule + "\n"),
                                      "2025-01-01T00:00:00Z", "");
    EXPECT_THAT(starts(found), ElementsAre("2025-07-01T09:00:00Z")) << rule;
  }
}

TEST(Expand, ReadsFiveThousandOverridesOfOneSeries) {
  // Quadratic work would run into the test's time limit.
  std::string text =
      "BEGIN:VEVENT\nUID:s\nDTSTART:20000101T000000Z\nRRULE:FREQ=DAILY\nEND:VEVENT\n";
  for (LocalSeconds day = 0; day < 5'000; ++day) {
    std::string id = format_date(946'684'800 + day * kSecondsPerDay);
    std::erase(id, '-');
    text += "BEGIN:VEVENT\nUID:s\nRECURRENCE-ID:" + id + "T000000Z\nDTSTART:" + id +
            "T010000Z\nEND:VEVENT\n";
  }
  const std::string bytes = calendar(text);
  const auto found = expand_between(bytes, "2000-01-01T00:00:00Z", "2020-01-01T00:00:00Z", 10'000);
  EXPECT_EQ(found.instances.size(), 7'305U);
  EXPECT_FALSE(span_of(bytes, parse(bytes).value()).to.has_value());
}

TEST(Expand, RefusesAReaderZoneItDoesNotKnow) {
  ExpandOptions options;
  options.zone = "Mars/Base";
  const auto found = expand(event("DTSTART:20250701\n"), {}, options);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, Errc::invalid_argument);
}

TEST(Span, CoversEverythingThatCanHappen) {
  const auto span = [](const std::string& text) { return span_of(text, parse(text).value()); };
  const TimeRange once = span(event("DTSTART:20250701T090000Z\nDTEND:20250701T100000Z\n"));
  EXPECT_EQ(once.from, at("2025-07-01T09:00:00Z"));
  EXPECT_EQ(once.to, at("2025-07-01T10:00:00Z"));
  const TimeRange day = span(event("DTSTART;VALUE=DATE:20250701\n"));
  EXPECT_EQ(day.from, at("2025-06-30T10:00:00Z"));
  EXPECT_EQ(day.to, at("2025-07-02T14:00:00Z"));
  const TimeRange counted =
      span(event("DTSTART:20250701T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3\n"));
  EXPECT_EQ(counted.to, at("2025-07-03T10:00:00Z"));
  const TimeRange until = span(
      event("DTSTART:20250701T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20250704T090000Z\n"));
  EXPECT_EQ(until.to, at("2025-07-04T10:00:00Z"));
  EXPECT_FALSE(span(event("DTSTART:20250701T090000Z\nRRULE:FREQ=DAILY\n")).to.has_value());
  const TimeRange never =
      span(event("DTSTART:20250701T090000Z\nRRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30\n"));
  EXPECT_EQ(never.to, at("2025-07-01T09:00:00Z"));
  const TimeRange moved =
      span(series("DTSTART:20250701T090000Z\nRRULE:FREQ=DAILY;COUNT=2\n",
                  "RECURRENCE-ID:20250702T090000Z\nDTSTART:20240101T000000Z\n"));
  EXPECT_EQ(moved.from, at("2024-01-01T00:00:00Z"));
}

}  // namespace
}  // namespace tidemark::icalendar::test
