#include "providers/google/calendar_list.h"

#include <map>
#include <utility>

#include "base/json.h"
#include "providers/google/json_members.h"
#include "providers/google/page_reader.h"

namespace tidemark::google {
namespace {

constexpr std::size_t kMaxEntryBytes = 256U << 10;
constexpr std::chrono::hours kListedAnew{24};
constexpr int kMaxPages = 1'000;
// Of what is asked for and how it is read: another one makes every stored list stale.
constexpr std::string_view kQuery = "calendarList/1";

using Calendars = std::map<std::string, RemoteCalendar>;  // by id

struct Listing {
  Calendars calendars;
  std::string token;
  std::int64_t listed_ms = 0;  // when everything was listed, since 1970
};

Json to_json(const Listing& listing) {
  Json list = Json::array();
  for (const auto& [id, one] : listing.calendars) {
    list.push_back({one.id, one.name, one.color, one.description, one.read_only});
  }
  return {{"query", kQuery},
          {"token", listing.token},
          {"listed", listing.listed_ms},
          {"calendars", std::move(list)}};
}

// An empty listing for a hint that is none of ours.
Listing from_hint(const std::string& hint) {
  const auto value = parse_json(hint);
  if (!value || !value->is_object() || text(*value, "query") != kQuery) return {};
  Listing listing;
  listing.token = text(*value, "token");
  const auto listed = value->find("listed");
  if (listed == value->end() || !listed->is_number_integer()) return {};
  listing.listed_ms = listed->get<std::int64_t>();
  const auto list = value->find("calendars");
  if (list == value->end() || !list->is_array()) return {};
  for (const Json& one : *list) {
    if (!one.is_array() || one.size() != 5 || !one[0].is_string() || !one[1].is_string() ||
        !one[2].is_string() || !one[3].is_string() || !one[4].is_boolean()) {
      return {};
    }
    listing.calendars[one[0]] = {one[0], one[1], one[2], one[3], one[4]};
  }
  return listing;
}

// A CalendarListEntry: there, or gone. A hidden one is told of by token, and left out of a whole
// list: it is gone in both.
Result<void> apply_entry(std::string_view bytes, Calendars& calendars) {
  const auto entry = parse_json(bytes);
  if (!entry || !entry->is_object() || text(*entry, "id").empty()) {
    return fail(Errc::protocol_error, "a calendar without an id");
  }
  const std::string id = text(*entry, "id");
  if (flag(*entry, "deleted") || flag(*entry, "hidden")) {
    calendars.erase(id);
    return {};
  }
  RemoteCalendar calendar;
  calendar.id = id;
  calendar.name = text(*entry, "summaryOverride");
  if (calendar.name.empty()) calendar.name = text(*entry, "summary");
  if (calendar.name.empty()) calendar.name = id;
  calendar.color = text(*entry, "backgroundColor");
  calendar.description = text(*entry, "description");
  const std::string role = text(*entry, "accessRole");
  calendar.read_only = role != "owner" && role != "writer";
  calendars[id] = std::move(calendar);
  return {};
}

// All pages; the new token comes with the last.
Result<void> read_pages(const ApiClient& api, Listing& listing) {
  std::string page_token;
  for (int page = 0; page < kMaxPages; ++page) {
    ApiRequest request{"/users/me/calendarList",
                       {{"maxResults", "250"}, {"prettyPrint", "false"}},
                       "listing calendars",
                       !listing.token.empty() || !page_token.empty()};
    if (!listing.token.empty()) request.query.emplace_back("syncToken", listing.token);
    if (!page_token.empty()) request.query.emplace_back("pageToken", page_token);
    PageReader reader([&](std::string_view entry) { return apply_entry(entry, listing.calendars); },
                      kMaxEntryBytes);
    TM_TRY(api.get(request, [&](std::string_view piece) { return reader.feed(piece); }));
    TM_ASSIGN(const Json rest, reader.finish());
    const std::string next = text(rest, "nextPageToken");
    if (next.empty()) {
      listing.token = text(rest, "nextSyncToken");
      return {};
    }
    if (next == page_token) break;
    page_token = next;
  }
  return fail(Errc::protocol_error,
              "account " + api.settings().id + ": the list of calendars does not come to an end");
}

}  // namespace

Result<Discovery> list_calendars(const ApiClient& api, const std::string& hint, WallTime now) {
  const std::int64_t now_ms = now.time_since_epoch().count();
  Listing listing = from_hint(hint);
  const milliseconds age{now_ms - listing.listed_ms};
  const bool by_token = !listing.token.empty() && age >= milliseconds{0} && age < kListedAnew;
  if (!by_token) listing = {.listed_ms = now_ms};
  auto read = read_pages(api, listing);
  if (!read && by_token && read.error().code == Errc::stale_cursor) {
    listing = {.listed_ms = now_ms};
    read = read_pages(api, listing);
  }
  if (!read) return fail(std::move(read).error());
  Discovery discovery;
  discovery.hint = dump_json(to_json(listing));
  for (auto& [id, calendar] : listing.calendars) {
    discovery.calendars.push_back(std::move(calendar));
  }
  return discovery;
}

}  // namespace tidemark::google
