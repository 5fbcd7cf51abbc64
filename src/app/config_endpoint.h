// One [[endpoint]] of the configuration: read by the parser of the API's endpoints, so that both
// have the same keys, presets, limits and messages; the secrets it signs with beside it.
#pragma once

#include "app/config_reader.h"
#include "net/address_guard.h"

namespace tidemark::app {

inline constexpr std::size_t kMaxEndpoints = 10'000;

// Problems go to the reader; every endpoint whose address the guard refuses is one.
void read_endpoints(ConfigReader& reader, ConfigSection& root, const AddressGuard& guard,
                    Config& config);

}  // namespace tidemark::app
