// The audit as one part: signs checkpoints of the journal on a schedule and when asked, proves
// records, and is what the API and the command line ask. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "audit/audit_options.h"
#include "audit/checkpoint_machine.h"
#include "audit/proof.h"
#include "audit/retention.h"
#include "audit/verify.h"
#include "base/result.h"
#include "engine/engine.h"
#include "store/store.h"

namespace tidemark::audit {

class AuditService {
 public:
  AuditService(Engine& engine, Store& store, AuditOptions options);
  ~AuditService();

  // Before the engine recovers.
  void register_with_engine();
  // Reads or makes the key, and makes true what the options say of the schedule.
  Result<void> start();

  // Needs no private key. Errc::not_found when none was made yet.
  Result<VerifierKey> verifier_key() const;

  // Signs the journal as it is now, and keeps the checkpoint: durable when it returns. When nothing
  // but its own record came since the last one, that one.
  Result<StoredCheckpoint> make_checkpoint();
  // Up to `limit`, the smallest first, of those of at least `size` records.
  Result<std::vector<StoredCheckpoint>> checkpoints(std::uint64_t size, std::size_t limit) const;
  Result<std::optional<StoredCheckpoint>> last_checkpoint() const;

  // That the record is in the smallest checkpoint that reaches it, or in that of `size` records.
  // Errc::not_found for a record or a checkpoint that is not there; Errc::conflict when no
  // checkpoint reaches the record yet.
  Result<InclusionProof> prove(Sequence sequence, std::optional<std::uint64_t> size = {}) const;
  // That the journal of the checkpoint of `first` records is the beginning of that of `second`, or
  // of the last one.
  Result<ConsistencyProof> prove_consistency(std::uint64_t first,
                                             std::optional<std::uint64_t> second = {}) const;

  Retention& retention() { return *retention_; }

  // Part by part, then the checkpoints; see audit/verify.h.
  Result<VerifiedPart> verify_part(Sequence after, Sequence last, bool payloads) const;
  Result<VerifiedCheckpoints> verify_rest(Sequence last) const;

 private:
  class SignExecutor;
  Result<const NoteSigner*> signer() const;
  Result<StoredCheckpoint> sign_now() const;
  Result<StoredCheckpoint> checkpoint_of(std::uint64_t size) const;

  Engine& engine_;
  const Store& store_;
  const AuditOptions options_;
  mutable std::mutex mutex_;
  mutable std::optional<NoteSigner> signer_;  // once it was needed
  std::unique_ptr<SignExecutor> executor_;
  const std::unique_ptr<Retention> retention_;
};

}  // namespace tidemark::audit
