#include "sync/icalendar/property_text.h"

#include <algorithm>

#include "sync/icalendar/content_lines.h"
#include "zones/local_time.h"

namespace tidemark::icalendar {

std::string compact(std::string_view local) {
  std::string out(local);
  std::erase(out, '-');
  std::erase(out, ':');
  return out;
}

// RFC 6868, and quoted: a parameter may then hold anything but control characters.
std::string in_quotes(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '\n') {
      out += "^n";
    } else if (c == '^') {
      out += "^^";
    } else if (c == '"') {
      out += "^'";
    } else if (static_cast<unsigned char>(c) >= 0x20 || c == '\t') {
      out += c;
    }
  }
  return out + '"';
}

std::string parameter_text(std::string_view value) {
  const bool plain = value.find_first_of(":;,\"^\n") == std::string_view::npos;
  return plain ? std::string(value) : in_quotes(value);
}

std::string time_text(const CalendarTime& time) {
  switch (time.kind) {
    case CalendarTime::Kind::none: return {};
    case CalendarTime::Kind::date: return ";VALUE=DATE:" + compact(time.local);
    case CalendarTime::Kind::floating: return ":" + compact(time.local);
    case CalendarTime::Kind::utc: return ":" + compact(time.local) + "Z";
    case CalendarTime::Kind::zoned: break;
  }
  return ";TZID=" + parameter_text(time.zone) + ":" + compact(time.local);
}

std::string recurrence_id_text(std::string_view id) {
  return (id.find('T') == std::string_view::npos ? ";VALUE=DATE:" : ":") + compact(id);
}

std::string instant_text(WallTime time) {
  return ":" + compact(format_date_time(to_seconds(time))) + "Z";
}

std::string person_text(const Attendee& person) {
  std::string out;
  if (!person.name.empty()) out += ";CN=" + in_quotes(person.name);
  if (!person.response.empty() && person.response != "needs-action") {
    std::string response = person.response;
    std::transform(response.begin(), response.end(), response.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    out += ";PARTSTAT=" + parameter_text(response);
  }
  return out + ":mailto:" + escape_text(person.email);
}

}  // namespace tidemark::icalendar
