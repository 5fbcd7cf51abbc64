#include "api/handlers.h"
#include "base/text.h"
#include "domain/calendar_event_text.h"
#include "sync/mirror.h"

namespace tidemark {
namespace {

Result<CalendarStatus> calendar_of(const ApiParts& parts, const Call& call) {
  return find_calendar(parts.store, call.tenant(), call.capture("id"));
}

template <class T>
Json to_array(const std::vector<T>& values) {
  Json items = Json::array();
  for (const auto& value : values) items.push_back(to_json(value));
  return items;
}

ServerResponse event_list(const EventPage& page) {
  ServerResponse response;
  std::string& body = response.body;
  body = "{\"items\":[";
  for (const auto& event : page.events) {
    if (body.back() != '[') body += ',';
    append_json(body, event);
  }
  body += "],\"next_page\":";
  if (page.next_page.empty()) {
    body += "null}";
  } else {
    append_json_string(body, page.next_page);
    body += '}';
  }
  return response;
}

// If-None-Match (RFC 9110 section 13.1.2): a list of tags or "*", compared weakly.
bool none_match_fails(const ServerRequest& request, const std::string& etag) {
  const auto header = find_header(request.headers, "If-None-Match");
  if (!header) return false;
  for (const auto& part : split(*header, ',')) {
    auto tag = trim(part);
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == "*" || tag == etag) return true;
  }
  return false;
}

}  // namespace

Result<ServerResponse> get_accounts(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto accounts, list_accounts(parts.store, call.tenant()));
  return list_response(to_array(accounts));
}

Result<ServerResponse> get_calendars(const ApiParts& parts, const Call& call) {
  if (const auto wanted = call.text("name"); !wanted.empty()) {
    TM_ASSIGN(const auto calendar, find_calendar(parts.store, call.tenant(), wanted));
    return list_response(Json::array({to_json(calendar)}));
  }
  TM_ASSIGN(const auto calendars, list_calendars(parts.store, call.tenant()));
  return list_response(to_array(calendars));
}

Result<ServerResponse> get_calendar(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto calendar, calendar_of(parts, call));
  return json_response(to_json(calendar));
}

Result<ServerResponse> get_calendar_events(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto calendar, calendar_of(parts, call));
  EventQuery query;
  query.from = call.time("from");
  query.to = call.time("to");
  query.expand = call.boolean("expand");
  if (const auto zone = call.text("zone"); !zone.empty()) query.zone = zone;
  query.limit = static_cast<std::size_t>(call.integer("limit", 100));
  query.page = call.text("page");
  if (query.limit == 0) return fail(Errc::invalid_argument, "limit must be at least 1");
  if (query.expand && (!query.from || !query.to)) {
    return fail(Errc::invalid_argument, "expand needs from and to: a recurrence may be endless");
  }
  if (query.from && query.to && *query.from >= *query.to) {
    return fail(Errc::invalid_argument, "from must be before to");
  }
  TM_ASSIGN(const auto page, query_events(parts.store, calendar, query));
  return event_list(page);
}

Result<ServerResponse> get_calendar_file(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto calendar, calendar_of(parts, call));
  TM_ASSIGN(auto etag, export_etag(parts.store, calendar));
  if (!etag.starts_with('"')) etag = "\"" + etag + "\"";
  ServerResponse response;
  response.content_type = "text/calendar; charset=utf-8";
  response.headers.emplace_back("ETag", etag);
  response.headers.emplace_back("Cache-Control", "private, no-cache");
  if (none_match_fails(call.request(), etag)) {
    response.status = 304;
    return response;
  }
  TM_ASSIGN(response.body, export_calendar(parts.store, calendar));
  return response;
}

Result<ServerResponse> get_calendar_quarantine(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto calendar, calendar_of(parts, call));
  const auto limit = static_cast<std::size_t>(call.integer("limit", 100));
  TM_ASSIGN(const auto resources, list_quarantined(parts.store, calendar, limit));
  Json items = Json::array();
  for (const auto& resource : resources) {
    items.push_back({{"href", resource.href},
                     {"reason", resource.reason},
                     {"etag", resource.etag.empty() ? Json(nullptr) : Json(resource.etag)},
                     {"size", resource.bytes.size()}});
  }
  return list_response(std::move(items));
}

}  // namespace tidemark
