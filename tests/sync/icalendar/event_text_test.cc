// Canonical events written as iCalendar say the same when they are read again.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "sync/icalendar/icalendar.h"
#include "tests/sync/icalendar/fixtures.h"
#include "zones/zone.h"

namespace tidemark::icalendar::test {
namespace {

std::vector<CalendarEvent> again(const std::vector<CalendarEvent>& events) {
  const std::string text = write_events(events);
  auto read = parse_resource(text, {events.front().external_event_id, events.front().etag});
  EXPECT_TRUE(read.has_value()) << (read ? "" : read.error().message) << "\n" << text;
  return read.value_or(std::vector<CalendarEvent>{});
}

TEST(EventText, AwkwardTextComesBack) {
  CalendarEvent event;
  event.external_event_id = "/c/e";
  event.ical_uid = "a,b;c\\d";
  event.updated_at = WallTime{std::chrono::hours(24 * 20'000)};
  event.title = "Tea, \"cake\"; and\nmore \\ \xC3\xA9 " + std::string(200, 'x');
  event.description = std::string(70, 'a') + "\xE2\x82\xAC" + std::string(70, 'b');
  event.start = {CalendarTime::Kind::floating, "2025-01-02T10:00:00", "", false, {}};
  event.end = {CalendarTime::Kind::floating, "2025-01-02T11:00:00", "", false, {}};
  event.attendees = {{"a@x.org", "Ann \"the\n^best\", B: C;", "accepted"},
                     {"urn:x:1", "", "needs-action"}};
  event.organizer = Attendee{"o@x.org", "O", "needs-action"};
  event.recurrence = {"RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20250103T100000"};
  event.source_hash = content_hash(event);
  const auto read = again({event});
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(to_json(read[0]), to_json(event));
}

TEST(EventText, EveryRealEventThatCanBeReadComesBack) {
  const char* data = std::getenv("TIDEMARK_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "no corpus of real files here";
  std::size_t compared = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".ics") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    const auto split = split_by_uid(bytes, [&](SplitPart&& part) -> Result<void> {
      const auto events = parse_resource(part.bytes, {"/c/e", "e"});
      if (!events || events->empty()) return {};
      for (const auto& event : *events) {
        // An embedded zone is not written, so its times cannot be read back.
        if (event.start.zone_unknown ||
            (!event.start.zone.empty() && !iana_zone(event.start.zone))) {
          return {};
        }
      }
      const auto read = again(*events);
      EXPECT_EQ(read.size(), events->size()) << entry.path();
      for (std::size_t i = 0; i < std::min(read.size(), events->size()); ++i) {
        EXPECT_EQ(read[i].source_hash, (*events)[i].source_hash)
            << entry.path() << "\n"
            << write_events(*events) << to_json((*events)[i]).dump(1) << to_json(read[i]).dump(1);
      }
      ++compared;
      return {};
    });
  }
  EXPECT_GT(compared, 50U);
}

}  // namespace
}  // namespace tidemark::icalendar::test
