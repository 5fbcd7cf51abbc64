#include "api/handlers.h"
#include "api/route_groups.h"

namespace tidemark {

std::vector<Route> make_hook_routes() {
  return {
      {"POST",
       kGoogleHookPath,
       Access::open,
       "postGoogleHook",
       "For Google to tell that a calendar has changed, in headers that begin with X-Goog-; 404 "
       "and "
       "403 when they do not fit a channel of ours",
       200,
       {},
       {},
       {},
       post_google_hook},
  };
}

}  // namespace tidemark
