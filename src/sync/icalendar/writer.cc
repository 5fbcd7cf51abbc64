#include <algorithm>

#include "base/text.h"
#include "sync/icalendar/icalendar.h"
#include "sync/icalendar/prescan.h"

namespace tidemark::icalendar {
namespace {

constexpr std::size_t kLineBytes = 75;  // RFC 5545 3.1

std::string escape_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c != '\r' && c != '\0') {
      if (c == '\\' || c == ';' || c == ',') out += '\\';
      out += c;
    }
  }
  return out;
}

// Folds between characters, for readers that look at each physical line.
std::string fold(std::string_view line) {
  std::string out;
  std::size_t used = 0;
  for (std::size_t i = 0; i < line.size();) {
    std::size_t length = 1;
    while (i + length < line.size() &&
           (static_cast<unsigned char>(line[i + length]) & 0xC0) == 0x80) {
      ++length;
    }
    if (used + length > kLineBytes) {
      out += "\r\n ";
      used = 1;
    }
    out += line.substr(i, length);
    used += length;
    i += length;
  }
  return out + "\r\n";
}

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
