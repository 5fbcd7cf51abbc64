#include "support/google/calendar_api.h"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <set>
#include <utility>

#include "base/text.h"
#include "support/google/google_error.h"

namespace tidemark::test::google {
namespace {

constexpr std::size_t kLargestEventsPage = 2500;
constexpr std::size_t kLargestCalendarsPage = 250;

bool has_scope(const AccessGrant& grant, const std::string& route) {
  std::set<std::string> enough = {""};
  if (route == "calendarList.list") {
    enough.merge(std::set<std::string>{".readonly", ".calendarlist", ".calendarlist.readonly"});
  } else {
    enough.insert(".events");
    const bool reads = route == "events.list" || route == "events.get" || route == "events.watch" ||
                       route == "channels.stop";
    if (reads) enough.merge(std::set<std::string>{".readonly", ".events.readonly"});
  }
  return std::any_of(enough.begin(), enough.end(), [&](const std::string& suffix) {
    return grant.scopes.contains(kCalendarScope + suffix);
  });
}

bool is_false(const Parameters& query, const std::string& name) {
  const auto found = query.find(name);
  return found != query.end() && found->second == "false";
}

bool is_true(const Parameters& query, const std::string& name) {
  const auto found = query.find(name);
  return found != query.end() && found->second == "true";
}

// How many to a page, or a refusal.
tl::expected<std::size_t, HttpResponse> page_limit(const Request& request, std::size_t by_default,
                                                   std::size_t largest) {
  const auto text = request.parameter("maxResults");
  if (!text) return by_default;
  const bool number =
      !text->empty() && text->size() < 10 &&
      std::all_of(text->begin(), text->end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  if (!number || std::stoul(*text) == 0) return tl::unexpected(invalid_parameter("maxResults"));
  return std::min<std::size_t>(std::stoul(*text), largest);
}

// A test must not pass because the fake overlooked what it was asked.
std::optional<HttpResponse> unmodelled(const Parameters& query,
                                       std::initializer_list<const char*> modelled) {
  static const std::set<std::string> kHarmless = {
      "alt",          "key",       "prettyPrint",        "quotaUser",
      "maxResults",   "timeZone",  "maxAttendees",       "showHiddenInvitations",
      "singleEvents", "pageToken", "alwaysIncludeEmail", "syncToken"};
  for (const auto& [name, value] : query) {
    const bool known = std::find(modelled.begin(), modelled.end(), name) != modelled.end();
    if (!known && !kHarmless.contains(name)) {
      return invalid_parameter(name, "Not modelled by the fake: " + name);
    }
  }
  return std::nullopt;
}

HttpResponse sync_token_restricted(const std::string& parameter) {
  return error_response({400, "syncTokenWithRequestRestrictions",
                         "Sync token cannot be used with other request restrictions.", "calendar",
                         "parameter", parameter});
}

std::optional<HttpResponse> events_query_refusal(const Parameters& query) {
  if (query.contains("syncToken")) {
    for (const char* name : {"iCalUID", "orderBy", "privateExtendedProperty", "q",
                             "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin"}) {
      if (query.contains(name)) return sync_token_restricted(name);
    }
    if (is_false(query, "showDeleted")) return sync_token_restricted("showDeleted");
  }
  if (query.contains("singleEvents") && !is_false(query, "singleEvents")) {
    return invalid_parameter("singleEvents", "The fake has no expanded instances");
  }
  return unmodelled(query, {"showDeleted", "updatedMin", "iCalUID"});
}

// The tokens belong where Google puts them: one of the two, or neither.
void add_tokens(Json& out, const ListPage& page) {
  if (!page.next_page_token.empty()) out["nextPageToken"] = page.next_page_token;
  if (!page.next_sync_token.empty()) out["nextSyncToken"] = page.next_sync_token;
}

}  // namespace

void State::touched(Calendar& calendar, WallTime now) {
  calendar.changed = now;
  channels.changed(calendar.id, "exists", now);
}

std::string events_scope(const std::string& user, const std::string& calendar) {
  return "events\n" + user + "\n" + calendar;
}

std::string calendar_list_scope(const std::string& user) {
  return "calendarList\n" + user;
}

HttpResponse CalendarApi::handle(const Request& request, const std::string& route) {
  const auto token = request.bearer();
  if (!token) return login_required();
  const auto grant = state_.oauth.access(*token, now_);
  if (!grant) return invalid_credentials();
  if (route == "unknown") return not_found();
  if (!has_scope(*grant, route)) {
    return error_response(
        {403, "insufficientPermissions", "Request had insufficient authentication scopes."});
  }
  user_ = grant->user;
  if (route == "calendarList.list") return list_calendars(request);
  if (route == "channels.stop" || route == "events.watch") return channel_route(request, route);

  const auto access = state_.directory.access(user_, request.path[3]);
  if (!access) return access.error();
  Calendar& calendar = *access->calendar;
  if (route == "events.list") return list_events(request, *access);
  if (route == "events.get") return get(request, calendar);
  if (access->role != "owner" && access->role != "writer") {
    return forbidden("requiredAccessLevel", "You need to have writer access to this calendar.");
  }
  if (route == "events.insert") return insert(request, calendar);
  return route == "events.delete" ? remove(request, calendar) : change(request, calendar);
}

HttpResponse CalendarApi::channel_route(const Request& request, const std::string& route) {
  const auto body = request.json();
  if (!body) return bad_request("parseError", "Parse Error");
  if (route == "channels.stop") return state_.channels.stop(user_, *body, now_);
  const auto access = state_.directory.access(user_, request.path[3]);
  if (!access) return access.error();
  return state_.channels.watch(user_, access->calendar->id, *body, now_);
}

HttpResponse CalendarApi::list_calendars(const Request& request) {
  const Parameters& query = request.query;
  const bool incremental = query.contains("syncToken");
  for (const char* name : {"showDeleted", "showHidden"}) {
    if (incremental && is_false(query, name)) return sync_token_restricted(name);
  }
  if (incremental && query.contains("minAccessRole")) return sync_token_restricted("minAccessRole");
  if (auto refused = unmodelled(query, {"showDeleted", "showHidden"})) return *refused;
  const auto limit = page_limit(request, 100, kLargestCalendarsPage);
  if (!limit) return limit.error();

  const User& user = *state_.directory.user(user_);
  ListSource source;
  source.version = user.version;
  source.ids = [&](std::optional<std::uint64_t> base) {
    std::vector<std::string> ids;
    for (const auto& [id, entry] : user.entries) {
      if (!base || entry.version > *base) ids.push_back(id);
    }
    return ids;
  };
  source.item = [&](const std::string& id, bool with_token) -> std::optional<Json> {
    const ListEntry& entry = user.entries.at(id);
    const bool shown = with_token || ((!entry.deleted || is_true(query, "showDeleted")) &&
                                      (!entry.spec.hidden || is_true(query, "showHidden")));
    if (!shown) return std::nullopt;
    return state_.directory.entry(user_, id);
  };
  const auto page =
      state_.lister.list({calendar_list_scope(user_), query, *limit, user.smallest_version, 1},
                         source, state_.directory.list_options, now_);
  if (!page) return page.error();
  Json out = {{"kind", "calendar#calendarList"},
              {"etag", "\"p3" + std::to_string(user.version) + "\""},
              {"items", page->items}};
  add_tokens(out, *page);
  return json_response(200, out);
}

HttpResponse CalendarApi::list_events(const Request& request, const CalendarAccess& access) {
  const Parameters& query = request.query;
  Calendar& calendar = *access.calendar;
  const ListingOptions& options = calendar.listing;
  if (auto refused = events_query_refusal(query)) return *refused;
  const auto limit = page_limit(request, 250, kLargestEventsPage);
  if (!limit) return limit.error();
  std::optional<WallTime> updated_min;
  if (const auto text = request.parameter("updatedMin")) {
    const auto time = parse_rfc3339(*text);
    if (!time) return invalid_parameter("updatedMin");
    updated_min = *time;
    const auto lifetime = options.tombstone_lifetime;
    if (lifetime && *time < now_ - *lifetime) return gone("updatedMinTooLongAgo");
  }
  if (options.tombstone_lifetime) calendar.events.purge(now_, *options.tombstone_lifetime);

  const EventStore& events = calendar.events;
  const auto uid = request.parameter("iCalUID");
  ListSource source;
  source.version = events.version();
  source.ids = [&](std::optional<std::uint64_t> base) {
    auto ids = events.changed_after(base.value_or(0));
    sort_ids(ids, options.order,
             [&](const std::string& id) { return is_exception(events.find(id)->event); });
    return ids;
  };
  source.item = [&](const std::string& id, bool incremental) -> std::optional<Json> {
    const EventRow* row = events.find(id);
    if (row == nullptr) return std::nullopt;
    if (updated_min && row->updated < *updated_min) return std::nullopt;
    if (uid && row->event.value("iCalUID", "") != *uid) return std::nullopt;
    const bool tombstones = incremental || updated_min || is_true(query, "showDeleted");
    if (row->state != RowState::live && !tombstones) return std::nullopt;
    if (row->state == RowState::deleted_with_series && !options.cascade_listed) return std::nullopt;
    return listed(*row, options.bare_tombstones);
  };
  const auto page = state_.lister.list({events_scope(user_, calendar.id), query, *limit,
                                        calendar.smallest_version, calendar.generation},
                                       source, options, now_);
  if (!page) return page.error();
  Json out = {{"kind", "calendar#events"},
              {"etag", "\"p3" + std::to_string(events.version()) + "\""},
              {"summary", calendar.summary},
              {"updated", format_rfc3339(calendar.changed)},
              {"timeZone", calendar.time_zone},
              {"accessRole", access.role},
              {"defaultReminders", Json::array()},
              {"items", page->items}};
  add_tokens(out, *page);
  return json_response(200, out);
}

}  // namespace tidemark::test::google
