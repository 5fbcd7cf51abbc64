// The table [backup].
#pragma once

#include "app/config_reader.h"

namespace tidemark::app {

void read_backup(ConfigSection section, Config& config);

}  // namespace tidemark::app
