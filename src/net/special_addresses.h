// The addresses that are not the public internet's. Inside src/net/ only.
#pragma once

#include <string_view>

#include "net/ip_address.h"

namespace tidemark::net {

// What a refused address is, for people: "a private address (RFC 1918)". Empty: a public one.
std::string_view special_purpose(const IpAddress& address);

// True for names that never mean a public host: localhost (RFC 6761 section 6.3) and the names of
// clouds' metadata services. `host` in lower case, without a final dot.
bool is_special_name(std::string_view host);

}  // namespace tidemark::net
