// An account that was added at run time, as it is kept: everything but its secrets.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "sync/sync_service.h"

namespace tidemark::accounts {

// Members as in the configuration; durations in milliseconds. Of a password the username is kept,
// of a service account its address and subject.
Json to_json(const AccountDefinition& account);
// Errc::corrupt for what to_json() does not write. Secrets are empty.
Result<AccountDefinition> definition_from_json(const Json& value, std::string_view tenant,
                                               std::string_view id);

}  // namespace tidemark::accounts
