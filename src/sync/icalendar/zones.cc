#include "sync/icalendar/zones.h"

#include <algorithm>

#include "base/text.h"
#include "sync/icalendar/content_lines.h"
#include "sync/icalendar/rule.h"
#include "zones/memo.h"

namespace tidemark::icalendar {
namespace {

constexpr std::uint64_t kStepsPerZone = 200'000;  // a usual one with two rules takes 25,000
constexpr std::size_t kEmbeddedZonesPerResource = 64;
constexpr std::size_t kMaxTransitions = 4'096;
constexpr int kLastYear = 2199;
const LocalSeconds kFirstYear = at_midnight(std::chrono::year{1900} / 1 / 1);
const LocalSeconds kLastTransition = at_midnight(std::chrono::year{kLastYear + 1} / 1 / 1) - 1;

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

}  // namespace

ZonePtr embedded_zone(const Document& document, const Component& vtimezone) {
  static Memo<ZonePtr> cache;
  return cache.get(std::string(vtimezone.raw), [&] { return build_zone(document, vtimezone); });
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
