// The table of routes, its part about the master key.
#include "api/handlers.h"
#include "api/route_groups.h"

namespace tidemark {

std::vector<Route> make_secret_routes() {
  return {
      {"GET",
       "/v1/secrets",
       Access::operator_only,
       "getSecrets",
       "Which master key the secrets of each tenant are under; ids only",
       200,
       "SecretsStatus",
       {},
       {},
       get_secrets},
      {"POST",
       "/v1/secrets/rotate",
       Access::operator_only,
       "rotateMasterKey",
       "Brings the secrets of every tenant under the current master key",
       200,
       "SecretsRotation",
       {},
       {},
       post_secrets_rotate},
  };
}

}  // namespace tidemark
