// Queries of the mirror: ranges, pages, recurrences, time zones, garbage.
#include <gmock/gmock.h>

#include <random>

#include "base/text.h"
#include "support/temporary_directory.h"
#include "sync/sync_process.h"

namespace tidemark::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

WallTime at(const std::string& text) {
  return *parse_rfc3339(text);
}

class EventQueryTest : public testing::Test {
 protected:
  EventQueryTest() {
    server_.calendars.emplace("http://fake/c/", FakeCalendar("c"));
    process_ = std::make_unique<SyncProcess>(
        dir_ / "store", clock_, std::vector<AccountDefinition>{fake_account("work")},
        std::map<std::string, FakeServer*>{{"work", &server_}}, 0);
    EXPECT_TRUE(process_->service->apply_configuration(false).has_value());
  }

  void put(const std::string& name, const std::string& start, const std::string& more = {}) {
    server_.calendars.begin()->second.put("/" + name, ics(name, name, start, more));
  }

  std::vector<std::string> titles(EventQuery query, std::size_t pages_of = 100) {
    std::vector<std::string> all;
    query.limit = pages_of;
    const auto status = process_->calendar("c");
    for (int page = 0; page < 1000; ++page) {
      const auto answer = query_events(*process_->store, status, query);
      EXPECT_TRUE(answer.has_value()) << (answer ? "" : answer.error().message);
      if (!answer) return all;
      EXPECT_LE(answer->events.size(), pages_of);
      for (const auto& event : answer->events) {
        all.push_back(event.title + (query.expand ? " " + event.start.local : ""));
      }
      if (answer->next_page.empty()) return all;
      query.page = answer->next_page;
    }
    ADD_FAILURE() << "pages without end";
    return all;
  }

  static EventQuery between(const std::string& from, const std::string& to, bool expand = false) {
    EventQuery query;
    query.from = at(from);
    query.to = at(to);
    query.expand = expand;
    return query;
  }

  TemporaryDirectory dir_;
  ManualClock clock_;
  FakeServer server_;
  std::unique_ptr<SyncProcess> process_;
};

TEST_F(EventQueryTest, ListsWhatOverlapsTheRangeAscendingByStart) {
  put("before", "20251201T100000Z", "DTEND:20251201T110000Z\r\n");
  put("into", "20251209T230000Z", "DTEND:20251210T010000Z\r\n");
  put("inside", "20251210T120000Z", "DTEND:20251210T130000Z\r\n");
  put("long", "20251001T000000Z", "DTEND:20260301T000000Z\r\n");
  put("touches", "20251209T230000Z", "DTEND:20251210T000000Z\r\n");
  put("after", "20251211T000000Z", "DTEND:20251211T010000Z\r\n");
  put("series", "20200101T120000Z", "RRULE:FREQ=DAILY\r\n");
  put("ended", "20200101T120000Z", "RRULE:FREQ=DAILY;COUNT=10\r\n");
  process_->sync();
  const auto query = between("2025-12-10T00:00:00Z", "2025-12-11T00:00:00Z");
  EXPECT_THAT(titles(query), ElementsAre("series", "long", "into", "inside"));
  EXPECT_THAT(titles(query, 1), ElementsAre("series", "long", "into", "inside"));
  EXPECT_THAT(titles({}), SizeIs(8));
  EXPECT_THAT(titles({}, 3), SizeIs(8));
}

TEST_F(EventQueryTest, ExpandsSeriesWithTheirExceptions) {
  put("single", "20251217T080000Z");
  put("series", "20251216T120000Z", "RRULE:FREQ=DAILY;COUNT=5\r\nEXDATE:20251218T120000Z\r\n");
  process_->sync();
  const auto query = between("2025-12-17T00:00:00Z", "2025-12-20T00:00:00Z", true);
  const auto expected = ElementsAre("single 2025-12-17T08:00:00", "series 2025-12-17T12:00:00",
                                    "series 2025-12-19T12:00:00");
  EXPECT_THAT(titles(query), expected);
  EXPECT_THAT(titles(query, 1), expected);
}

TEST_F(EventQueryTest, ReadsAllDayAndFloatingTimesInTheReadersZone) {
  auto bytes = ics("day", "day", "20251210");
  bytes.replace(bytes.find("DTSTART:"), 8, "DTSTART;VALUE=DATE:");
  server_.calendars.begin()->second.put("/day", bytes);
  put("floating", "20251210T010000", "DTEND:20251210T020000\r\n");
  process_->sync();
  auto query = between("2025-12-09T10:30:00Z", "2025-12-09T11:30:00Z");
  EXPECT_THAT(titles(query), IsEmpty());
  query.zone = "Pacific/Auckland";  // where the tenth begins at 11:00 UTC of the ninth
  EXPECT_THAT(titles(query), ElementsAre("day"));
  query.to = at("2025-12-09T12:30:00Z");
  EXPECT_THAT(titles(query), ElementsAre("day", "floating"));
  query.expand = true;
  EXPECT_THAT(titles(query), SizeIs(2));
}

TEST_F(EventQueryTest, RefusesGarbage) {
  put("a", "20251210T120000Z");
  process_->sync();
  const auto status = process_->calendar("c");
  const auto code = [&](const EventQuery& query) {
    const auto answer = query_events(*process_->store, status, query);
    return answer ? std::optional<Errc>{} : answer.error().code;
  };
  EventQuery query;
  for (const char* page : {"x", "m1-", "m1-zz", "m1-0", "m1-00", "i1-00", "m2-0000"}) {
    query.page = page;
    EXPECT_EQ(code(query), Errc::invalid_argument) << page;
  }
  EXPECT_EQ(code({.expand = true}), Errc::invalid_argument);
  EXPECT_EQ(code({.zone = "No/Where"}), Errc::invalid_argument);
  EXPECT_EQ(code(between("2025-12-11T00:00:00Z", "2025-12-10T00:00:00Z")), Errc::invalid_argument);
}

// Against the plain definition, over random events of all lengths.
TEST_F(EventQueryTest, AgreesWithLookingAtEveryEvent) {
  std::mt19937 random(7);
  struct Span {
    std::string name;
    std::int64_t start, end;
  };
  std::vector<Span> spans;
  const std::int64_t base = at("2025-01-01T00:00:00Z").time_since_epoch().count() / 1000;
  const auto text = [](std::int64_t seconds) {
    std::string time = format_rfc3339(WallTime{std::chrono::seconds{seconds}}).substr(0, 19);
    std::erase(time, '-');
    std::erase(time, ':');
    return time + "Z";
  };
  for (int i = 0; i < 400; ++i) {
    const std::int64_t start = base + random() % (86'400 * 365);
    const std::int64_t end = start + (std::int64_t{1} << (random() % 28));
    const std::string name = "e" + std::to_string(1000 + i);
    spans.push_back({name, start, end});
    put(name, text(start), "DTEND:" + text(end) + "\r\n");
  }
  process_->sync();
  for (int i = 0; i < 60; ++i) {
    const std::int64_t from = base + random() % (86'400 * 365);
    const std::int64_t to = from + 1 + random() % (86'400 * 40);
    std::vector<Span> wanted;
    for (const auto& span : spans) {
      if (span.start < to && span.end > from) wanted.push_back(span);
    }
    std::sort(wanted.begin(), wanted.end(), [](const Span& a, const Span& b) {
      return std::tie(a.start, a.name) < std::tie(b.start, b.name);
    });
    std::vector<std::string> names;
    for (const auto& span : wanted) names.push_back(span.name);
    EventQuery query;
    query.from = WallTime{std::chrono::seconds{from}};
    query.to = WallTime{std::chrono::seconds{to}};
    EXPECT_EQ(titles(query, 1 + random() % 50), names);
    query.expand = true;
    EXPECT_EQ(titles(query, 7).size(), names.size());
  }
}

}  // namespace
}  // namespace tidemark::test
