#include "api/handlers.h"
#include "api/route.h"
#include "sync/mirror.h"

namespace tidemark {
namespace {

constexpr auto kText = ParameterType::text;
constexpr auto kInteger = ParameterType::integer;
constexpr auto kTime = ParameterType::time;
constexpr auto kBoolean = ParameterType::boolean;

const Parameter kPage{"page", kText, "next_page of the answer before"};
Parameter limit_to(std::int64_t most) {
  return {"limit", kInteger, "how many items at most; 100 when absent", most};
}

std::vector<Route> make_health_routes() {
  return {
      {"GET", "/livez", Access::open, "getLivez", "The process is up", 200, "Part", {}, {}, get_livez},
      {"GET", "/readyz", Access::open, "getReadyz", "Ready to take work; 503 when not", 200, "Part",
       {}, {}, get_readyz},
      {"GET", "/healthz", Access::open, "getHealthz",
       "How each part does; reasons only for the operator; 503 when failing", 200, "Health", {}, {},
       get_healthz},
      {"GET", "/metrics", Access::metrics, "getMetrics", "Prometheus metrics", 200, "text/plain", {},
       {}, get_metrics},
      {"GET", "/v1/status", Access::tenant, "getStatus",
       "Accounts, calendars and, for the operator, engine and store", 200, "Status", {}, {},
       get_status},
      {"GET", "/v1/openapi.json", Access::open, "getOpenapi", "This description", 200,
       "application/json", {}, {}, get_openapi},
  };
}

std::vector<Route> make_calendar_routes() {
  return {
      {"GET", "/v1/accounts", Access::tenant, "listAccounts", "The accounts and how they do", 200,
       "AccountList", {}, {}, get_accounts},
      {"GET", "/v1/calendars", Access::tenant, "listCalendars", "The mirrored calendars", 200,
       "CalendarList",
       {{"name", kText, "only this one: an id, \"account/name\" or a name; 404 or 409 when it is not "
                        "exactly one"}},
       {}, get_calendars},
      // Before the shorter pattern, which fits the same paths.
      {"GET", "/v1/calendars/{id}.ics", Access::tenant, "getCalendarFile",
       "The mirror as one iCalendar file, with ETag", 200, "text/calendar", {}, {},
       get_calendar_file},
      {"GET", "/v1/calendars/{id}", Access::tenant, "getCalendar", "One mirrored calendar", 200,
       "Calendar", {}, {}, get_calendar},
      {"GET", "/v1/calendars/{id}/events", Access::tenant, "listCalendarEvents",
       "Events, ascending by start", 200, "CalendarEventList",
       {{"from", kTime, "only what ends after this instant (RFC 3339)"},
        {"to", kTime, "only what starts before this instant (RFC 3339)"},
        {"expand", kBoolean, "instances instead of recurring masters; needs from and to"},
        {"zone", kText, "IANA zone in which floating and all-day times are read; UTC when absent"},
        limit_to(kMaxEventPage), kPage},
       {}, get_calendar_events},
      {"GET", "/v1/calendars/{id}/quarantine", Access::tenant, "listQuarantine",
       "Resources that cannot be read, with the reason", 200, "QuarantineList", {limit_to(1000)}, {},
       get_calendar_quarantine},
      {"POST", "/v1/calendars/{id}/sync", Access::tenant, "syncCalendar",
       "Asks for a sync of one calendar", 202, "Receipt", {}, "SyncRequest", post_calendar_sync},
      {"POST", "/v1/sync", Access::tenant, "sync", "Asks for a sync of accounts or calendars", 202,
       "Receipt", {}, "SyncTargetRequest", post_sync},
      {"GET", "/v1/sync/{correlation}", Access::tenant, "getSync",
       "What a sync has done so far, and whether it is done", 200, "SyncProgress",
       {{"wait", kInteger, "seconds to wait for its end before answering", 30}},
       {}, get_sync},
  };
}

std::vector<Route> make_history_routes() {
  return {
      {"GET", "/v1/feed", Access::tenant, "getFeed",
       "Events after a position; with Accept: text/event-stream a stream that goes on "
       "(Last-Event-ID resumes)",
       200, "EventPage",
       {{"after", kText, "an event id, a sequence, \"latest\", or a cursor of an earlier answer"},
        {"type", kText, "only types that fit this glob, such as calendar.event.*"},
        limit_to(1000), kPage},
       {}, get_feed},
      {"GET", "/v1/audit", Access::tenant, "listAudit", "Journal records, ascending", 200,
       "AuditList",
       {{"correlation", kText, "only what this correlation id set off"},
        {"instance", kText, "only records of this machine instance"},
        {"since", kTime, "only records at or after this instant"},
        {"after", kInteger, "only records after this sequence", INT64_MAX},
        limit_to(1000), kPage},
       {}, get_audit},
      {"GET", "/v1/audit/{sequence}", Access::tenant, "getAuditRecord", "One journal record", 200,
       "AuditRecord", {}, {}, get_audit_record},
      {"GET", "/v1/keys", Access::operator_only, "listKeys", "API keys (never the keys themselves)",
       200, "KeyList", {}, {}, get_keys},
      {"POST", "/v1/keys", Access::operator_only, "createKey",
       "Makes an API key; the answer is the only place that shows it", 201, "NewKey", {},
       "KeyRequest", post_key},
      {"DELETE", "/v1/keys/{id}", Access::operator_only, "revokeKey", "Revokes an API key", 204, {},
       {}, {}, delete_key},
  };
}

}  // namespace

const std::vector<Route>& route_table() {
  static const std::vector<Route> table = [] {
    auto routes = make_health_routes();
    for (auto* make : {make_calendar_routes, make_history_routes}) {
      for (auto& route : make()) routes.push_back(std::move(route));
    }
    return routes;
  }();
  return table;
}

}  // namespace tidemark
