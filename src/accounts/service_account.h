// The JSON file that Google hands out for a service account.
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "providers/calendar_provider.h"

namespace tidemark::accounts {

// invalid_argument when it is none, or its key cannot sign. The subject is not in the file.
Result<ServiceAccount> read_service_account(const Secret& file);
// What read_service_account() reads the same from.
Secret service_account_file(const ServiceAccount& account);

}  // namespace tidemark::accounts
