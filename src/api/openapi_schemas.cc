#include "api/openapi_schemas.h"

#include <string>
#include <utility>

namespace tidemark::openapi {

Json text() {
  return {{"type", "string"}};
}
Json text_or_null() {
  return {{"type", Json::array({"string", "null"})}};
}
Json instant() {
  return {{"type", "string"}, {"format", "date-time"}};
}
Json instant_or_null() {
  return {{"type", Json::array({"string", "null"})}, {"format", "date-time"}};
}
Json integer() {
  return {{"type", "integer"}, {"minimum", 0}};
}
Json integer_or_null() {
  return {{"type", Json::array({"integer", "null"})}, {"minimum", 0}};
}
Json boolean() {
  return {{"type", "boolean"}};
}
Json one_of(Json values) {
  return {{"enum", std::move(values)}};
}
Json reference(std::string_view schema) {
  return {{"$ref", "#/components/schemas/" + std::string(schema)}};
}
Json array_of(Json items) {
  return {{"type", "array"}, {"items", std::move(items)}};
}

Json object(Json properties, Json required) {
  return {
      {"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

Json list_of(std::string_view schema) {
  return object({{"items", array_of(reference(schema))}, {"next_page", text_or_null()}},
                {"items", "next_page"});
}

Json calendar_schemas() {
  const Json time = {{"type", Json::array({"object", "null"})},
                     {"description", "{date} or {date_time, zone, utc}; a null zone is floating"}};
  return {
      {"Calendar", object({{"id", text()},
                           {"tenant", text()},
                           {"account", text()},
                           {"provider", text()},
                           {"name", text()},
                           {"state", text()},
                           {"read_only", boolean()},
                           {"write", boolean()},
                           {"writes_waiting", integer()},
                           {"resources", integer()},
                           {"events", integer()},
                           {"quarantined", integer()},
                           {"last_sync", instant_or_null()},
                           {"next_sync", instant_or_null()},
                           {"watched_until", instant_or_null()},
                           {"watch_error", text_or_null()},
                           {"error_code", text_or_null()},
                           {"error", text_or_null()}},
                          {"id", "tenant", "account", "provider", "name", "state"})},
      {"CalendarEvent", object({{"external_event_id", text()},
                                {"ical_uid", text_or_null()},
                                {"recurrence_id", text_or_null()},
                                {"recurring_event_id", text_or_null()},
                                {"etag", text_or_null()},
                                {"updated_at", instant_or_null()},
                                {"status", {{"enum", {"confirmed", "tentative", "cancelled"}}}},
                                {"title", text_or_null()},
                                {"description", text_or_null()},
                                {"location", text_or_null()},
                                {"start", time},
                                {"end", time},
                                {"attendees", array_of(Json{{"type", "object"}})},
                                {"organizer", {{"type", Json::array({"object", "null"})}}},
                                {"recurrence", array_of(text())},
                                {"source_hash", text()}},
                               {"external_event_id", "status", "start"})},
      {"Quarantined",
       object({{"href", text()}, {"reason", text()}, {"etag", text_or_null()}, {"size", integer()}},
              {"href", "reason", "size"})},
      {"SyncRequest", object({{"mode", {{"enum", {"incremental", "full", "reconcile"}}}}})},
      {"SyncTargetRequest",
       object({{"target", text()}, {"mode", {{"enum", {"incremental", "full", "reconcile"}}}}})},
      {"Receipt",
       object({{"sequence", integer()}, {"duplicate", boolean()}, {"correlation_id", text()}},
              {"sequence", "duplicate", "correlation_id"})},
      {"SyncProgress", object({{"correlation_id", text()},
                               {"done", boolean()},
                               {"outstanding", integer()},
                               {"last_sequence", integer()},
                               {"calendars", array_of(Json{{"type", "object"}})}},
                              {"correlation_id", "done", "calendars"})},
  };
}

Json history_schemas() {
  return {
      {"Event", object({{"id", text()},
                        {"type", text()},
                        {"version", integer()},
                        {"occurred_at", instant()},
                        {"company_id", text()},
                        {"source", text()},
                        {"correlation_id", text()},
                        {"causation_id", text_or_null()},
                        {"payload", {{"type", "object"}}}},
                       {"id", "type", "version", "occurred_at", "company_id", "source",
                        "correlation_id", "causation_id", "payload"})},
      {"EventPage", object({{"items", array_of(reference("Event"))},
                            {"next_page", text_or_null()},
                            {"cursor", text()}},
                           {"items", "next_page", "cursor"})},
      {"AuditRecord", {{"type", "object"}, {"description", "one step, as the journal holds it"}}},
      {"Key", object({{"id", text()},
                      {"tenant", text()},
                      {"name", text()},
                      {"created_at", instant()},
                      {"expires_at", instant_or_null()}},
                     {"id", "tenant", "created_at", "expires_at"})},
      {"NewKey", {{"allOf", {reference("Key"), object({{"key", text()}}, {"key"})}}}},
      {"KeyRequest",
       object({{"tenant", text()}, {"name", text()}, {"expires_in", text()}}, {"tenant"})},
      {"Part", object({{"status", text()}, {"reason", text()}}, {"status"})},
      {"Health",
       object({{"status", {{"enum", {"ok", "degraded", "failing"}}}},
               {"parts", {{"type", "object"}, {"additionalProperties", reference("Part")}}}},
              {"status"})},
      {"Status", object({{"version", text()},
                         {"accounts", array_of(reference("Account"))},
                         {"calendars", array_of(reference("Calendar"))},
                         {"endpoints", reference("EndpointSummary")}},
                        {"version", "accounts", "calendars", "endpoints"})},
      {"Problem", object({{"type", text()},
                          {"title", text()},
                          {"status", integer()},
                          {"code", text()},
                          {"detail", text()}},
                         {"type", "title", "status", "code", "detail"})},
  };
}

}  // namespace tidemark::openapi
