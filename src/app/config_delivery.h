// [delivery] and [[tenant]]: where deliveries may go, and how many of them.
#pragma once

#include "app/config_reader.h"
#include "net/address_guard.h"

namespace tidemark::app {

inline constexpr std::size_t kMaxAllowedAddresses = 1000;
inline constexpr std::uint64_t kMostDeliveryConnections = 10'000;
inline constexpr std::size_t kMaxTenants = 10'000;

// The guard that the allow-list makes; its wrong entries are told and left out.
AddressGuard read_delivery(ConfigSection section, Config& config);
void read_tenants(ConfigReader& reader, ConfigSection& root, Config& config);

}  // namespace tidemark::app
