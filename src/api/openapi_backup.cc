// The schemas of the routes of backups.
#include "api/openapi_schemas.h"

namespace tidemark::openapi {

Json backup_schemas() {
  const Json verification = {
      {"type", {"object", "null"}},
      {"properties",
       {{"at", instant()},
        {"records", integer()},
        {"payloads", integer()},
        {"checkpoints", integer()},
        {"rows", integer()},
        {"finding", text_or_null()}}},
      {"required", {"at", "records", "payloads", "checkpoints", "rows", "finding"}}};
  return {
      {"BackupRequest", object({{"directory", text()}})},
      {"Backup", object({{"format", integer()},
                         {"id", integer()},
                         {"created_at", instant()},
                         {"version", text()},
                         {"store_format", integer()},
                         {"sequence", integer()},
                         {"commits", integer()},
                         {"origin", text()},
                         {"root", text()},
                         {"rows", {{"type", "object"}, {"additionalProperties", integer()}}},
                         {"bytes", integer()},
                         {"added_bytes", integer()},
                         {"files", integer()},
                         {"keys", {{"type", "object"}, {"additionalProperties", text()}}},
                         {"verified", verification},
                         {"damage", text_or_null()}},
                        {"id", "verified", "damage"})},
      {"BackupList", list_of("Backup")},
  };
}

}  // namespace tidemark::openapi
