// The OpenAPI 3.1 document, built from the table of routes.
#include "api/handlers.h"
#include "api/openapi_schemas.h"
#include "api/problem.h"
#include "base/text.h"

namespace tidemark {
namespace {

using namespace openapi;

Json schemas() {
  Json all = calendar_schemas();
  all.update(account_schemas());
  all.update(write_schemas());
  all.update(history_schemas());
  all.update(delivery_schemas());
  all.update(secret_schemas());
  all.update(audit_schemas());
  all.update(store_schemas());
  all.update(backup_schemas());
  for (const auto* item : {"Account", "Calendar", "CalendarEvent", "Key", "Endpoint", "Delivery"}) {
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
  for (const auto& header : route.headers) {
    list.push_back({{"name", header.name},
                    {"in", "header"},
                    {"required", false},
                    {"description", header.description},
                    {"schema", text()}});
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
    const char* type =
        route.method == "PATCH" ? "application/merge-patch+json" : "application/json";
    operation["requestBody"] = {{"content", {{type, {{"schema", reference(route.body)}}}}}};
  }
  return operation;
}

}  // namespace

Result<ServerResponse> get_openapi(const ApiParts& parts, const Call&) {
  Json paths = Json::object();
  for (const auto& route : route_table()) {
    paths[std::string(route.pattern)][to_lower_ascii(route.method)] = operation_of(route);
  }
  Json document = {{"openapi", "3.1.0"},
                   {"info",
                    {{"title", "Tidemark"},
                     {"version", parts.version},
                     {"description",
                      "Mirrored calendars, their events as a feed and delivered to endpoints, and "
                      "the journal of it all."},
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
