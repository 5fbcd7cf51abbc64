// Where Google is: its own hosts, or, for an account with a url, that one.
#pragma once

#include <string>

#include "providers/calendar_provider.h"

namespace tidemark::google {

std::string api_root(const AccountSettings& settings);
std::string token_url(const AccountSettings& settings);
std::string consent_url(const AccountSettings& settings);

}  // namespace tidemark::google
