// The schemas of the master key's routes.
#include "api/openapi_schemas.h"

namespace tidemark::openapi {

Json secret_schemas() {
  return {
      {"SecretsStatus",
       object({{"master_key", text_or_null()},
               {"old_master_keys", array_of(text())},
               {"tenants", array_of(object({{"tenant", text()},
                                            {"data_key", text()},
                                            {"master_key", text()},
                                            {"state", one_of({"current", "old", "missing"})},
                                            {"created_at", instant()},
                                            {"wrapped_at", instant()}},
                                           {"tenant", "data_key", "master_key", "state"}))}},
              {"master_key", "old_master_keys", "tenants"})},
      {"SecretsRotation",
       object(
           {{"master_key", text()},
            {"tenants", integer()},
            {"rewrapped", integer()},
            {"already_current", integer()},
            {"failures", array_of(object({{"tenant", text()}, {"code", text()}, {"error", text()}},
                                         {"tenant", "code", "error"}))}},
           {"master_key", "tenants", "rewrapped", "already_current", "failures"})},
  };
}

}  // namespace tidemark::openapi
