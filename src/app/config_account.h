// One [[account]] of the configuration.
#pragma once

#include <string_view>

#include "app/config_reader.h"
#include "sync/sync_service.h"

namespace tidemark::app {

// Reads and checks one account; problems go to the reader. `number` names it when it has no id.
// keeps_secrets: there is a master key, so a refresh token may be got and kept later.
AccountDefinition read_account(ConfigReader& reader, const TomlNode& table, std::size_t number,
                               bool keeps_secrets);

// Letters, digits, '_' and '-', 1 to 64 of them: what an account id or a tenant may be.
bool is_valid_name(std::string_view name);

}  // namespace tidemark::app
