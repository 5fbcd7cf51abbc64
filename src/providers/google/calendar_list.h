// The account's calendars (calendar rule 13): the list once, then its changes by its own sync
// token.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "providers/calendar_provider.h"
#include "providers/google/api_client.h"

namespace tidemark::google {

// The hint holds the list and its token, so that the next discovery asks for what changed.
// Everything is listed again when Google refuses the token, and once a day: changes that the user
// did not make to the list, such as another's renaming a calendar, do not come by token.
Result<Discovery> list_calendars(const ApiClient& api, const std::string& hint, WallTime now);

}  // namespace tidemark::google
