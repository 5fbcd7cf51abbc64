#include "sync/icalendar/zones.h"

#include <gmock/gmock.h>

#include <thread>

#include "zones/tzif.h"
#include "tests/sync/icalendar/fixtures.h"

namespace tidemark::icalendar::test {
namespace {

std::int64_t seconds(std::string_view text) {
  return to_seconds(at(text));
}

std::string local_in(const std::string& zone, std::string_view utc) {
  const ZonePtr found = iana_zone(zone);
  return found == nullptr ? "unknown" : format_date_time(found->to_local(seconds(utc)));
}

CalendarTime start_with(const std::string& tzid, std::string_view zones = "") {
  return parse_one(calendar(std::string(zones) + "BEGIN:VEVENT\nUID:u\nDTSTART;TZID=" + tzid +
                            ":20250701T120000\nEND:VEVENT\n"))
      .start;
}

std::string vtimezone(std::string_view tzid, std::string_view offset) {
  return "BEGIN:VTIMEZONE\nTZID:" + std::string(tzid) +
         "\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:" + std::string(offset) +
         "\nTZOFFSETTO:" + std::string(offset) + "\nEND:STANDARD\nEND:VTIMEZONE\n";
}

TEST(Rule17, ResolvesIanaNamesAndOldAliases) {
  EXPECT_EQ(resolve_tzid("Europe/Berlin"), "Europe/Berlin");
  EXPECT_EQ(resolve_tzid("Europe/Kyiv"), "Europe/Kyiv");
  EXPECT_EQ(resolve_tzid("US/Eastern"), "US/Eastern");
  EXPECT_EQ(resolve_tzid("UTC"), "UTC");
  EXPECT_EQ(resolve_tzid("GMT"), "GMT");
}

TEST(Rule17, ResolvesWindowsNames) {
  EXPECT_EQ(resolve_tzid("W. Europe Standard Time"), "Europe/Berlin");
  EXPECT_EQ(start_with("Eastern Standard Time").utc, at("2025-07-01T16:00:00Z"));
}

TEST(Rule17, StripsPrefixesAndQuotes) {
  EXPECT_EQ(resolve_tzid("/mozilla.org/20050126_1/Europe/Berlin"), "Europe/Berlin");
  EXPECT_EQ(resolve_tzid("/freeassociation.sourceforge.net/America/Argentina/Ushuaia"),
            "America/Argentina/Ushuaia");
  EXPECT_EQ(resolve_tzid("\"Europe/Berlin\""), "Europe/Berlin");
  EXPECT_EQ(resolve_tzid(std::string_view("Europe/Berlin\0", 14)), "Europe/Berlin");
}

TEST(Rule17, FlagsAnUnknownZoneAndNeverReadsItAsUtc) {
  const CalendarTime time = start_with("Mars/Base");
  EXPECT_EQ(time.kind, CalendarTime::Kind::zoned);
  EXPECT_TRUE(time.zone_unknown);
  EXPECT_EQ(time.zone, "Mars/Base");
  EXPECT_EQ(time.local, "2025-07-01T12:00:00");
  EXPECT_FALSE(time.utc.has_value());
}

TEST(Rule17, NeverLeavesTheZoneDirectory) {
  for (const std::string_view name : {"../../../etc/passwd", "/etc/passwd", "localtime", "Europe",
                                      "", "/", "//", "Europe/Berlin/", "zone.tab"}) {
    EXPECT_FALSE(resolve_tzid(name).has_value()) << name;
  }
  EXPECT_FALSE(resolve_tzid(std::string(100'000, '/')).has_value());
  // Leap seconds would be counted there; as a prefix it is harmless.
  EXPECT_EQ(resolve_tzid("right/Europe/Berlin"), "Europe/Berlin");
  EXPECT_EQ(resolve_tzid("Europe/../Europe/Berlin"), "Europe/Berlin");
}

TEST(Rule17, PrefersTheEmbeddedDefinition) {
  const CalendarTime custom = start_with("Custom", vtimezone("Custom", "+0530"));
  EXPECT_EQ(custom.zone, "Custom");
  EXPECT_FALSE(custom.zone_unknown);
  EXPECT_EQ(custom.utc, at("2025-07-01T06:30:00Z"));

  const CalendarTime named = start_with("Europe/Berlin", vtimezone("Europe/Berlin", "+0300"));
  EXPECT_EQ(named.zone, "Europe/Berlin");
  EXPECT_EQ(named.utc, at("2025-07-01T09:00:00Z"));
}

TEST(Rule17, PassesOverAnEmbeddedDefinitionThatSaysNothing) {
  const CalendarTime time =
      start_with("Europe/Berlin", "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nEND:VTIMEZONE\n");
  EXPECT_EQ(time.utc, at("2025-07-01T10:00:00Z"));
}

TEST(Rule17, FollowsTheRulesOfAnEmbeddedDefinition) {
  const std::string outlook =
      "BEGIN:VTIMEZONE\nTZID:Mine\nBEGIN:STANDARD\nDTSTART:16010101T030000\n"
      "TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\n"
      "END:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\n"
      "TZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\n"
      "END:VTIMEZONE\n";
  EXPECT_EQ(start_with("Mine", outlook).utc, at("2025-07-01T10:00:00Z"));
}

TEST(Rule17, RefusesToSpendTimeOnAHostileDefinition) {
  const std::string hostile =
      "BEGIN:VTIMEZONE\nTZID:Evil\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
      "TZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nRRULE:FREQ=SECONDLY\n"
      "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30\nRRULE:FREQ=YEARLY;BYSECOND=0,1,2,3,4,5\n"
      "END:STANDARD\nEND:VTIMEZONE\n";
  EXPECT_EQ(start_with("Evil", hostile).utc, at("2025-07-01T11:00:00Z"));
}

TEST(Zone, KnowsTheSystemZonesBeforeAndAfter2037) {
  EXPECT_EQ(local_in("America/Sao_Paulo", "2014-07-01T12:00:00Z"), "2014-07-01T09:00:00");
  EXPECT_EQ(local_in("America/St_Johns", "2095-10-02T23:54:13Z"), "2095-10-02T21:24:13");
  EXPECT_EQ(local_in("Europe/Berlin", "2100-07-01T12:00:00Z"), "2100-07-01T14:00:00");
  EXPECT_EQ(local_in("Australia/Lord_Howe", "2050-01-01T00:00:00Z"), "2050-01-01T11:00:00");
  EXPECT_EQ(local_in("Europe/Dublin", "2050-01-01T12:00:00Z"), "2050-01-01T12:00:00");
}

TEST(Zone, ReadsSkippedAndRepeatedTimesWithTheOffsetBefore) {
  const ZonePtr berlin = iana_zone("Europe/Berlin");
  ASSERT_NE(berlin, nullptr);
  EXPECT_EQ(berlin->to_utc(seconds("2025-03-30T02:30:00Z")), seconds("2025-03-30T01:30:00Z"));
  EXPECT_EQ(berlin->to_utc(seconds("2025-10-26T02:30:00Z")), seconds("2025-10-26T00:30:00Z"));
  EXPECT_EQ(berlin->to_utc(seconds("2025-10-26T03:00:00Z")), seconds("2025-10-26T02:00:00Z"));
}

TEST(Zone, RefusesFilesThatAreNoZones) {
  EXPECT_FALSE(parse_tzif("", 2100).has_value());
  EXPECT_FALSE(parse_tzif("TZif", 2100).has_value());
  std::string lying = "TZif2" + std::string(15, '\0') + std::string(24, '\x7F');
  EXPECT_FALSE(parse_tzif(lying, 2100).has_value());
  EXPECT_FALSE(parse_tzif(lying + std::string(4'096, '\xFF'), 2100).has_value());
}

TEST(Zone, IsTheSameFromFourThreads) {
  const std::vector<std::string> names{"Europe/Paris", "Asia/Tokyo",  "America/Denver",
                                       "Africa/Cairo", "Asia/Tehran", "Pacific/Apia"};
  std::vector<std::vector<std::optional<WallTime>>> seen(4);
  std::vector<std::thread> threads;
  for (auto& mine : seen) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        for (const std::string& tzid : names) {
          const std::string own = "Zone" + std::to_string(round);
          mine.push_back(start_with(tzid).utc);
          mine.push_back(start_with(own, vtimezone(own, "+0330")).utc);
          mine.push_back(start_with("Romance Standard Time").utc);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : seen) EXPECT_EQ(mine, seen.front());
  EXPECT_EQ(seen.front()[1], at("2025-07-01T08:30:00Z"));
}

}  // namespace
}  // namespace tidemark::icalendar::test
