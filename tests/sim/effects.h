// Between the engine and its executors: decides when an effect begins, when its results arrive, and
// whether the process dies in between.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/effect.h"
#include "sim/fibers.h"
#include "sim/mortal_store.h"

namespace tidemark::sim {

// Each idempotency key names one effect, for ever: what it named when it was first seen.
class EffectKeys {
 public:
  void check(Stage& stage, const Effect& effect);

 private:
  std::map<std::string, std::string> seen_;
};

class ScheduledExecutor final : public EffectExecutor {
 public:
  struct Parts {
    Stage& stage;
    MortalStore& store;
    Fibers& fibers;
    EffectKeys& keys;
  };
  ScheduledExecutor(const Parts& parts, EffectExecutor& inner) : parts_(parts), inner_(inner) {}

  void start(Effect effect, std::unique_ptr<EffectHandle> handle) override;

 private:
  const Parts parts_;
  EffectExecutor& inner_;
};

}  // namespace tidemark::sim
