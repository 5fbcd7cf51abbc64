#pragma once

#include <chrono>
#include <map>
#include <string>

#include "base/clock.h"

namespace tidemark::audit {

// How long things are kept; 0: for ever. Inputs and events that are not named here stay as long as
// their records.
struct PayloadRetention {
  milliseconds inputs{};
  milliseconds events{};
};

inline constexpr std::chrono::seconds kShortestRetention{1};

struct RetentionOptions {
  milliseconds records{};  // whole parts of the journal, of all tenants
  PayloadRetention payloads{};
  std::map<std::string, PayloadRetention> tenants{};  // instead of `payloads`, as a whole
  // How much longer than that the events stay that an endpoint has yet to be sent.
  milliseconds hold = std::chrono::hours(24 * 30);
  milliseconds check_every = std::chrono::hours(1);

  bool keeps_everything() const {
    const auto for_ever = [](const PayloadRetention& payload) {
      return payload.inputs.count() == 0 && payload.events.count() == 0;
    };
    bool all = records.count() == 0 && for_ever(payloads);
    for (const auto& [tenant, payload] : tenants) all = all && for_ever(payload);
    return all;
  }
};

}  // namespace tidemark::audit
