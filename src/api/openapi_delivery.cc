// The schemas of endpoints and deliveries.
#include "api/openapi_schemas.h"

namespace tidemark::openapi {
namespace {

Json text_described(std::string_view description) {
  return {{"type", "string"}, {"description", description}};
}

Json config_properties() {
  const Json schedule = {
      {"description",
       "delays before each attempt: a list or \"0s,5s,5m\", or {attempts, first, factor, max}"}};
  return {
      {"id", text_described("1 to 64 letters, digits, '_' or '-'; made when left out")},
      {"url", {{"type", "string"}, {"format", "uri"}}},
      {"description", text()},
      {"types", array_of(text_described("a glob over types, such as calendar.event.*"))},
      {"filter", array_of(Json{{"type", "object"},
                               {"description", "{field, op, value}, or {any: [...]} of those"}})},
      {"headers", {{"type", "object"}, {"additionalProperties", text()}}},
      {"format", one_of({"envelope", "cloudevents_structured", "cloudevents_binary"})},
      {"rate",
       {{"type", Json::array({"object", "null"})},
        {"properties", {{"per_second", {{"type", "number"}}}, {"burst", integer()}}}}},
      {"daily_quota", integer_or_null()},
      {"concurrency", integer()},
      {"ordered", boolean()},
      {"schedule", schedule},
      {"timeout", text_described("a duration, 1s to 30s")},
      {"disable_after", text_described("a duration, 1h to 90d; 0s: never")},
      {"enabled", boolean()}};
}

Json with(Json properties, const Json& more) {
  properties.update(more);
  return properties;
}

Json endpoint_schemas() {
  const Json config = config_properties();
  const Json secret = text_described("whsec_ and base64; shown this once");
  const Json position = object({{"sequence", integer()}, {"index", integer()}});
  const Json hold = {{"type", Json::array({"object", "null"})},
                     {"description", "{reason, until, detail}: why nothing is sent right now"}};
  const Json state = {
      {"tenant", text()},
      {"declared", boolean()},
      {"status", one_of({"enabled", "paused", "disabled", "removing"})},
      {"reason", text_or_null()},
      {"created_at", instant()},
      {"changed_at", instant()},
      {"cursor", position},
      {"replaying_until", {{"anyOf", {position, Json{{"type", "null"}}}}}},
      {"breaker", text()},
      {"hold", hold},
      {"counts", {{"type", "object"}, {"additionalProperties", integer()}}},
      {"last_success_at", instant_or_null()},
      {"last_failure_at", instant_or_null()},
      {"last_error", text_or_null()},
      {"secrets",
       array_of(object({{"created_at", instant()}, {"expires_at", instant_or_null()}}))}};
  return {
      {"EndpointConfig", object(config, {"url"})},
      {"EndpointPatch", object(config)},
      {"EndpointRequest",
       object(with(config, {{"secret", text_described("your own; one is made when left out")}}),
              {"url"})},
      {"Endpoint", object(with(config, state), {"id", "url", "tenant", "status"})},
      {"NewEndpoint",
       {{"allOf", {reference("Endpoint"), object({{"secret", secret}}, {"secret"})}}}},
      {"PauseRequest", object({{"reason", text()}})},
      {"RotateRequest",
       object({{"overlap", text_described("how long the old secrets sign, too: 24h when left "
                                          "out, at most 30d")},
               {"secret", text_described("your own; one is made when left out")}})},
      {"RewindRequest",
       object({{"after", {{"type", "integer"}, {"minimum", 0}}},
               {"from", text_described("a time (RFC 3339) or an event's id; not with after")}})},
      {"TestOutcome", object({{"event", {{"type", "object"}}},
                              {"status", integer_or_null()},
                              {"latency_ms", integer()},
                              {"error", text_or_null()},
                              {"answer", text_or_null()}},
                             {"event", "status", "latency_ms", "error"})},
  };
}

}  // namespace

Json delivery_schemas() {
  Json all = endpoint_schemas();
  const Json selection = {{"endpoint", text()},
                          {"type", text_described("a glob over the events' types")},
                          {"since", instant()},
                          {"until", instant()},
                          {"event_ids", array_of(text())},
                          {"dry_run", boolean()}};
  all["Attempt"] = object({{"at", instant()},
                           {"status", integer_or_null()},
                           {"latency_ms", integer()},
                           {"error", text_or_null()},
                           {"answer", text_or_null()}},
                          {"at", "status", "latency_ms", "error"});
  const Json last_attempt = {{"anyOf", {reference("Attempt"), Json{{"type", "null"}}}}};
  all["Delivery"] = object({{"event_id", text()},
                            {"event_type", text()},
                            {"state", one_of({"waiting", "dead", "delivered"})},
                            {"attempts", integer()},
                            {"last_attempt", last_attempt},
                            {"next_attempt_at", instant()},
                            {"died_at", instant()}},
                           {"event_id", "state", "attempts", "last_attempt"});
  all["DeliveryExplanation"] =
      object({{"event_id", text()},
              {"endpoint", text()},
              {"state", one_of({"delivered", "waiting", "dead", "filtered", "pending", "settled"})},
              {"reason", text_or_null()},
              {"until", instant_or_null()},
              {"attempts", array_of(reference("Attempt"))}},
             {"event_id", "event_type", "endpoint", "state", "reason", "until", "attempts"});
  all["EndpointSummary"] =
      object({{"enabled", integer()},
              {"paused", integer()},
              {"disabled", integer()},
              {"removing", integer()},
              {"waiting", integer()},
              {"dead", integer()},
              {"troubled", array_of(object({{"tenant", text()}, {"id", text()}, {"reason", text()}},
                                           {"tenant", "id", "reason"}))}},
             {"enabled", "paused", "disabled", "removing", "waiting", "dead", "troubled"});
  all["ReplayRequest"] =
      object(with(selection, {{"per_second", {{"type", "number"}}}}), {"endpoint"});
  all["DropRequest"] = object(selection, {"endpoint"});
  all["DeadLetterCount"] =
      object({{"matched", integer()}, {"changed", integer()}, {"dry_run", boolean()}},
             {"matched", "changed", "dry_run"});
  return all;
}

}  // namespace tidemark::openapi
