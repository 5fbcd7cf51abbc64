#pragma once

#include <chrono>
#include <string>

#include "audit/retention_options.h"
#include "base/clock.h"

namespace tidemark::audit {

struct AuditOptions {
  std::string data_dir;  // where the key lies
  std::string name{};    // of a key that is made; empty: one made from the key itself
  milliseconds checkpoint_every = std::chrono::hours(1);  // 0: only when asked
  RetentionOptions retention{};
};

}  // namespace tidemark::audit
