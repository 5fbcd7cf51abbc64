// What the routes of endpoints and those of their deliveries share.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/route.h"
#include "delivery/delivery_service.h"
#include "delivery/json_reader.h"

namespace tidemark {

// The endpoint of this id that the caller may see. The operator who names no tenant finds it in
// any; Errc::conflict, naming the tenants, when several have one. Errc::not_found in the same words
// whether there is none or it is another tenant's.
Result<delivery::EndpointView> find_endpoint(const ApiParts& parts, const Call& call,
                                             std::string_view id);

// Strict reading of a body's keys beyond those that ObjectReader knows itself.
std::optional<WallTime> read_time(delivery::ObjectReader& reader, const char* key);

// A text of somebody else's in one of our messages: valid, short and in quotes.
std::string in_quotes(std::string_view text);

}  // namespace tidemark
