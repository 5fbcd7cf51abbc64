#include "api/handlers.h"
#include "api/journal_lookup.h"
#include "base/text.h"
#include "domain/calendar_event_text.h"
#include "engine/as_of.h"
#include "sync/mirror.h"

namespace tidemark {
namespace {

// The mirror as it is, or as it was: `as_of` is a record's sequence or a time.
class Mirror {
 public:
  static Result<Mirror> of(const ApiParts& parts, const Call& call) {
    const auto text = call.text("as_of");
    if (text.empty()) return Mirror(parts.store, nullptr);
    TM_ASSIGN(const Sequence sequence, moment(parts.store, text));
    TM_ASSIGN(auto then, view_as_of(parts.store, sequence));
    return Mirror(parts.store, std::move(then));
  }
  const StoreView& view() const { return then_ ? *then_ : now_; }
  // Of the path's {id}.
  Result<CalendarStatus> calendar(const Call& call) const {
    return find_calendar(view(), call.tenant(), call.capture("id"));
  }

 private:
  Mirror(const StoreView& now, std::unique_ptr<StoreView> then)
      : now_(now), then_(std::move(then)) {}

  static Result<Sequence> moment(const Store& store, const std::string& text) {
    if (const auto sequence = parse_sequence(text)) return *sequence;
    const auto time = parse_rfc3339(text);
    if (time) return sequence_as_of(store, *time);
    return fail(Errc::invalid_argument,
                "as_of: a time such as 2026-01-31T12:00:00Z, or a record's sequence");
  }

  const StoreView& now_;
  std::unique_ptr<StoreView> then_;
};

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

Result<ServerResponse> get_calendars(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto mirror, Mirror::of(parts, call));
  if (const auto wanted = call.text("name"); !wanted.empty()) {
    TM_ASSIGN(const auto calendar, find_calendar(mirror.view(), call.tenant(), wanted));
    return list_response(Json::array({to_json(calendar)}));
  }
  TM_ASSIGN(const auto calendars, list_calendars(mirror.view(), call.tenant()));
  return list_response(to_array(calendars));
}

Result<ServerResponse> get_calendar(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto mirror, Mirror::of(parts, call));
  TM_ASSIGN(const auto calendar, mirror.calendar(call));
  return json_response(to_json(calendar));
}

Result<ServerResponse> get_calendar_events(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto mirror, Mirror::of(parts, call));
  TM_ASSIGN(const auto calendar, mirror.calendar(call));
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
  TM_ASSIGN(const auto page, query_events(mirror.view(), calendar, query));
  return event_list(page);
}

Result<ServerResponse> get_calendar_file(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto mirror, Mirror::of(parts, call));
  TM_ASSIGN(const auto calendar, mirror.calendar(call));
  TM_ASSIGN(auto etag, export_etag(mirror.view(), calendar));
  if (!etag.starts_with('"')) etag = "\"" + etag + "\"";
  ServerResponse response;
  response.content_type = "text/calendar; charset=utf-8";
  response.headers.emplace_back("ETag", etag);
  response.headers.emplace_back("Cache-Control", "private, no-cache");
  if (none_match_fails(call.request(), etag)) {
    response.status = 304;
    return response;
  }
  TM_ASSIGN(response.body, export_calendar(mirror.view(), calendar));
  return response;
}

Result<ServerResponse> get_calendar_quarantine(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto mirror, Mirror::of(parts, call));
  TM_ASSIGN(const auto calendar, mirror.calendar(call));
  const auto limit = static_cast<std::size_t>(call.integer("limit", 100));
  TM_ASSIGN(const auto resources, list_quarantined(mirror.view(), calendar, limit));
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
