// Finds the calendars of an account from any URL of its server (RFC 6764, RFC 5397, RFC 4791).
#pragma once

#include <string>

#include "providers/caldav/dav_client.h"
#include "providers/caldav/service_lookup.h"
#include "providers/calendar_provider.h"

namespace tidemark::caldav {

// hint: as an earlier call returned it; then one PROPFIND for each home set (there is mostly one)
// is enough. A hint that no longer leads anywhere is forgotten.
Result<Discovery> discover_calendars(const DavClient& dav, const std::string& hint,
                                     const ServiceLookup& lookup);

}  // namespace tidemark::caldav
