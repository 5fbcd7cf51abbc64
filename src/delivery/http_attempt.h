// One attempt as HTTP: the request that goes out, and what its answer means. Inside src/delivery/
// only.
#pragma once

#include <string_view>
#include <vector>

#include "delivery/endpoint_config.h"
#include "delivery/endpoint_inputs.h"
#include "delivery/signature.h"
#include "engine/journal.h"
#include "net/http.h"

namespace tidemark::delivery {

// Signed at `now`; fails for an event that the endpoint's format cannot carry.
Result<HttpRequest> request_for(const EndpointConfig& config, const FeedLine& event,
                                const std::vector<SigningKey>& keys, std::string_view version,
                                WallTime now);

// Without the event's id and type: those are kept of failures only, and are the caller's.
AttemptResult result_of(Result<HttpResponse> answer, WallTime now, milliseconds latency);

}  // namespace tidemark::delivery
