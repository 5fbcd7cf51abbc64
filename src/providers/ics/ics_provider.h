// The `ics` provider: a subscribed calendar by URL, or iCalendar files on this machine. It needs no
// server, keeps its state in the cursor, and has exactly one calendar per account.
#pragma once

#include <memory>

#include "providers/calendar_provider.h"

namespace tidemark::ics {

std::unique_ptr<CalendarProvider> make_provider(const AccountSettings& settings, HttpClient& http);

}  // namespace tidemark::ics
