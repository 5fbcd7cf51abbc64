#include "support/google/event_times.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace tidemark::test::google {
namespace {

using std::chrono::milliseconds;

std::string text_of(const Json& time, const char* field) {
  if (!time.is_object()) return {};
  const auto found = time.find(field);
  return found != time.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// "2026-01-31T09:00:00Z": Google writes whole seconds.
std::string utc_text(WallTime time) {
  return format_rfc3339(time).substr(0, 19) + "Z";
}
std::string date_text(WallTime time) {
  return format_rfc3339(time).substr(0, 10);
}

// RFC 5545 form of an RFC 3339 text: the same without '-' and ':'.
std::string basic(std::string text) {
  text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == '-' || c == ':'; }),
             text.end());
  return text;
}

bool is_stamp(std::string_view text) {
  if (text.size() != 8 && (text.size() != 16 || text[8] != 'T' || text[15] != 'Z')) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 15) continue;
    if (std::isdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  }
  return true;
}

constexpr std::string_view kRule = "RRULE:";

std::vector<std::string> parts_of(const std::string& rrule) {
  const bool named = rrule.rfind(kRule, 0) == 0;
  return split(std::string_view(rrule).substr(named ? kRule.size() : 0), ';');
}

bool is_part(const std::string& part, std::string_view name) {
  return part.rfind(std::string(name) + "=", 0) == 0;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ";") + part;
  return std::string(kRule) + out;
}

}  // namespace

std::optional<WallTime> instant(const Json& time) {
  const std::string date = text_of(time, "date");
  const std::string moment = text_of(time, "dateTime");
  if (date.empty() == moment.empty()) return std::nullopt;
  if (!date.empty() && date.size() != 10) return std::nullopt;
  const auto parsed = parse_rfc3339(date.empty() ? moment : date);
  if (!parsed || (!moment.empty() && moment.size() <= 10)) return std::nullopt;
  return *parsed;
}

bool is_all_day(const Json& time) {
  return !text_of(time, "date").empty();
}

Json shifted(const Json& time, milliseconds by) {
  const auto start = instant(time);
  if (!start) return time;
  if (is_all_day(time)) return {{"date", date_text(*start + by)}};
  Json out = time;
  out["dateTime"] = utc_text(*start + by);
  return out;
}

std::string original_start_stamp(const Json& original_start) {
  const auto start = instant(original_start);
  if (!start) return {};
  return basic(is_all_day(original_start) ? date_text(*start) : utc_text(*start));
}

std::string instance_id(const std::string& master, const Json& original_start) {
  return master + "_" + original_start_stamp(original_start);
}

std::optional<std::pair<std::string, std::string>> split_instance_id(const std::string& id) {
  const std::size_t underscore = id.rfind('_');
  if (underscore == std::string::npos || underscore == 0) return std::nullopt;
  std::string stamp = id.substr(underscore + 1);
  if (!is_stamp(stamp)) return std::nullopt;
  return std::pair(id.substr(0, underscore), std::move(stamp));
}

std::optional<Json> original_start_of(const std::string& stamp, const std::string& time_zone) {
  if (!is_stamp(stamp)) return std::nullopt;
  const std::string date = stamp.substr(0, 4) + "-" + stamp.substr(4, 2) + "-" + stamp.substr(6, 2);
  Json out;
  if (stamp.size() == 8) {
    out = {{"date", date}};
  } else {
    out = {{"dateTime", date + "T" + stamp.substr(9, 2) + ":" + stamp.substr(11, 2) + ":" +
                            stamp.substr(13, 2) + "Z"}};
    if (!time_zone.empty()) out["timeZone"] = time_zone;
  }
  if (!instant(out)) return std::nullopt;
  return out;
}

std::string rule_until(const std::string& rrule, const Json& original_start) {
  const milliseconds step = is_all_day(original_start) ? milliseconds(std::chrono::hours(24))
                                                       : milliseconds(std::chrono::seconds(1));
  auto parts = parts_of(rrule);
  std::erase_if(parts,
                [](const auto& part) { return is_part(part, "COUNT") || is_part(part, "UNTIL"); });
  parts.push_back("UNTIL=" + original_start_stamp(shifted(original_start, -step)));
  return joined(parts);
}

std::string rule_rest(const std::string& rrule, int occurrences_before) {
  std::vector<std::string> parts = parts_of(rrule);
  for (std::string& part : parts) {
    if (!is_part(part, "COUNT")) continue;
    part = "COUNT=" + std::to_string(std::stoi(part.substr(6)) - occurrences_before);
  }
  return joined(parts);
}

bool has_count(const std::string& rrule) {
  const auto parts = parts_of(rrule);
  return std::any_of(parts.begin(), parts.end(),
                     [](const std::string& part) { return is_part(part, "COUNT"); });
}

}  // namespace tidemark::test::google
