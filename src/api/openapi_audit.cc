// The schemas of the routes that prove the journal.
#include "api/openapi_schemas.h"

namespace tidemark::openapi {

Json audit_schemas() {
  const Json checkpoint =
      object({{"size", integer()}, {"checkpoint", text()}}, {"size", "checkpoint"});
  const Json delivery = object({{"endpoint", text()},
                                {"state", one_of({"delivered", "waiting", "dead", "pending"})},
                                {"record", integer_or_null()},
                                {"attempt", integer()},
                                {"attempts", array_of(Json{{"type", "object"}})}},
                               {"endpoint", "state", "attempts"});
  const Json event = object({{"id", text()}, {"type", text()}, {"deliveries", array_of(delivery)}},
                            {"id", "type", "deliveries"});
  return {
      {"Retention", object({{"policy", {{"type", "object"}}},
                            {"running", boolean()},
                            {"dropped", {{"type", {"object", "null"}}}},
                            {"next", {{"type", "object"}}},
                            {"erasures", array_of(Json{{"type", "object"}})}},
                           {"policy", "running", "dropped", "next", "erasures"})},
      {"DropCounts", object({{"records", integer()},
                             {"inputs", integer()},
                             {"events", integer()},
                             {"record", integer_or_null()},
                             {"done", boolean()},
                             {"more", boolean()}},
                            {"records", "inputs", "events", "record", "done"})},
      {"ErasureRequest", object({{"tenant", text()},
                                 {"instance", text()},
                                 {"correlation", text()},
                                 {"why", text()},
                                 {"dry_run", one_of({"true"})}})},
      {"AuditTree", object({{"correlation_id", text()},
                            {"sequence", integer()},
                            {"children", array_of(reference("AuditNode"))},
                            {"more", integer()},
                            {"next", integer_or_null()}},
                           {"correlation_id", "sequence", "children", "more", "next"})},
      {"AuditNode", object({{"kind", one_of({"record", "effect", "message"})},
                            {"sequence", integer()},
                            {"at", instant()},
                            {"instance", text()},
                            {"input_type", text()},
                            {"outcome", one_of({"done", "refused", "ended"})},
                            {"error", text_or_null()},
                            {"events", array_of(event)},
                            {"more_events", integer()},
                            {"id", text()},
                            {"executor", text()},
                            {"host", text()},
                            {"to", text()},
                            {"type", text()},
                            {"state", one_of({"done", "waiting", "dropped", "unknown"})},
                            {"children", array_of(reference("AuditNode"))},
                            {"more", integer()}},
                           {"kind", "children", "more"})},
      {"Checkpoint", checkpoint},
      {"CheckpointList", list_of("Checkpoint")},
      {"AuditVerification",
       object({{"last", integer()},
               {"records", integer()},
               {"payloads", integer()},
               {"checkpoints", integer()},
               {"dropped", integer()},
               {"explained", integer()},
               {"retention", {{"type", {"object", "null"}}}},
               {"next", {{"type", {"integer", "null"}}}},
               {"finding",
                {{"type", {"object", "null"}},
                 {"properties", {{"sequence", {{"type", {"integer", "null"}}}}, {"what", text()}}},
                 {"required", {"sequence", "what"}}}}},
              {"last", "records", "payloads", "checkpoints", "next", "finding"})},
  };
}

}  // namespace tidemark::openapi
