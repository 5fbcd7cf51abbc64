// Decoding a page of 2,500 Google events to canonical events, against nlohmann/json's bare parse of
// the same page.
//
// usage: google_bench [ROUNDS]
// Prints both rates, medians of rounds taken in turn, and their ratio. The target is 0.5.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "providers/google/page_reader.h"
#include "providers/google/series.h"
#include "support.h"

namespace tidemark {
namespace {

constexpr int kEvents = 2'500;

// As Google writes them: most single, some series, half of them with attendees.
std::string make_page() {
  Json items = Json::array();
  for (int i = 0; i < kEvents; ++i) {
    const std::string id = "event" + std::to_string(100'000 + i);
    const std::string day = "2026-0" + std::to_string(1 + i % 9) + "-1" + std::to_string(i % 10);
    Json event{{"kind", "calendar#event"},
               {"etag", "\"3406172584" + std::to_string(i) + "\""},
               {"id", id},
               {"status", "confirmed"},
               {"htmlLink", "https://www.google.com/calendar/event?eid=" + std::string(60, 'x')},
               {"created", "2025-11-02T08:14:12.000Z"},
               {"updated", "2025-12-01T09:28:12.345Z"},
               {"summary", "Planning " + std::to_string(i)},
               {"description", std::string(i % 400, 'd')},
               {"location", "Room " + std::to_string(i % 17)},
               {"creator", {{"email", "ada@example.com"}}},
               {"organizer", {{"email", "ada@example.com"}, {"self", true}}},
               {"start", {{"dateTime", day + "T09:00:00+01:00"}, {"timeZone", "Europe/Berlin"}}},
               {"end", {{"dateTime", day + "T10:00:00+01:00"}, {"timeZone", "Europe/Berlin"}}},
               {"iCalUID", id + "@google.com"},
               {"sequence", i % 4},
               {"reminders", {{"useDefault", true}}},
               {"eventType", "default"}};
    if (i % 10 == 0) event["recurrence"] = Json::array({"RRULE:FREQ=WEEKLY;BYDAY=MO"});
    if (i % 2 == 0) {
      for (const char* who : {"grace", "alan", "edsger"}) {
        event["attendees"].push_back({{"email", std::string(who) + "@example.com"},
                                      {"displayName", who},
                                      {"responseStatus", "accepted"}});
      }
    }
    items.push_back(std::move(event));
  }
  return dump_json({{"kind", "calendar#events"}, {"items", items}, {"nextSyncToken", "t"}});
}

double seconds(const std::function<std::size_t()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  if (work() != kEvents) std::abort();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::size_t bare_parse(const std::string& page) {
  return Json::parse(page).at("items").size();
}

std::size_t decode(const std::string& page) {
  std::size_t events = 0;
  std::size_t kept = 0;
  google::PageReader reader(
      [&](std::string_view text) -> Result<void> {
        TM_ASSIGN(const Json item, parse_json(text));
        TM_ASSIGN(const google::ItemKey key, google::read_key(item));
        TM_ASSIGN(CalendarEvent event, google::read_event(item, key));
        event.source_hash = content_hash(event);
        kept += event.source_hash.size();
        ++events;
        return {};
      },
      1U << 20);
  // As it arrives from the network.
  constexpr std::size_t kPiece = 16U << 10;
  for (std::size_t at = 0; at < page.size(); at += kPiece) {
    if (!reader.feed(std::string_view(page).substr(at, kPiece))) return 0;
  }
  return reader.finish() && kept > 0 ? events : 0;
}

int run(int rounds) {
  const std::string page = make_page();
  std::vector<double> parse;
  std::vector<double> ours;
  std::vector<double> ratios;
  for (int i = 0; i < rounds; ++i) {
    parse.push_back(seconds([&] { return bare_parse(page); }));
    ours.push_back(seconds([&] { return decode(page); }));
    ratios.push_back(parse.back() / ours.back());
  }
  const double megabytes = static_cast<double>(page.size()) / 1e6;
  std::printf("a page of %d events, %.1f MB\n", kEvents, megabytes);
  std::printf("bare parse     %8.1f MB/s\n", megabytes / bench::median(parse));
  std::printf("decode         %8.1f MB/s, %.0f events/s\n", megabytes / bench::median(ours),
              kEvents / bench::median(ours));
  const double ratio = bench::median(ratios);
  std::printf("decode / parse %8.2fx   (at least 0.5x: %s)\n", ratio,
              ratio >= 0.5 ? "held" : "MISSED");
  return 0;
}

}  // namespace
}  // namespace tidemark

int main(int count, char** arguments) {
  return tidemark::run(count > 1 ? std::atoi(arguments[1]) : 21);
}
