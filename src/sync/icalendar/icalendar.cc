#include "sync/icalendar/icalendar.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "base/text.h"
#include "sync/icalendar/canonical.h"
#include "sync/icalendar/prescan.h"
#include "sync/icalendar/zones.h"

namespace tidemark::icalendar {
namespace {

struct Revision {
  std::int64_t sequence = 0;
  CalendarEvent event;
};

std::int64_t sequence_of(const Component& vevent) {
  const Property* property = vevent.find("SEQUENCE");
  if (property == nullptr) return 0;
  const std::string_view text = trim(property->value);
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// What a resource holds besides events, for the reason of a quarantine.
std::string other_components(const Document& document) {
  std::string names;
  for (const Component& component : document.components()) {
    if (!component.children.empty() || names.size() > 64) continue;
    if (names.find(component.name) == std::string::npos) {
      (names += names.empty() ? " (it has " : ", ") += component.name.substr(0, 32);
    }
  }
  return names.empty() ? names : names + ")";
}

bool holds_other_items(const Document& document) {
  constexpr std::string_view kNames[] = {"VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY"};
  return std::any_of(std::begin(kNames), std::end(kNames),
                     [&](std::string_view name) { return !document.all(name).empty(); });
}

// The revisions that count, one for each identity.
class Revisions {
 public:
  // Two VEVENTs of one identity: the later revision counts (RFC 5546 2.1.5).
  Result<void> add(Revision&& next) {
    const auto [place, is_new] = by_recurrence_id_.try_emplace(next.event.recurrence_id, next);
    if (is_new) return {};
    Revision& same = place->second;
    const auto rank = [](const Revision& one) {
      return std::pair(one.sequence, one.event.updated_at);
    };
    if (rank(same) == rank(next) && same.event.source_hash != next.event.source_hash) {
      return fail(Errc::parse_error, "two different events with UID " +
                                         next.event.ical_uid.substr(0, 128) +
                                         (next.event.recurrence_id.empty()
                                              ? std::string(" and no RECURRENCE-ID")
                                              : " and RECURRENCE-ID " + next.event.recurrence_id));
    }
    if (rank(same) < rank(next)) same = std::move(next);
    return {};
  }

  // The master first: its recurrence id is empty.
  std::vector<CalendarEvent> take() && {
    std::vector<CalendarEvent> events;
    events.reserve(by_recurrence_id_.size());
    for (auto& [id, revision] : by_recurrence_id_) events.push_back(std::move(revision.event));
    return events;
  }

 private:
  std::map<std::string, Revision> by_recurrence_id_;
};

}  // namespace

Result<std::vector<CalendarEvent>> parse_resource(std::string_view bytes, const Address& address,
                                                  const Limits& limits) {
  TM_ASSIGN(const Document document, Document::parse(bytes, limits));
  const auto vevents = document.all("VEVENT");
  if (vevents.empty()) {
    if (holds_other_items(document)) return std::vector<CalendarEvent>();
    return fail(Errc::parse_error, "no VEVENT in it" + other_components(document));
  }
  ZoneResolver zones(document);
  Revisions revisions;
  std::optional<std::string> uid;
  for (const Component* vevent : vevents) {
    TM_ASSIGN(CalendarEvent event, to_canonical(*vevent, address, zones, limits));
    if (uid.value_or(event.ical_uid) != event.ical_uid) {
      return fail(Errc::parse_error, "events of more than one UID in one resource");
    }
    uid = event.ical_uid;
    TM_TRY(revisions.add(Revision{sequence_of(*vevent), std::move(event)}));
  }
  return std::move(revisions).take();
}

}  // namespace tidemark::icalendar
