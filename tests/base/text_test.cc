#include "base/text.h"

#include <gtest/gtest.h>

namespace tidemark {
namespace {

using namespace std::chrono_literals;

TEST(Text, GlobsMatchWholeNames) {
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_TRUE(glob_match("work*", "work/private"));
  EXPECT_TRUE(glob_match("*.event.*", "calendar.event.created"));
  EXPECT_TRUE(glob_match("a?c", "abc"));
  EXPECT_FALSE(glob_match("a?c", "ac"));
  EXPECT_FALSE(glob_match("work", "workshop"));
  EXPECT_FALSE(glob_match("", "x"));
  // Quadratic at most: this one would take for ever with naive backtracking.
  EXPECT_FALSE(glob_match(std::string(50, '*') + "b", std::string(5'000, 'a')));
}

TEST(Text, ReplacesEveryByteThatIsNotUtf8) {
  EXPECT_TRUE(is_valid_utf8("Grüße \xF0\x9F\x8C\x8A"));
  for (const char* bad :
       {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80"}) {
    EXPECT_FALSE(is_valid_utf8(bad));
    EXPECT_TRUE(is_valid_utf8(to_valid_utf8(bad)));
  }
  EXPECT_EQ(to_valid_utf8("a\xFFz"), "a\xEF\xBF\xBDz");
}

TEST(Text, WritesAndReadsTimes) {
  const auto time = parse_rfc3339("2025-12-16T12:00:00Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(format_rfc3339(*time), "2025-12-16T12:00:00.000Z");
  EXPECT_EQ(parse_rfc3339("2025-12-16T13:30:00.000+01:30"), time);
  EXPECT_EQ(parse_rfc3339("2025-12-16t07:00:00-05:00"), time);
  EXPECT_EQ(parse_rfc3339("2025-12-16"), *time - 12h);
  EXPECT_EQ(parse_rfc3339("2025-12-16T12:00:00.1239Z"), *time + 123ms);
  EXPECT_EQ(format_rfc3339(WallTime{-1ms}), "1969-12-31T23:59:59.999Z");
}

TEST(Text, RefusesWhatIsNoTime) {
  for (const char* bad : {"", "now", "2025-13-01", "2025-02-30", "2025-12-16T25:00:00Z",
                          "2025-12-16T12:00:00", "2025-12-16T12:00:00.Z", "2025-12-16T12:00:00Zx",
                          "2025-12-16T12:00:00+24:00", "25-12-16",
                          // In UTC these have years that no RFC 3339 text has.
                          "9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00+00:01"}) {
    const auto time = parse_rfc3339(bad);
    ASSERT_FALSE(time) << bad;
    EXPECT_NE(time.error().message.find("RFC 3339"), std::string::npos);
  }
}

TEST(Text, WritesAndReadsDurations) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("90s"), 90s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("1d"), 24h);
  for (const char* bad :
       {"", "5", "m", "-5m", "5 m", "1.5h", "5w", "99999999999999999999s", "4000d"}) {
    EXPECT_FALSE(parse_duration(bad)) << bad;
  }
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(120s), "2m");
  EXPECT_EQ(format_duration(1500ms), "1500ms");
  EXPECT_EQ(format_duration(0s), "0s");
}

TEST(Text, WritesAndReadsSizes) {
  EXPECT_EQ(parse_size("64MiB"), 64ULL << 20);
  EXPECT_EQ(parse_size("100B"), 100U);
  for (const char* bad : {"", "64", "64MB", "-1B", "1.5GiB", "99999999999TiB"}) {
    EXPECT_FALSE(parse_size(bad)) << bad;
  }
  EXPECT_EQ(format_size(3ULL << 19), "1.5 MiB");
  EXPECT_EQ(format_size(17), "17 B");
}

TEST(Text, SplitsAndTrims) {
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(split("", ','), std::vector<std::string>{""});
  EXPECT_EQ(trim(" \t x y\r\n"), "x y");
  EXPECT_EQ(trim("  "), "");
}

}  // namespace
}  // namespace tidemark
