// The body that adds an account.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "sync/sync_service.h"

namespace tidemark {

// invalid_argument or limit_exceeded name the member that is wrong. may_choose_url: an address is
// the operator's to give, since whoever gives it makes us look there.
Result<AccountDefinition> account_from_json(const Json& body, std::string_view tenant,
                                            bool may_choose_url);

}  // namespace tidemark
