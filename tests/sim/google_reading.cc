#include "sim/google_reading.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace tidemark::sim {
namespace {

// The zones of a simulated world: none that has a summer of its own.
milliseconds offset_of(const std::string& zone) {
  static const std::map<std::string, std::chrono::minutes> kOffsets{
      {"Asia/Kolkata", std::chrono::minutes(330)}, {"America/Phoenix", std::chrono::hours(-7)}};
  const auto found = kOffsets.find(zone);
  return found == kOffsets.end() ? milliseconds{0} : found->second;
}

std::string seconds_text(WallTime time) {
  return format_rfc3339(time).substr(0, 19);
}

std::string compact(std::string text) {
  std::erase(text, '-');
  std::erase(text, ':');
  return text;
}

std::string time_of_item(const Json& time) {
  if (time.contains("date")) return time["date"];
  const auto instant = parse_rfc3339(time.at("dateTime").get<std::string>());
  return (instant ? seconds_text(*instant) : "?") + "@" + time.value("timeZone", "UTC");
}

std::string time_of_told(const Json& time) {
  if (time.contains("date")) return time["date"];
  const auto instant = parse_rfc3339(time.value("utc", ""));
  const std::string zone = time.at("zone");
  if (!instant) return "?@" + zone;
  const bool right = time.at("date_time") == seconds_text(*instant + offset_of(zone));
  return seconds_text(*instant) + "@" + zone + (right ? "" : "!");
}

std::string text_or_empty(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// "EXDATE;TZID=Asia/Kolkata:20260105T143000" is the instance whose id ends in 20260105T090000Z.
std::string stamp_of_exdate(const std::string& line) {
  std::string value = line.substr(line.find(':') + 1);
  const auto zone = line.find("TZID=");
  if (zone == std::string::npos || value.size() != 15) return value;
  const auto local =
      parse_rfc3339(value.substr(0, 4) + "-" + value.substr(4, 2) + "-" + value.substr(6, 5) + ":" +
                    value.substr(11, 2) + ":" + value.substr(13, 2) + "Z");
  if (!local) return value;
  const std::string name = line.substr(zone + 5, line.find(':') - zone - 5);
  return compact(seconds_text(*local - offset_of(name))) + "Z";
}

}  // namespace

std::string reading_of_item(const Json& item) {
  if (item.value("status", "") == "cancelled") return kTakenOut;
  std::string text = item.value("summary", "") + "|" + time_of_item(item.at("start")) + "|" +
                     time_of_item(item.at("end")) + "|" + item.value("iCalUID", "");
  for (const auto& line : item.value("recurrence", Json::array())) {
    text += "|" + line.get<std::string>();
  }
  return text;
}

ToldReading reading_of_told(const Json& event) {
  ToldReading told;
  told.id = event.at("external_event_id");
  told.master = text_or_empty(event, "recurring_event_id");
  told.state = text_or_empty(event, "title") + "|" + time_of_told(event.at("start")) + "|" +
               time_of_told(event.at("end")) + "|" + text_or_empty(event, "ical_uid");
  for (const auto& one : event.at("recurrence")) {
    const std::string line = one;
    if (line.starts_with("EXDATE")) {
      told.taken_out.insert(told.id + "_" + stamp_of_exdate(line));
    } else {
      told.state += "|" + line;
    }
  }
  const std::string original = text_or_empty(event, "recurrence_id");
  const bool placed =
      told.master.empty() ? original.empty() : told.id == told.master + "_" + compact(original);
  if (!placed) told.state += "|" + original + "!";
  return told;
}

}  // namespace tidemark::sim
