// The schemas of the routes that prove the journal.
#include "api/openapi_schemas.h"

namespace tidemark::openapi {

Json audit_schemas() {
  const Json checkpoint =
      object({{"size", integer()}, {"checkpoint", text()}}, {"size", "checkpoint"});
  return {
      {"Checkpoint", checkpoint},
      {"CheckpointList", list_of("Checkpoint")},
      {"AuditVerification",
       object({{"last", integer()},
               {"records", integer()},
               {"payloads", integer()},
               {"checkpoints", integer()},
               {"next", {{"type", {"integer", "null"}}}},
               {"finding",
                {{"type", {"object", "null"}},
                 {"properties", {{"sequence", {{"type", {"integer", "null"}}}}, {"what", text()}}},
                 {"required", {"sequence", "what"}}}}},
              {"last", "records", "payloads", "checkpoints", "next", "finding"})},
  };
}

}  // namespace tidemark::openapi
