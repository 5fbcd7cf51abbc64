// DNS records that say where a domain's CalDAV service is (RFC 6764 section 3).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"

namespace tidemark::caldav {

struct ServiceLocation {
  std::string host;
  std::uint16_t port = 443;
  std::string path{};  // of the TXT record; empty: none
};

// Asks for _caldavs._tcp.<domain>; nothing when there is no such service.
using ServiceLookup =
    std::function<Result<std::optional<ServiceLocation>>(const std::string& domain)>;

// By the system's resolver. Answers nothing, without asking anyone, for addresses and single names.
Result<std::optional<ServiceLocation>> lookup_service(const std::string& domain);

}  // namespace tidemark::caldav
