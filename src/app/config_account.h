// One [[account]] of the configuration.
#pragma once

#include <string_view>

#include "app/config_reader.h"
#include "sync/sync_service.h"

namespace tidemark::app {

// Reads and checks one account; problems go to the reader. `number` names it when it has no id.
AccountDefinition read_account(ConfigReader& reader, const TomlNode& table, std::size_t number);

// Letters, digits, '_' and '-', 1 to 64 of them: what an account id or a tenant may be.
bool is_valid_name(std::string_view name);

}  // namespace tidemark::app
