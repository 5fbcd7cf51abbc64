// The table of routes, its part about the store itself.
#include "api/handlers.h"
#include "api/route_groups.h"

namespace tidemark {

std::vector<Route> make_store_routes() {
  return {
      {"POST",
       "/v1/store/copies",
       Access::operator_only,
       "copyStore",
       "A consistent copy of the store by hard links, in the data directory's "
       "scratch/<name>/source",
       201,
       "StoreCopy",
       {},
       "StoreCopyRequest",
       post_store_copy},
  };
}

}  // namespace tidemark
