// Signs checkpoints of the journal with a key that every world has.
#pragma once

#include "audit/signed_note.h"
#include "engine/effect.h"
#include "store/store.h"

namespace tidemark::sim {

const audit::NoteSigner& note_signer();

// The executor of "audit.sign".
class SignExecutor final : public EffectExecutor {
 public:
  explicit SignExecutor(const Store& store) : store_(store) {}
  void start(Effect effect, std::unique_ptr<EffectHandle> handle) override;

 private:
  const Store& store_;
};

}  // namespace tidemark::sim
