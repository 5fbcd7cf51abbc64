// The mirror's durable formats: golden bytes, round trips, garbage refused.
#include "sync/rows.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/bytes.h"
#include "sync/account_state.h"
#include "sync/calendar_world.h"
#include "sync/event_codec.h"
#include "sync/row_editor.h"

namespace tidemark::test {
namespace {

using testing::ElementsAre;

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    text.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    text.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return text;
}

CalendarEvent full_event() {
  CalendarEvent event = make_event("/c/a.ics", "uid@x", "Title", "2025-12-16T12:00:00");
  event.etag = "etag";
  event.updated_at = WallTime{std::chrono::milliseconds{-5}};
  event.status = EventStatus::tentative;
  event.description = "two\nlines";
  event.location = "Zürich";
  event.start = {CalendarTime::Kind::zoned, "2025-12-16T12:00:00", "Europe/Zurich", false,
                 WallTime{std::chrono::milliseconds{1'765'882'800'000}}};
  event.end = {CalendarTime::Kind::date, "2025-12-17", "", false, std::nullopt};
  event.attendees = {{"a@x", "A", "accepted"}, {"b@x", "", "declined"}};
  event.organizer = Attendee{"o@x", "O", ""};
  event.recurrence = {"RRULE:FREQ=DAILY", "EXDATE:20251220T120000Z"};
  event.source_hash = "hash";
  return event;
}

IndexRow full_index() {
  IndexRow row;
  row.etag = "etag";
  row.generation = 300;
  row.deleted_in = 7;
  row.uid = "uid@x";
  row.announced = false;
  row.quarantined = true;
  row.body_hash = "0123456789abcdef";
  row.events = {{"", "h1", 7, -1}, {"2025-12-16", "h2", 0, 1'765'882'800'000}};
  return row;
}

std::string golden_lines() {
  std::ostringstream out;
  const TimeKey key{3, -86'400'000, "/c/a.ics", "2025-12-16"};
  out << "key.index " << hex(href_key(kIndexRow, "/c/a.ics")) << "\n"
      << "key.time " << hex(encode(key)) << "\n"
      << "key.uid " << hex(uid_key("uid@x", "/c/a.ics")) << "\n"
      << "key.uid.long " << hex(uid_key(std::string(300, 'u'), "/c")) << "\n"
      << "row.index " << hex(encode(full_index())) << "\n"
      << "row.time " << hex(encode(TimeRow{kOpenEnd, true, full_event()})) << "\n"
      << "row.body " << hex(encode_body("BEGIN")) << "\n"
      << "row.quarantine " << hex(encode(QuarantineRow{"e", "why", std::string("\xFF\0", 2)}))
      << "\n"
      << "row.pending " << hex(encode(PendingRow{"e", 9})) << "\n"
      << "row.ahead " << hex(encode(AheadRow{9, true, "e"})) << "\n"
      << "row.nothing " << hex(kNothing) << "\n"
      << "id.calendar " << public_calendar_id("acme", "work", "http://h/c/") << "\n";
  return out.str();
}

TEST(SyncRows, KeepTheirGoldenBytes) {
  const std::string path = std::string(TIDEMARK_TEST_DATA) + "/keys/sync_rows.txt";
  if (std::getenv("TIDEMARK_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path) << golden_lines();
  }
  std::ostringstream stored;
  stored << std::ifstream(path).rdbuf();
  EXPECT_EQ(golden_lines(), stored.str())
      << "a stored format changed; if it is meant to, give it a new format byte";
}

TEST(SyncRows, ComeBackAsTheyWere) {
  EXPECT_EQ(*decode_event(encode_event(full_event())), full_event());
  EXPECT_EQ(*decode_index_row(encode(full_index())), full_index());
  const auto time = decode_time_row(encode(TimeRow{kOpenEnd, true, full_event()}));
  EXPECT_EQ(time->event, full_event());
  EXPECT_EQ(time->end_ms, kOpenEnd);
  const TimeKey key{7, std::numeric_limits<std::int64_t>::min(), "/c", ""};
  EXPECT_EQ(decode_time_key(encode(key)), key);
  EXPECT_EQ(decode_pending_row(encode(PendingRow{"e", 9}))->generation, 9U);
  const AheadRow ahead{9, false, "e"};
  EXPECT_EQ(*decode_ahead_row(encode(ahead)), ahead);
}

TEST(SyncRows, RefuseEveryTruncation) {
  const std::string event = encode_event(full_event());
  const std::string index = encode(full_index());
  for (std::size_t size = 0; size < event.size(); ++size) {
    EXPECT_FALSE(decode_event(std::string_view(event).substr(0, size)).has_value()) << size;
  }
  for (std::size_t size = 0; size < index.size(); ++size) {
    EXPECT_FALSE(decode_index_row(std::string_view(index).substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(decode_index_row(index + "x").has_value());
  // A count beyond the bytes must not be believed.
  ByteWriter boastful;
  boastful.u8(1).text("").number(1).number(1).text("").u8(1).text("").number(1ULL << 60);
  EXPECT_FALSE(decode_index_row(std::move(boastful).str()).has_value());
}

TEST(SyncRows, TimeKeysSortByStartWithinALevel) {
  EXPECT_LT(encode(TimeKey{0, -5, "/z", ""}), encode(TimeKey{0, 3, "/a", ""}));
  EXPECT_LT(encode(TimeKey{0, 3, "/a", ""}), encode(TimeKey{0, 3, "/a", "r"}));
  EXPECT_LT(encode(TimeKey{0, 99, "/a", ""}), encode(TimeKey{1, 3, "/a", ""}));
}

TEST(SyncRows, ALevelHoldsWhatItsSpanFits) {
  constexpr std::int64_t kDay = 86'400'000;
  EXPECT_EQ(level_of(0, 0), 0);
  EXPECT_EQ(level_of(0, kDay), 0);
  EXPECT_EQ(level_of(0, kDay + 1), 1);
  EXPECT_EQ(level_of(0, 4096 * kDay), 6);
  EXPECT_EQ(level_of(0, 4097 * kDay), 7);
  EXPECT_EQ(level_of(0, kOpenEnd), 7);
}

TEST(SyncRows, InstanceIdsTellTheirParts) {
  const auto parts = parse_instance(calendar_instance("acme", "work", "cal_1"));
  ASSERT_TRUE(parts.has_value());
  EXPECT_EQ(parts->tenant + parts->account + parts->calendar, "acmeworkcal_1");
  EXPECT_FALSE(parse_instance(InstanceId{"calendar/acme"}).has_value());
  EXPECT_NE(public_calendar_id("a", "bc", "d"), public_calendar_id("ab", "c", "d"));
}

TEST(RowEditor, ShowsItsOwnChangesOverWhatWasThere) {
  MemoryRows below;
  below.rows = {{"a1", "x"}, {"a2", "x"}, {"a4", "x"}, {"b1", "x"}};
  RowEditor rows(below);
  rows.put("a3", "new");
  rows.put("a2", "changed");
  rows.put("a5", "new");
  rows.erase("a1");
  rows.erase("a9");
  std::vector<std::string> seen;
  rows.scan("a", "a", [&](std::string_view key, std::string_view value) {
    seen.push_back(std::string(key) + "=" + std::string(value));
    return true;
  });
  EXPECT_THAT(seen, ElementsAre("a2=changed", "a3=new", "a4=x", "a5=new"));
  seen.clear();
  rows.scan("a", "a3", [&](std::string_view key, std::string_view) {
    seen.emplace_back(key);
    return seen.size() < 2;
  });
  EXPECT_THAT(seen, ElementsAre("a3", "a4"));
  EXPECT_FALSE(rows.get("a1").has_value());
  EXPECT_EQ(rows.take().size(), 5U);
}

}  // namespace
}  // namespace tidemark::test
