// Changing iCalendar bytes: what is wanted changes, everything else stays.
#include "sync/icalendar/edit.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "sync/icalendar/content_lines.h"
#include "tests/sync/icalendar/fixtures.h"

namespace tidemark::icalendar::test {
namespace {

using testing::HasSubstr;
using testing::Not;

const WallTime kNow = at("2026-02-03T04:05:06Z");

std::multiset<std::string> lines_of(std::string_view bytes) {
  std::string storage;
  LineReader reader(decode_input(bytes, storage));
  std::multiset<std::string> lines;
  while (const auto line = reader.next()) {
    std::string text;
    unfold(line->raw, 1U << 24, text);
    lines.insert(to_valid_utf8(text));
  }
  return lines;
}

bool is_one_of(std::string_view line, std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    if (equals_ignoring_case(trim(line_name(line)), name)) return true;
  }
  return false;
}

// The lines that only one of both has, but for what every change touches.
std::multiset<std::string> difference(std::string_view before, std::string_view after,
                                      std::initializer_list<std::string_view> touched) {
  auto left = lines_of(before);
  auto right = lines_of(after);
  for (auto line = left.begin(); line != left.end();) {
    const auto same = right.find(*line);
    if (same == right.end()) {
      ++line;
      continue;
    }
    right.erase(same);
    line = left.erase(line);
  }
  left.merge(right);
  std::multiset<std::string> rest;
  for (const auto& line : left) {
    if (!is_one_of(line, touched) && !is_one_of(line, {"DTSTAMP", "LAST-MODIFIED", "SEQUENCE"})) {
      rest.insert(line);
    }
  }
  return rest;
}

template <class Change>
std::string edited(const std::string& bytes, Change&& change, const std::string& rid = {}) {
  const auto events = parse(bytes);
  EXPECT_TRUE(events.has_value());
  for (const auto& event : *events) {
    if (event.recurrence_id != rid) continue;
    CalendarEvent after = event;
    change(after);
    auto text = edit_event(bytes, event, after, kNow);
    EXPECT_TRUE(text.has_value()) << text.error().message;
    return text.value_or("");
  }
  ADD_FAILURE() << "no event " << rid;
  return {};
}

TEST(EditEvent, ReplacesWhatDiffersAndKeepsTheRestByteForByte) {
  const std::string before = event(
      "CREATED:20240101T000000Z\nDTSTART;TZID=Europe/Paris:20250105T090000\n"
      "DTEND;TZID=Europe/Paris:20250105T100000\nSEQUENCE:4\nSUMMARY;LANGUAGE=fr:Réunion\n"
      "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR;ACKNOWLEDGED=1:AUTOMATIC\n"
      "DESCRIPTION:A long text that somebody has folded in a way that is not ours, \n"
      " and goes on\nCATEGORIES:WORK,IMPORTANT\nBEGIN:VALARM\nACTION:DISPLAY\nSUMMARY:not mine\n"
      "TRIGGER:-PT15M\nEND:VALARM\n");
  const std::string after =
      edited(before, [](CalendarEvent& event) { event.title = "Déjeuner; à midi"; });
  EXPECT_EQ(difference(before, after, {}),
            (std::multiset<std::string>{"SUMMARY;LANGUAGE=fr:Réunion",
                                        "SUMMARY;LANGUAGE=fr:Déjeuner\\; à midi"}));
  EXPECT_THAT(after, HasSubstr("SEQUENCE:5\r\n"));
  EXPECT_THAT(after, HasSubstr("LAST-MODIFIED:20260203T040506Z\r\n"));
  EXPECT_THAT(after, HasSubstr("in a way that is not ours, \r\n and goes on\r\n"));
  EXPECT_EQ(parse_one(after).title, "Déjeuner; à midi");
}

TEST(EditEvent, TakesTextsOut) {
  const std::string after = edited(event("DTSTART:20250105T090000Z\nLOCATION:Here\nSUMMARY:A\n"),
                                   [](CalendarEvent& event) { event.location.clear(); });
  EXPECT_THAT(after, Not(HasSubstr("LOCATION")));
}

TEST(EditEvent, MovesTimesInTheZoneThatTheFileDefines) {
  const std::string before = calendar(
      "BEGIN:VTIMEZONE\nTZID:/mine/Europe/Paris\nBEGIN:STANDARD\nDTSTART:19701025T030000\n"
      "TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n"
      "BEGIN:VEVENT\nUID:u1\nDTSTAMP:20250101T000000Z\n"
      "DTSTART;TZID=/mine/Europe/Paris:20250105T090000\nDURATION:PT1H\nEND:VEVENT\n");
  const std::string after = edited(before, [](CalendarEvent& event) {
    event.start.local = "2025-01-06T09:00:00";
    event.start.utc = at("2025-01-06T08:00:00Z");
    event.end.local = "2025-01-06T11:30:00";
    event.end.utc = at("2025-01-06T10:30:00Z");
  });
  EXPECT_THAT(after, HasSubstr("DTSTART;TZID=/mine/Europe/Paris:20250106T090000\r\n"));
  EXPECT_THAT(after, HasSubstr("DTEND;TZID=/mine/Europe/Paris:20250106T113000\r\n"));
  EXPECT_THAT(after, Not(HasSubstr("DURATION")));
}

TEST(EditEvent, KeepsWhatItDoesNotKnowOfAttendeesWhoStay) {
  const std::string before = event(
      "DTSTART:20250105T090000Z\n"
      "ATTENDEE;CN=Ada;ROLE=CHAIR;RSVP=TRUE;X-NUM=\"a;b\";PARTSTAT=NEEDS-ACTION:mailto:ada@x.org\n"
      "ATTENDEE;CN=Bob:mailto:bob@x.org\n");
  const std::string after = edited(before, [](CalendarEvent& event) {
    event.attendees = {{"ada@x.org", "Ada", "accepted"}, {"cy@x.org", "Cy", "needs-action"}};
  });
  const auto lines = lines_of(after);
  EXPECT_TRUE(lines.contains(
      "ATTENDEE;CN=Ada;ROLE=CHAIR;RSVP=TRUE;X-NUM=\"a;b\";PARTSTAT=ACCEPTED:mailto:ada@x.org"))
      << after;
  EXPECT_TRUE(lines.contains("ATTENDEE;CN=\"Cy\":mailto:cy@x.org")) << after;
  EXPECT_THAT(after, Not(HasSubstr("bob@x.org")));
}

const std::string kSeries = calendar(
    "BEGIN:VEVENT\nUID:u1\nDTSTAMP:20250101T000000Z\nDTSTART;TZID=Europe/Paris:20250105T090000\n"
    "DTEND;TZID=Europe/Paris:20250105T100000\nRRULE:FREQ=DAILY;COUNT=5\nSUMMARY:Daily\nX-A:b\n"
    "END:VEVENT\n");

CalendarEvent instance(const std::string& bytes, const std::string& rid) {
  for (const auto& one : expand_between(bytes, "2025-01-01", "2025-02-01").instances) {
    if (one.event.recurrence_id == rid) return one.event;
  }
  ADD_FAILURE() << "no instance " << rid;
  return {};
}

TEST(EditEvent, GivesAnInstanceItsOwnEventAndLeavesTheMasterAlone) {
  const std::string rid = "2025-01-07T08:00:00Z";
  const CalendarEvent before = instance(kSeries, rid);
  CalendarEvent after = before;
  after.title = "Late";
  after.source_hash = content_hash(after);
  const auto text = edit_event(kSeries, before, after, kNow);
  ASSERT_TRUE(text.has_value()) << text.error().message;
  const auto events = parse(*text);
  ASSERT_TRUE(events.has_value()) << events.error().message;
  ASSERT_EQ(events->size(), 2U);
  EXPECT_EQ(events->at(0), parse(kSeries)->at(0));
  EXPECT_EQ(events->at(1).recurrence_id, rid);
  EXPECT_EQ(events->at(1).title, "Late");
  EXPECT_EQ(events->at(1).start, before.start);
  EXPECT_THAT(*text, HasSubstr("RECURRENCE-ID;TZID=Europe/Paris:20250107T090000\r\n"));
  EXPECT_EQ(lines_of(*text).count("X-A:b"), 2U);

  // Once more: now it is in the bytes.
  const std::string again = edited(
      *text, [](CalendarEvent& event) { event.title = "Later"; }, rid);
  EXPECT_EQ(parse(again)->at(1).title, "Later");
  EXPECT_EQ(parse(again)->size(), 2U);

  const auto removed = remove_instance(again, rid, kNow);
  ASSERT_TRUE(removed.has_value());
  EXPECT_EQ(parse(*removed)->size(), 1U);
  EXPECT_THAT(*removed, HasSubstr("EXDATE;TZID=Europe/Paris:20250107T090000\r\n"));
  EXPECT_EQ(expand_between(*removed, "2025-01-01", "2025-02-01").instances.size(), 4U);
}

TEST(EditEvent, RefusesAnEventThatIsNotInTheBytes) {
  CalendarEvent other = parse_one(event("DTSTART:20250105T090000Z\nSUMMARY:B\n"));
  const auto refused =
      edit_event(event("DTSTART:20250105T090000Z\nSUMMARY:A\n"), other, other, kNow);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::conflict);
}

TEST(EditEvent, MakesNewResourcesThatReadAsTheyWereMeant) {
  CalendarEvent wanted = parse_one(
      event("DTSTART;TZID=America/New_York:20250105T090000\nDTEND;TZID=America/New_York:"
            "20250105T100000\nSUMMARY:A\nDESCRIPTION:Two\\nlines\nRRULE:FREQ=WEEKLY\n"
            "ORGANIZER;CN=Ada:mailto:ada@x.org\nATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@x.org\n"));
  const CalendarEvent made = parse_one(new_resource(wanted, kNow));
  EXPECT_EQ(content_hash(made), content_hash(wanted));
  EXPECT_EQ(made.updated_at, kNow);
}

// Every event of every shared file: another title, and nothing else is another.
TEST(EditEvent, ChangesNothingButTheTitleInAnyFile) {
  const char* root = std::getenv("TIDEMARK_TEST_DATA");
  if (root == nullptr) GTEST_SKIP() << "set TIDEMARK_TEST_DATA to the folder that holds ics/";
  std::size_t changed = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::filesystem::path(root) / "ics")) {
    if (!entry.is_regular_file() || entry.path().extension() != ".ics") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    SCOPED_TRACE(entry.path().filename().string());
    (void)split_by_uid(bytes.str(), [&](SplitPart&& part) -> Result<void> {
      const auto events = parse(part.bytes);
      if (!events) return {};
      for (const auto& event : *events) {
        CalendarEvent after = event;
        after.title = "Another title";
        if (after.title == event.title) continue;
        const auto text = edit_event(part.bytes, event, after, kNow);
        EXPECT_TRUE(text.has_value()) << text.error().message;
        if (!text) continue;
        ++changed;
        EXPECT_EQ(difference(part.bytes, *text, {"SUMMARY"}), std::multiset<std::string>());
        const auto read = parse(*text);
        EXPECT_TRUE(read.has_value()) << read.error().message;
        if (!read) continue;
        EXPECT_EQ(read->size(), events->size());
        for (std::size_t i = 0; i < read->size(); ++i) {
          const bool is_it = read->at(i).recurrence_id == event.recurrence_id;
          EXPECT_EQ(changed_fields(events->at(i), read->at(i)),
                    is_it ? std::vector<std::string>{"title"} : std::vector<std::string>{});
        }
      }
      return {};
    });
  }
  std::printf("%zu events changed\n", changed);
  EXPECT_GT(changed, 50U);
}

}  // namespace
}  // namespace tidemark::icalendar::test
