// Every kind of machine of this binary: what replaying any journal takes.
#pragma once

#include <vector>

#include "engine/machine.h"

namespace tidemark::app {

std::vector<AnyMachine> all_machines();

}  // namespace tidemark::app
