#include "sync/icalendar/prescan.h"

#include <gmock/gmock.h>

#include "tests/sync/icalendar/fixtures.h"

namespace tidemark::icalendar::test {
namespace {

using ::testing::HasSubstr;

std::string with_summary(std::string_view summary) {
  return event("DTSTART:20250101T100000Z\nSUMMARY:" + std::string(summary) + "\n");
}

TEST(Prescan, UnfoldsInsideACharacter) {
  EXPECT_EQ(parse_one(with_summary("caf\xC3\n \xA9 au\n\t lait")).title, "caf\xC3\xA9 au lait");
}

TEST(Prescan, ReplacesBytesThatAreNotUtf8AndDropsNul) {
  EXPECT_EQ(parse_one(with_summary("na\xEFve")).title, "na\xEF\xBF\xBDve");
  EXPECT_EQ(parse_one(with_summary(std::string("a\0b", 3))).title, "ab");
}

TEST(Prescan, ReadsEveryKindOfLineEnd) {
  std::string text = with_summary("x");
  for (const std::string_view end : {"\n", "\r", "\r\n", "\r\n\r\n"}) {
    std::string other;
    for (const std::string& line : split(text, '\n')) {
      if (!trim(line).empty()) other += std::string(trim(line)) + std::string(end);
    }
    EXPECT_EQ(parse_one(other).title, "x");
  }
}

TEST(Prescan, ReadsByteOrderMarks) {
  const std::string text = with_summary("caf\xC3\xA9");
  EXPECT_EQ(parse_one("\xEF\xBB\xBF" + text).title, "caf\xC3\xA9");
  std::string little = "\xFF\xFE";
  std::string big = "\xFE\xFF";
  for (std::size_t i = 0; i < text.size(); ++i) {
    char low = text[i];
    if (low == '\xC3') {
      low = '\xE9';
      ++i;
    }
    little += low;
    little += '\0';
    big += '\0';
    big += low;
  }
  EXPECT_EQ(parse_one(little).title, "caf\xC3\xA9");
  EXPECT_EQ(parse_one(big).title, "caf\xC3\xA9");
}

TEST(Prescan, ReadsNamesInAnyCaseAndQuotedParameters) {
  const CalendarEvent read = parse_one(
      "begin:vcalendar\nBegin:vEvent\nuid:u\ndtstart;x-a=\"b;c:d\";tzid=\"Europe/Berlin\""
      ":20250101T100000\nEnd:VEVENT\nend:VCALENDAR");
  EXPECT_EQ(read.start.zone, "Europe/Berlin");
  EXPECT_EQ(read.start.utc, at("2025-01-01T09:00:00Z"));
}

TEST(Prescan, MeasuresBeforeItReads) {
  const std::string text = with_summary(std::string(5'000, 'x'));
  const auto code = [&](const Limits& limits) {
    const auto events = parse_resource(text, Address{}, limits);
    return events ? "accepted" : std::string(name(events.error().code)) + events.error().message;
  };
  EXPECT_EQ(code(Limits{}), "accepted");
  EXPECT_THAT(code(Limits{.resource_bytes = 5'000}), HasSubstr("limit_exceeded"));
  EXPECT_THAT(code(Limits{.line_bytes = 4'999}), HasSubstr("line 8"));
  EXPECT_THAT(code(Limits{.components = 1}), HasSubstr("more than 1 components"));
  EXPECT_THAT(code(Limits{.properties = 3}), HasSubstr("more than 3 properties"));
  EXPECT_THAT(code(Limits{.depth = 1}), HasSubstr("deeper than 1"));
}

TEST(Prescan, SurvivesTenThousandOpenComponents) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "BEGIN:VEVENT\n";
  EXPECT_THAT(reason(text), HasSubstr("nested deeper"));
}

TEST(Prescan, ReadsALineOfAMegabyteInLinearTime) {
  // A quadratic reader needs minutes for this, and the test's time limit says so.
  std::string lines = "DTSTART:20250101\n";
  for (int i = 0; i < 8; ++i) lines += "X-BIG:" + std::string(1'000'000, 'y') + "\n";
  EXPECT_EQ(parse_one(event(lines)).ical_uid, "u1");
}

}  // namespace
}  // namespace tidemark::icalendar::test
