// The schemas of the routes about the store itself.
#include "api/openapi_schemas.h"

namespace tidemark::openapi {

Json store_schemas() {
  return {
      {"StoreCopyRequest", object({{"name", text()}}, {"name"})},
      {"StoreCopy", object({{"path", text()}}, {"path"})},
  };
}

}  // namespace tidemark::openapi
