// The [secrets] of the configuration: where the master keys stand.
#pragma once

#include "app/config_reader.h"

namespace tidemark::app {

inline constexpr std::size_t kMaxOldMasterKeys = 16;

// Reads and loads them. A credential is looked for only where the service manager hands it out, or
// when the process is the one that serves.
SecretsConfig read_secrets(ConfigReader& reader, ConfigSection section);

}  // namespace tidemark::app
