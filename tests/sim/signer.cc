#include "sim/signer.h"

#include "audit/checkpoint.h"
#include "audit/checkpoint_machine.h"
#include "engine/journal_tree.h"
#include "engine/merkle.h"

namespace tidemark::sim {

const audit::NoteSigner& note_signer() {
  static const audit::NoteSigner signer(
      "simulation", *Ed25519Key::from_seed(Secret(std::string(kEd25519SeedBytes, 's'))));
  return signer;
}

void SignExecutor::start(Effect, std::unique_ptr<EffectHandle> handle) {
  const Sequence size = store_.last_sequence();
  const auto view = store_.snapshot();
  const auto root = merkle::root(size, engine::journal_nodes(*view));
  if (!root) return;  // the process is dying: the next one signs
  auto input = audit::signed_input(
      size, audit::sign({note_signer().verifier().name, size, *root}, note_signer()));
  handle->complete(std::move(input.type), std::move(input.payload));
}

}  // namespace tidemark::sim
