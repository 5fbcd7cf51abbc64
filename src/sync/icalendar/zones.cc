#include "sync/icalendar/zones.h"

#include <unicode/ucal.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <mutex>
#include <unordered_map>

#include "base/text.h"
#include "sync/icalendar/content_lines.h"
#include "sync/icalendar/rule.h"
#include "sync/icalendar/tzif.h"

namespace tidemark::icalendar {
namespace {

constexpr std::size_t kLongestTzid = 256;
constexpr std::size_t kCachedZones = 1'024;
constexpr std::uint64_t kStepsPerZone = 200'000;  // a usual one with two rules takes 25,000
constexpr std::size_t kEmbeddedZonesPerResource = 64;
constexpr std::size_t kMaxTransitions = 4'096;
constexpr std::size_t kLongestZoneFile = 64U << 10;
constexpr std::string_view kZoneDirectory = "/usr/share/zoneinfo/";
constexpr int kLastYear = 2199;
const LocalSeconds kFirstYear = at_midnight(std::chrono::year{1900} / 1 / 1);
const LocalSeconds kLastTransition = at_midnight(std::chrono::year{kLastYear + 1} / 1 / 1) - 1;

// A memo of a pure function, shared by all threads; emptied when full, so its size has a bound.
template <class Value>
class Cache {
 public:
  Value get(const std::string& key, const std::function<Value()>& make) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = values_.find(key); found != values_.end()) return found->second;
    }
    Value value = make();
    const std::lock_guard lock(mutex_);
    if (values_.size() >= kCachedZones) values_.clear();
    return values_.emplace(key, std::move(value)).first->second;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, Value> values_;
};

// Names that are safe to look up as files below the system's zoneinfo and mean the same everywhere.
bool is_zone_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || name.front() == '/' || name.back() == '/') return false;
  if (name.find("..") != std::string_view::npos || name.find("//") != std::string_view::npos) {
    return false;
  }
  for (const std::string_view other : {"localtime", "posixrules", "Factory"}) {
    if (name == other) return false;
  }
  if (name.starts_with("right/") || name.starts_with("posix/")) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+' || c == '-' || c == '/';
  });
}

ZonePtr load_iana(const std::string& name) {
  std::ifstream file(std::string(kZoneDirectory) + name, std::ios::binary);
  std::string bytes(kLongestZoneFile, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  auto transitions = parse_tzif(bytes, kLastYear);
  return transitions ? std::make_shared<const Zone>(*std::move(transitions)) : nullptr;
}

// The onsets of one STANDARD or DAYLIGHT (RFC 5545 3.6.5). False when it cannot be used.
bool add_observance(const Component& observance, std::uint64_t& steps,
                    std::vector<Zone::Transition>& out) {
  const Property* start = observance.find("DTSTART");
  const Property* from = observance.find("TZOFFSETFROM");
  const Property* to = observance.find("TZOFFSETTO");
  if (start == nullptr || to == nullptr) return false;
  const auto begin = parse_time_value(start->value);
  const auto offset_to = parse_utc_offset(to->value);
  const auto offset_from = from == nullptr ? offset_to : parse_utc_offset(from->value);
  if (!begin || !offset_from || !offset_to) return false;
  const auto add = [&](LocalSeconds onset) {
    if (out.size() >= kMaxTransitions) return;
    out.push_back(Zone::Transition{onset - *offset_from, *offset_from, *offset_to});
  };
  add(begin->local);
  for (const Property& property : observance.properties) {
    if (equals_ignoring_case(property.name, "RDATE")) {
      for (const std::string& one : split(property.value, ',')) {
        if (const auto value = parse_time_value(one)) {
          add(value->is_utc ? value->local + *offset_from : value->local);
        }
      }
    }
    if (!equals_ignoring_case(property.name, "RRULE")) continue;
    const auto rule = Rule::parse(property.value);
    if (!rule || rule->unsupported || rule->frequency != Rule::Frequency::yearly) continue;
    LocalSeconds until = kLastTransition;
    if (rule->until) {
      until = std::min(until, rule->until->local + (rule->until->is_utc ? *offset_from : 0) +
                                  (rule->until->is_date ? kSecondsPerDay - 1 : 0));
    }
    RuleIterator onsets(*rule, RuleStart{begin->local, false}, kFirstYear, until, steps);
    while (const auto onset = onsets.next()) add(*onset);
    steps -= std::min(steps, onsets.steps());
  }
  return true;
}

ZonePtr build_zone(const Document& document, const Component& vtimezone) {
  std::vector<Zone::Transition> transitions;
  std::uint64_t steps = kStepsPerZone;
  for (const std::size_t child : vtimezone.children) {
    const Component& observance = document.components()[child];
    if (equals_ignoring_case(observance.name, "STANDARD") ||
        equals_ignoring_case(observance.name, "DAYLIGHT")) {
      add_observance(observance, steps, transitions);
    }
  }
  if (transitions.empty()) return nullptr;
  std::stable_sort(transitions.begin(), transitions.end(),
                   [](const auto& left, const auto& right) { return left.utc < right.utc; });
  return std::make_shared<const Zone>(std::move(transitions));
}

std::optional<std::string> windows_zone(const std::string& tzid) {
  const icu::UnicodeString name = icu::UnicodeString::fromUTF8(tzid);
  char16_t buffer[128];
  UErrorCode status = U_ZERO_ERROR;
  const int32_t length = ucal_getTimeZoneIDForWindowsID(name.getBuffer(), name.length(), nullptr,
                                                        buffer, std::size(buffer), &status);
  if (U_FAILURE(status) || length <= 0 || length >= static_cast<int32_t>(std::size(buffer))) {
    return std::nullopt;
  }
  std::string out;
  icu::UnicodeString(buffer, length).toUTF8String(out);
  return out;
}

// "/mozilla.org/20050126_1/Europe/Berlin": the longest end that is a zone.
std::optional<std::string> without_prefix(std::string_view tzid) {
  while (!tzid.empty()) {
    const std::size_t slash = tzid.find('/', tzid.front() == '/' ? 1 : 0);
    if (slash == std::string_view::npos) break;
    tzid.remove_prefix(slash + 1);
    std::string name{tzid};
    if (iana_zone(name) != nullptr) return name;
  }
  return std::nullopt;
}

std::optional<std::string> find_zone_name(const std::string& name) {
  if (iana_zone(name) != nullptr) return name;
  if (auto windows = windows_zone(name); windows && iana_zone(*windows) != nullptr) return windows;
  return without_prefix(name);
}

}  // namespace

Zone::Zone(std::vector<Transition> transitions) : transitions_(std::move(transitions)) {}

Zone Zone::fixed(std::int32_t offset) {
  return Zone({Transition{0, offset, offset}});
}

std::int64_t Zone::to_utc(LocalSeconds local) const {
  const auto after = std::upper_bound(transitions_.begin(), transitions_.end(), local,
                                      [](LocalSeconds value, const Transition& t) {
                                        return value < t.utc + std::max(t.offset_from, t.offset_to);
                                      });
  if (after == transitions_.begin()) return local - transitions_.front().offset_from;
  return local - std::prev(after)->offset_to;
}

LocalSeconds Zone::to_local(std::int64_t utc) const {
  const auto after =
      std::upper_bound(transitions_.begin(), transitions_.end(), utc,
                       [](std::int64_t value, const Transition& t) { return value < t.utc; });
  if (after == transitions_.begin()) return utc + transitions_.front().offset_from;
  return utc + std::prev(after)->offset_to;
}

ZonePtr iana_zone(const std::string& name) {
  static Cache<ZonePtr> cache;
  if (!is_zone_name(name)) return nullptr;
  return cache.get(name, [&] { return load_iana(name); });
}

ZonePtr embedded_zone(const Document& document, const Component& vtimezone) {
  static Cache<ZonePtr> cache;
  return cache.get(std::string(vtimezone.raw), [&] { return build_zone(document, vtimezone); });
}

std::optional<std::string> resolve_tzid(std::string_view tzid) {
  static Cache<std::optional<std::string>> cache;
  std::string name{trim(tzid)};
  std::erase(name, '"');
  std::erase(name, '\0');
  if (name.empty() || name.size() > kLongestTzid) return std::nullopt;
  return cache.get(name, [&] { return find_zone_name(name); });
}

ZoneResolver::ZoneResolver(const Document& document) : document_(document) {
  for (const Component* zone : document.all("VTIMEZONE")) {
    if (const Property* tzid = zone->find("TZID")) {
      std::string name{trim(tzid->value)};
      std::erase(name, '"');
      embedded_.emplace(std::move(name), zone);
    }
  }
}

const ZoneResolver::Resolved& ZoneResolver::resolve(const std::string& tzid) {
  if (const auto known = resolved_.find(tzid); known != resolved_.end()) return known->second;
  Resolved resolved{tzid, nullptr};
  const auto iana = resolve_tzid(tzid);
  if (iana) resolved.name = *iana;
  if (const auto found = embedded_.find(std::string(trim(tzid)));
      found != embedded_.end() && embedded_used_ < kEmbeddedZonesPerResource) {
    ++embedded_used_;
    resolved.zone = embedded_zone(document_, *found->second);
  }
  if (resolved.zone == nullptr && iana) resolved.zone = iana_zone(*iana);
  return resolved_.emplace(tzid, std::move(resolved)).first->second;
}

}  // namespace tidemark::icalendar
