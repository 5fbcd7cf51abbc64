// Who is asking, and may they?
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "api/problem.h"
#include "api/route.h"

namespace tidemark {

struct Principal {
  bool is_operator = false;
  std::string tenant;  // empty: all tenants
};

// The Unix socket is the operator, for all tenants or the one that ?tenant= names. Over TCP a
// Bearer key decides; /healthz and its like need none (and then get an empty Principal). One
// answer for every kind of bad key, so that nothing is learnt from it.
tl::expected<Principal, Problem> authenticate(const ApiParts& parts, const Route& route,
                                              const ServerRequest& request);

bool is_loopback_peer(std::string_view peer);

}  // namespace tidemark
