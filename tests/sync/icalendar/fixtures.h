// iCalendar texts for the tests of src/sync/icalendar.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "sync/icalendar/icalendar.h"

namespace tidemark::icalendar::test {

// Lines with CRLF, in a VCALENDAR.
inline std::string calendar(std::string_view lines) {
  std::string out = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n";
  for (const char c : lines) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out + "END:VCALENDAR\r\n";
}

// One VEVENT with UID u1 and these lines.
inline std::string event(std::string_view lines) {
  return calendar("BEGIN:VEVENT\nUID:u1\nDTSTAMP:20250101T000000Z\n" + std::string(lines) +
                  "END:VEVENT\n");
}

inline Result<std::vector<CalendarEvent>> parse(std::string_view bytes) {
  return parse_resource(bytes, Address{"/cal/1.ics", "\"e1\""});
}

// The only event of a resource that has to be fine.
inline CalendarEvent parse_one(std::string_view bytes) {
  auto events = parse(bytes);
  EXPECT_TRUE(events.has_value()) << events.error().message;
  if (!events || events->empty()) return CalendarEvent{};
  EXPECT_EQ(events->size(), 1U);
  return events->front();
}

inline std::string reason(std::string_view bytes) {
  const auto events = parse(bytes);
  return events ? "it was accepted" : events.error().message;
}

inline WallTime at(std::string_view text) {
  return parse_rfc3339(text).value();
}

inline Expansion expand_between(std::string_view bytes, std::string_view from, std::string_view to,
                                std::size_t max_instances = 1'000,
                                const std::string& zone = "UTC") {
  const auto events = parse(bytes);
  EXPECT_TRUE(events.has_value()) << events.error().message;
  if (!events) return {};
  ExpandOptions options;
  options.range.from = at(from);
  if (!to.empty()) options.range.to = at(to);
  options.max_instances = max_instances;
  options.zone = zone;
  auto expansion = expand(bytes, *events, options);
  EXPECT_TRUE(expansion.has_value()) << expansion.error().message;
  return expansion.value_or(Expansion{});
}

// The instants, without milliseconds: "2025-03-29T08:00:00Z".
inline std::vector<std::string> starts(const Expansion& expansion) {
  std::vector<std::string> out;
  for (const Instance& instance : expansion.instances) {
    out.push_back(format_rfc3339(instance.start).substr(0, 19) + "Z");
  }
  return out;
}

inline std::vector<std::string> local_starts(const Expansion& expansion) {
  std::vector<std::string> out;
  for (const Instance& instance : expansion.instances) out.push_back(instance.event.start.local);
  return out;
}

}  // namespace tidemark::icalendar::test
