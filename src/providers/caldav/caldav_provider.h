// The `caldav` provider: RFC 4791 calendars, kept in step by RFC 6578.
#pragma once

#include <memory>

#include "providers/caldav/pull_context.h"
#include "providers/caldav/service_lookup.h"
#include "providers/calendar_provider.h"

namespace tidemark::caldav {

// http outlives the provider. `options` and `lookup` are for tests.
std::unique_ptr<CalendarProvider> make_provider(const AccountSettings& settings, HttpClient& http,
                                                PullOptions options = {},
                                                ServiceLookup lookup = lookup_service);

}  // namespace tidemark::caldav
