// The OpenAPI 3.1 document, built from the table of routes.
#include "api/handlers.h"
#include "api/problem.h"

namespace tidemark {
namespace {

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
Json boolean() {
  return {{"type", "boolean"}};
}
Json reference(std::string_view schema) {
  return {{"$ref", "#/components/schemas/" + std::string(schema)}};
}
Json array_of(Json items) {
  return {{"type", "array"}, {"items", std::move(items)}};
}

// Readers ignore extra fields, so no schema forbids them.
Json object(Json properties, Json required = Json::array()) {
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
      {"Account", object({{"id", text()},
                          {"tenant", text()},
                          {"provider", text()},
                          {"state", text()},
                          {"calendars", integer()},
                          {"error_code", text_or_null()},
                          {"error", text_or_null()}},
                         {"id", "tenant", "provider", "state"})},
      {"Calendar", object({{"id", text()},
                           {"tenant", text()},
                           {"account", text()},
                           {"provider", text()},
                           {"name", text()},
                           {"state", text()},
                           {"resources", integer()},
                           {"events", integer()},
                           {"quarantined", integer()},
                           {"last_sync", instant_or_null()},
                           {"next_sync", instant_or_null()},
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
                         {"calendars", array_of(reference("Calendar"))}},
                        {"version", "accounts", "calendars"})},
      {"Problem", object({{"type", text()},
                          {"title", text()},
                          {"status", integer()},
                          {"code", text()},
                          {"detail", text()}},
                         {"type", "title", "status", "code", "detail"})},
  };
}

Json schemas() {
  Json all = calendar_schemas();
  all.update(history_schemas());
  for (const auto* item : {"Account", "Calendar", "CalendarEvent", "Key"}) {
    all[std::string(item) + "List"] = list_of(item);
  }
  all["QuarantineList"] = list_of("Quarantined");
  all["AuditList"] = list_of("AuditRecord");
  return all;
}

Json parameter_schema(const Parameter& parameter) {
  switch (parameter.type) {
    case ParameterType::integer: {
      Json schema = integer();
      if (parameter.most > 0 && parameter.most < INT64_MAX) schema["maximum"] = parameter.most;
      return schema;
    }
    case ParameterType::time: return instant();
    case ParameterType::boolean: return boolean();
    case ParameterType::text: break;
  }
  Json schema = text();
  if (!parameter.allowed.empty()) schema["enum"] = parameter.allowed;
  return schema;
}

Json parameters_of(const Route& route) {
  Json list = Json::array();
  std::string_view pattern = route.pattern;
  for (auto open = pattern.find('{'); open != std::string_view::npos; open = pattern.find('{')) {
    const auto close = pattern.find('}', open);
    list.push_back({{"name", pattern.substr(open + 1, close - open - 1)},
                    {"in", "path"},
                    {"required", true},
                    {"schema", text()}});
    pattern.remove_prefix(close + 1);
  }
  for (const auto& parameter : route.parameters) {
    list.push_back({{"name", parameter.name},
                    {"in", "query"},
                    {"required", false},
                    {"description", parameter.description},
                    {"schema", parameter_schema(parameter)}});
  }
  return list;
}

Json content_of(const Route& route) {
  if (route.schema.find('/') != std::string_view::npos) {
    return {{std::string(route.schema), {{"schema", {{"type", "string"}}}}}};
  }
  Json content = {{"application/json", {{"schema", reference(route.schema)}}}};
  if (route.operation == "getFeed") {
    content["text/event-stream"] = {{"schema", {{"type", "string"}}}};
  }
  return content;
}

Json operation_of(const Route& route) {
  Json answer = {{"description", route.summary}};
  if (!route.schema.empty()) answer["content"] = content_of(route);
  Json responses = {
      {std::to_string(route.status), answer},
      {"default",
       {{"description", "An error (RFC 9457)"},
        {"content", {{std::string(kProblemType), {{"schema", reference("Problem")}}}}}}}};
  if (route.schema == "text/calendar") responses["304"] = {{"description", "Not modified"}};
  Json operation = {{"operationId", route.operation},
                    {"summary", route.summary},
                    {"parameters", parameters_of(route)},
                    {"responses", std::move(responses)}};
  if (route.access == Access::open || route.access == Access::metrics) {
    operation["security"] = Json::array();
  }
  if (route.access == Access::operator_only) operation["x-operator-only"] = true;
  if (!route.body.empty()) {
    operation["requestBody"] = {
        {"content", {{"application/json", {{"schema", reference(route.body)}}}}}};
  }
  return operation;
}

std::string lower(std::string_view method) {
  if (method == "GET") return "get";
  if (method == "POST") return "post";
  return "delete";
}

}  // namespace

Result<ServerResponse> get_openapi(const ApiParts& parts, const Call&) {
  Json paths = Json::object();
  for (const auto& route : route_table()) {
    paths[std::string(route.pattern)][lower(route.method)] = operation_of(route);
  }
  Json document = {
      {"openapi", "3.1.0"},
      {"info",
       {{"title", "Tidemark"},
        {"version", parts.version},
        {"description", "Mirrored calendars, their events as a feed, and the journal of it all."},
        {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
      {"security", Json::array({{{"key", Json::array()}}})},
      {"paths", std::move(paths)},
      {"components",
       {{"schemas", schemas()},
        {"securitySchemes",
         {{"key",
           {{"type", "http"},
            {"scheme", "bearer"},
            {"description", "An API key of one tenant: tm_<id>_<secret>"}}}}}}}};
  return json_response(document);
}

}  // namespace tidemark
