#include <gmock/gmock.h>

#include "tests/sync/icalendar/fixtures.h"

namespace tidemark::icalendar::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<SplitPart> split_all(std::string_view bytes) {
  std::vector<SplitPart> parts;
  const auto done = split_by_uid(bytes, [&](SplitPart&& part) -> Result<void> {
    parts.push_back(std::move(part));
    return {};
  });
  EXPECT_TRUE(done.has_value()) << done.error().message;
  return parts;
}

TEST(Split, CutsAFileIntoOneResourceForEachUid) {
  const auto parts = split_all(
      calendar("BEGIN:VEVENT\nUID:b\nDTSTART:20250101\nRRULE:FREQ=DAILY\nEND:VEVENT\n"
               "BEGIN:VEVENT\nUID:a\nDTSTART:20250102\nEND:VEVENT\n"
               "BEGIN:VEVENT\nUID:b\nRECURRENCE-ID:20250103\nDTSTART:20250104\nEND:VEVENT\n"));
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].uid, "b");
  EXPECT_EQ(parts[1].uid, "a");
  EXPECT_EQ(parse(parts[0].bytes)->size(), 2U);
  EXPECT_EQ(parse(parts[1].bytes)->size(), 1U);
}

TEST(Split, KeepsTheBytesOfAComponent) {
  const std::string component =
      "BEGIN:VEVENT\nUID:a\nDTSTART:20250102\nX-ODD;P=1:\xEF\xBB\n folded \xFF\r\nEND:VEVENT\n";
  const auto parts = split_all("BEGIN:VCALENDAR\n" + component + "END:VCALENDAR\n");
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_THAT(parts[0].bytes, HasSubstr(component));
}

TEST(Split, GivesEachPartTheZonesItUses) {
  const std::string zone =
      "\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0100\n"
      "TZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n";
  const auto parts =
      split_all(calendar("BEGIN:VEVENT\nUID:a\nDTSTART;TZID=\"One\":20250101T100000\nEND:VEVENT\n"
                         "BEGIN:VTIMEZONE\nTZID:One" +
                         zone + "BEGIN:VTIMEZONE\nTZID:Two" + zone +
                         "BEGIN:VEVENT\nUID:b\nDTSTART:20250101T100000Z\nEND:VEVENT\n"));
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_THAT(parts[0].bytes, HasSubstr("TZID:One"));
  EXPECT_THAT(parts[0].bytes, Not(HasSubstr("TZID:Two")));
  EXPECT_THAT(parts[1].bytes, Not(HasSubstr("VTIMEZONE")));
  EXPECT_EQ(parse_one(parts[0].bytes).start.utc, at("2025-01-01T09:00:00Z"));
}

TEST(Split, DerivesAUidFromTheContentOfAComponentWithoutOne) {
  const std::string text = calendar(
      "BEGIN:VEVENT\nDTSTART:20250101\nSUMMARY:one\nEND:VEVENT\n"
      "BEGIN:VEVENT\nDTSTART:20250101\nSUMMARY:two\nEND:VEVENT\n");
  const auto parts = split_all(text);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_NE(parts[0].uid, parts[1].uid);
  EXPECT_EQ(parse_one(parts[0].bytes).ical_uid, parts[0].uid);
  EXPECT_EQ(parse_one(parts[1].bytes).title, "two");
  EXPECT_EQ(split_all(text)[1].uid, parts[1].uid) << "the same content has the same UID";
}

TEST(Split, SeparatesDifferentEventsThatShareAUid) {
  const auto parts =
      split_all(calendar("BEGIN:VEVENT\nUID:a\nDTSTART:20250101\nEND:VEVENT\n"
                         "BEGIN:VEVENT\nUID:a\nDTSTART:20250202\nEND:VEVENT\n"
                         "BEGIN:VEVENT\nUID:a\nDTSTART:20250202\nEND:VEVENT\n"
                         "BEGIN:VTODO\nUID:a\nEND:VTODO\n"));
  ASSERT_EQ(parts.size(), 3U) << "an exact copy is one event";
  EXPECT_EQ(parts[0].uid, "a");
  EXPECT_THAT(parts[1].uid, HasSubstr("a#"));
  EXPECT_EQ(parse_one(parts[1].bytes).start.local, "2025-02-02");
  EXPECT_EQ(parts[2].uid, "a#VTODO");
}

TEST(Split, KeepsWhatIsDamagedApart) {
  const auto parts = split_all(
      "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:good\nDTSTART:20250101\nEND:VEVENT\n"
      "BEGIN:VEVENT\nUID:odd\nBEGIN:VALARM\nDTSTART:20250101\nEND:VEVENT\n"
      "BEGIN:VEVENT\nUID:fine\nDTSTART:20250101\nEND:VEVENT\n"
      "BEGIN:VEVENT\nUID:cut\nDTSTART:2025");
  ASSERT_EQ(parts.size(), 4U);
  EXPECT_TRUE(parse(parts[0].bytes).has_value());
  EXPECT_FALSE(parse(parts[1].bytes).has_value());
  EXPECT_TRUE(parse(parts[2].bytes).has_value());
  EXPECT_EQ(parts[3].uid, "cut");
  EXPECT_FALSE(parse(parts[3].bytes).has_value());
}

TEST(Split, ReadsSeveralCalendarsAndNone) {
  const std::string one = calendar("BEGIN:VEVENT\nUID:a\nDTSTART:20250101\nEND:VEVENT\n");
  const std::string two = calendar("BEGIN:VEVENT\nUID:b\nDTSTART:20250101\nEND:VEVENT\n");
  EXPECT_EQ(split_all(one + two).size(), 2U);
  EXPECT_EQ(split_all(calendar("")).size(), 0U);
  const auto html = split_by_uid("<html></html>", [](SplitPart&&) { return Result<void>(); });
  ASSERT_FALSE(html.has_value());
  EXPECT_EQ(html.error().code, Errc::parse_error);
}

TEST(Split, StopsWithTheErrorOfTheVisitorAndAtTheLimits) {
  const std::string text = calendar("BEGIN:VEVENT\nUID:a\nDTSTART:20250101\nEND:VEVENT\n");
  const auto stopped = split_by_uid(
      text, [](SplitPart&&) -> Result<void> { return fail(Errc::cancelled, "enough"); });
  EXPECT_EQ(stopped.error().code, Errc::cancelled);
  const auto visit = [](SplitPart&&) { return Result<void>(); };
  EXPECT_EQ(split_by_uid(text, visit, Limits{.resource_bytes = 10}).error().code,
            Errc::limit_exceeded);
  EXPECT_EQ(split_by_uid(text, visit, Limits{.components = 1}).error().code, Errc::limit_exceeded);
}

TEST(Split, TakesTenThousandEvents) {
  std::string lines;
  for (int i = 0; i < 10'000; ++i) {
    lines += "BEGIN:VEVENT\nUID:u" + std::to_string(i) + "\nDTSTART:20250101\nEND:VEVENT\n";
  }
  EXPECT_EQ(split_all(calendar(lines)).size(), 10'000U);
}

TEST(CalendarWriter, WritesACalendarThatReadsBack) {
  const std::string zone =
      "BEGIN:VTIMEZONE\nTZID:One\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0100\n"
      "TZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n";
  const auto resource = [&](std::string_view uid) {
    return calendar(zone + "BEGIN:VEVENT\nUID:" + std::string(uid) +
                    "\nDTSTART;TZID=One:20250101T100000\nEND:VEVENT\n");
  };
  CalendarWriter writer("Caf\xC3\xA9, " + std::string(100, 'x'));
  writer.add(resource("a"));
  writer.add("BEGIN:VCALENDAR\nbroken");
  writer.add(resource("b"));
  const std::string out = std::move(writer).finish();
  EXPECT_THAT(out, HasSubstr("X-WR-CALNAME:Caf\xC3\xA9\\, "));
  EXPECT_EQ(out.find("TZID:One"), out.rfind("TZID:One")) << "each zone once";
  for (const std::string& line : split(out, '\n')) EXPECT_LE(line.size(), 76U);
  const auto parts = split_all(out);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parse_one(parts[1].bytes), parse_one(resource("b")));
}

}  // namespace
}  // namespace tidemark::icalendar::test
