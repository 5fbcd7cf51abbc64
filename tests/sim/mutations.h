// The names of the deliberate bugs.
#pragma once

#include <string_view>
#include <vector>

#include "base/mutation.h"

namespace tidemark::sim {

struct NamedMutation {
  std::string_view name;
  Mutation mutation;
};
const std::vector<NamedMutation>& mutations();

}  // namespace tidemark::sim
