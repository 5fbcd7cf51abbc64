// iCalendar bytes to canonical events, their expansion and the way back to a file.
#include "sync/icalendar/icalendar.h"

#include <algorithm>

#include "base/text.h"
#include "domain/calendar_event_text.h"
#include "sync/event_codec.h"
#include "target.h"

namespace tidemark::fuzz {
namespace {

namespace ical = icalendar;

// Small enough for a fuzzer to reach, and every one of them is.
constexpr ical::Limits kLimits{.resource_bytes = 64U << 10,
                               .line_bytes = 4U << 10,
                               .components = 64,
                               .properties = 512,
                               .depth = 5,
                               .attendees = 8};

void check_event(const CalendarEvent& event) {
  require(event.source_hash == content_hash(event), "the hash is the content's");
  require(event.attendees.size() <= kLimits.attendees, "attendees are limited");
  require(is_valid_utf8(event.title) && is_valid_utf8(event.description) &&
              is_valid_utf8(event.location) && is_valid_utf8(event.ical_uid),
          "texts are UTF-8");
  require(event.start.kind != CalendarTime::Kind::none, "an event starts");
  const Json value = to_json(event);
  const auto read = calendar_event_from_json(value);
  require(read && *read == event, "an event comes back from JSON");
  std::string text;
  append_json(text, event);
  require(text == dump_json(value), "both writers of JSON agree");
  const auto decoded = sync::decode_event(sync::encode_event(event));
  require(decoded && *decoded == event, "an event comes back from its stored form");
}

void check_expansion(std::string_view bytes, const std::vector<CalendarEvent>& events) {
  ical::ExpandOptions options;
  options.range = {*parse_rfc3339("2025-01-01"), *parse_rfc3339("2025-06-01")};
  options.zone = "Europe/Berlin";
  options.max_instances = 20;
  const auto expansion = ical::expand(bytes, events, options);
  if (!expansion) return;
  const auto& instances = expansion->instances;
  require(instances.size() <= options.max_instances, "instances are limited");
  require(std::is_sorted(instances.begin(), instances.end(),
                         [](const auto& a, const auto& b) { return a.start < b.start; }),
          "instances ascend");
  for (const auto& instance : instances) {
    require(instance.start < *options.range.to && instance.end >= options.range.from,
            "an instance overlaps the range");
    require(instance.start <= instance.end, "an instance ends after it starts");
    require(instance.event.recurrence.empty(), "an instance does not recur");
  }
}

// One resource in a file of its own, and back.
void check_written(std::string_view bytes, const std::vector<CalendarEvent>& events) {
  ical::CalendarWriter writer("calendar");
  writer.add(bytes);
  const std::string file = std::move(writer).finish();
  const auto again = ical::parse_resource(file, {"a.ics", "\"1\""});
  require(again.has_value(), "what was written can be read");
  require(again->size() == events.size(), "every event was written");
  for (std::size_t i = 0; i < events.size(); ++i) {
    require((*again)[i].source_hash == events[i].source_hash, "the content is as it was");
  }
}

void check_parts(std::string_view bytes) {
  std::size_t parts = 0;
  const auto split = ical::split_by_uid(
      bytes,
      [&](ical::SplitPart&& part) -> Result<void> {
        ++parts;
        require(!part.uid.empty(), "a part has a UID");
        static_cast<void>(ical::parse_resource(part.bytes, {"b.ics", ""}, kLimits));
        return {};
      },
      kLimits);
  require(!split || parts <= kLimits.components, "parts are limited");
}

}  // namespace

TIDEMARK_FUZZ_TARGET(icalendar) {
  check_parts(bytes);
  const auto events = ical::parse_resource(bytes, {"a.ics", "\"1\""}, kLimits);
  if (!events || events->empty()) return;
  require(bytes.size() <= kLimits.resource_bytes, "resources are limited");
  for (const auto& event : *events) check_event(event);
  const auto span = ical::span_of(bytes, *events);
  require(!span.to || span.from <= *span.to, "a span ends after it begins");
  check_expansion(bytes, *events);
  check_written(bytes, *events);
}

}  // namespace tidemark::fuzz
