#include <algorithm>

#include "base/text.h"
#include "sync/icalendar/content_lines.h"
#include "sync/icalendar/icalendar.h"
#include "sync/icalendar/prescan.h"

namespace tidemark::icalendar {
namespace {

void append_component(std::string_view raw, std::string& out) {
  out += raw;
  if (!raw.ends_with('\n') && !raw.ends_with('\r')) out += "\r\n";
}

}  // namespace

CalendarWriter::CalendarWriter(std::string_view calendar_name)
    : name_(to_valid_utf8(calendar_name)) {}

void CalendarWriter::add(std::string_view resource_bytes) {
  const auto document = Document::parse(resource_bytes, Limits{});
  if (!document) return;
  for (const Component* zone : document->all("VTIMEZONE")) {
    const Property* tzid = zone->find("TZID");
    if (tzid == nullptr) continue;
    std::string id{trim(tzid->value)};
    if (std::find(zone_ids_.begin(), zone_ids_.end(), id) != zone_ids_.end()) continue;
    zone_ids_.push_back(std::move(id));
    append_component(zone->raw, zones_);
  }
  for (const Component* event : document->all("VEVENT")) append_component(event->raw, events_);
}

std::string CalendarWriter::finish() && {
  std::string out = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Tidemark//Tidemark//EN\r\n";
  if (!name_.empty()) out += fold("X-WR-CALNAME:" + escape_text(name_));
  out += zones_;
  out += events_;
  return out + "END:VCALENDAR\r\n";
}

}  // namespace tidemark::icalendar
