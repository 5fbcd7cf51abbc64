#include "providers/caldav/discovery.h"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "providers/caldav/href.h"
#include "providers/caldav/requests.h"

namespace tidemark::caldav {
namespace {

constexpr std::size_t kMaxHomeSets = 16;
constexpr std::size_t kMaxCalendars = 10'000;
constexpr std::size_t kMaxNameBytes = 1000;
constexpr std::uint64_t kMaxDiscoveryBytes = 16ULL << 20;  // kMaxCalendars and more

// What one URL says about itself.
struct Place {
  Url url;  // after redirects
  DavProperties properties;
};

bool holds_events(const DavProperties& properties) {
  if (!properties.is_calendar || properties.is_scheduling) return false;
  const auto& components = properties.components;
  return !components || components->empty() ||
         std::find(components->begin(), components->end(), "VEVENT") != components->end();
}

bool is_read_only(const DavProperties& properties) {
  if (!properties.privileges) return false;
  const auto& privileges = *properties.privileges;
  return std::none_of(privileges.begin(), privileges.end(), [](const std::string& privilege) {
    return privilege == "all" || privilege == "write" || privilege == "write-content" ||
           privilege == "bind";
  });
}

std::string last_segment(const Url& url) {
  std::string path = decode_path(url.path);
  while (path.ends_with('/')) path.pop_back();
  return path.substr(path.rfind('/') + 1);
}

RemoteCalendar calendar_of(const Url& url, const DavProperties& properties) {
  RemoteCalendar calendar;
  calendar.id = normalised_collection(url).to_string();
  calendar.name = properties.display_name.value_or("").substr(0, kMaxNameBytes);
  if (calendar.name.empty()) calendar.name = last_segment(url);
  calendar.name = to_valid_utf8(calendar.name);
  calendar.color = properties.color.value_or("");
  calendar.description = properties.description.value_or("");
  calendar.read_only = is_read_only(properties);
  return calendar;
}

// Errors that another way of discovery cannot mend.
bool is_final(const Error& error) {
  switch (error.code) {
    case Errc::not_found:
    case Errc::protocol_error:
    case Errc::parse_error:
    case Errc::forbidden: return false;
    default: return true;
  }
}

// What DNS can be asked about; over plain http its answer would be worth nothing.
bool is_bare_domain(const Url& url) {
  return url.scheme == "https" && url.path == "/";
}

class Discoverer {
 public:
  Discoverer(const DavClient& dav, const ServiceLookup& lookup) : dav_(dav), lookup_(lookup) {}

  Result<Discovery> from_hint(const Json& homes) {
    for (const Json& home : homes) {
      if (!home.is_string()) return fail(Errc::parse_error, "a broken hint");
      TM_ASSIGN(const Url url, parse_url(home.get<std::string>()));
      TM_TRY(list_home(url));
    }
    return result();
  }

  Result<Discovery> from_url(const Url& configured) {
    auto found = explore(configured);
    if (found && *found) return result();
    // A domain may have no web server at all and still say where its calendars are.
    const bool ask_dns_at_once =
        !found && is_bare_domain(configured) &&
        (found.error().code == Errc::unavailable || found.error().code == Errc::tls_error);
    if (!ask_dns_at_once) {
      if (!found && is_final(found.error())) return fail(std::move(found).error());
      Url well_known = configured;
      well_known.path = "/.well-known/caldav";
      well_known.query.clear();
      auto second = explore(well_known);
      if (second && *second) return result();
      if (!second && is_final(second.error())) return fail(std::move(second).error());
    }
    TM_ASSIGN(const bool by_dns, explore_service(configured));
    if (by_dns || !calendars_.empty()) return result();
    // A home set without a principal: some servers show calendars to anyone who asks there.
    if (found && list_home(configured) && !calendars_.empty()) return result();
    if (!found) return fail(std::move(found).error());
    return fail(Errc::not_found,
                "account " + dav_.settings().id + ": no calendars found from " +
                    configured.for_messages() +
                    ": it is no calendar and names no principal, and neither does "
                    "/.well-known/caldav; give the URL of a calendar or of the principal");
  }

 private:
  Result<Place> ask(const Url& url) const {
    Place place;
    bool answered = false;
    bool missing = false;
    const auto on_row = [&](DavRow&& row) -> Result<void> {
      if (answered) return {};
      answered = true;
      missing = row.status == 404 || row.status == 410;
      place.properties = std::move(row.properties);
      return {};
    };
    const DavRequest request{"PROPFIND", "0", principal_propfind(), "discovering calendars at",
                             kMaxDiscoveryBytes};
    TM_ASSIGN(const DavAnswer answer, dav_.send(request, url, on_row));
    if (!answer.ok()) return fail(answer.error);
    if (!answered || missing) {
      return fail(Errc::not_found, "account " + dav_.settings().id +
                                       ": the server knows nothing at " + url.for_messages());
    }
    place.url = answer.url;
    return place;
  }

  // True when the URL led to a home set or is a calendar itself.
  Result<bool> explore(const Url& url) {
    TM_ASSIGN(Place place, ask(url));
    const bool is_calendar = holds_events(place.properties);
    if (is_calendar) add(place.url, place.properties);
    if (place.properties.home_sets.empty()) {
      if (place.properties.principals.empty()) return is_calendar;
      TM_ASSIGN(const Url principal, href_url(place.url, place.properties.principals.front()));
      auto answer = ask(principal);
      // A calendar that was named is there, even when the principal does not show itself.
      if (!answer && is_calendar && !is_final(answer.error())) return true;
      TM_ASSIGN(place, std::move(answer));
    }
    bool found = is_calendar;
    for (const std::string& home : place.properties.home_sets) {
      TM_ASSIGN(const Url home_url, href_url(place.url, home));
      TM_TRY(list_home(home_url));
      found = true;
    }
    return found;
  }

  Result<bool> explore_service(const Url& configured) {
    if (!is_bare_domain(configured) || !lookup_) return false;
    TM_ASSIGN(const std::optional<ServiceLocation> service, lookup_(configured.host));
    if (!service) return false;
    Url url = configured;
    url.host = to_lower_ascii(service->host);
    url.port = service->port;
    url.path = service->path.empty() ? "/.well-known/caldav" : service->path;
    return explore(url);
  }

  Result<void> list_home(const Url& home) {
    if (homes_.size() >= kMaxHomeSets) return {};
    if (!homes_.insert(normalised_collection(home).to_string()).second) return {};
    bool missing = false;
    const Url base = normalised_collection(home);
    const auto on_row = [&](DavRow&& row) -> Result<void> {
      if (row.hrefs.empty()) return {};
      TM_ASSIGN(const Url url, href_url(base, row.hrefs.front()));
      if (row.status == 404 || row.status == 410) {
        missing |= same_collection(decode_path(url.path), decode_path(base.path));
      } else if (holds_events(row.properties)) {
        add(url, row.properties);
      }
      return {};
    };
    const DavRequest request{"PROPFIND", "1", calendars_propfind(), "listing calendars at",
                             kMaxDiscoveryBytes};
    TM_ASSIGN(const DavAnswer answer, dav_.send(request, base, on_row));
    if (!answer.ok()) return fail(answer.error);
    if (missing) {
      return fail(Errc::not_found, "account " + dav_.settings().id +
                                       ": the server knows no calendar home at " +
                                       base.for_messages());
    }
    return {};
  }

  void add(const Url& url, const DavProperties& properties) {
    RemoteCalendar calendar = calendar_of(url, properties);
    const bool known = std::any_of(calendars_.begin(), calendars_.end(),
                                   [&](const auto& other) { return other.id == calendar.id; });
    if (!known && calendars_.size() < kMaxCalendars) calendars_.push_back(std::move(calendar));
  }

  Result<Discovery> result() {
    std::sort(calendars_.begin(), calendars_.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    Discovery discovery;
    // A calendar outside every home set is found from the configured URL only.
    const bool all_in_homes =
        std::all_of(calendars_.begin(), calendars_.end(), [&](const RemoteCalendar& calendar) {
          return std::any_of(homes_.begin(), homes_.end(), [&](const std::string& home) {
            return calendar.id.starts_with(home);
          });
        });
    if (all_in_homes && !homes_.empty()) {
      discovery.hint = dump_json(Json{{"v", 1}, {"homes", homes_}});
    }
    discovery.calendars = std::move(calendars_);
    return discovery;
  }

  const DavClient& dav_;
  const ServiceLookup& lookup_;
  std::vector<RemoteCalendar> calendars_;
  std::set<std::string> homes_;
};

}  // namespace

Result<Discovery> discover_calendars(const DavClient& dav, const std::string& hint,
                                     const ServiceLookup& lookup) {
  TM_ASSIGN(const Url configured, parse_url(dav.settings().url));
  if (!hint.empty()) {
    const auto json = parse_json(hint);
    const bool usable = json && json->is_object() && json->value("v", Json()) == 1 &&
                        json->contains("homes") && (*json)["homes"].is_array();
    if (usable) {
      auto found = Discoverer(dav, lookup).from_hint((*json)["homes"]);
      if (found || is_final(found.error())) return found;
    }
  }
  return Discoverer(dav, lookup).from_url(configured);
}

}  // namespace tidemark::caldav
