#include "audit/audit_service.h"

#include <utility>

#include "audit/audit_key.h"
#include "base/log.h"
#include "engine/effect.h"
#include "engine/journal_codec.h"
#include "engine/journal_tree.h"
#include "engine/keys.h"

namespace tidemark::audit {
namespace {

constexpr ExecutorLimits kSignLimits{1, 1};
// That of the signed note: it comes right behind what is signed.
constexpr std::uint64_t kOwnRecords = 1;

}  // namespace

// Hashes some hundred values and signs one text, so it needs no thread of its own.
class AuditService::SignExecutor final : public EffectExecutor {
 public:
  explicit SignExecutor(const AuditService& service) : service_(service) {}

  void start(Effect, std::unique_ptr<EffectHandle> handle) override {
    auto checkpoint = service_.sign_now();
    if (!checkpoint) {
      log::error("the journal's checkpoint was not signed; it is tried again at the next start",
                 {.error_code = tidemark::name(checkpoint.error().code),
                  .detail = checkpoint.error().message});
      return;
    }
    Input input = signed_input(checkpoint->size, std::move(checkpoint->note));
    handle->complete(std::move(input.type), std::move(input.payload));
  }

 private:
  const AuditService& service_;
};

AuditService::AuditService(Engine& engine, Store& store, AuditOptions options)
    : engine_(engine),
      store_(store),
      options_(std::move(options)),
      retention_(std::make_unique<Retention>(engine, store, options_.retention)) {}

AuditService::~AuditService() = default;

void AuditService::register_with_engine() {
  executor_ = std::make_unique<SignExecutor>(*this);
  engine_.register_machine(erase<CheckpointMachine>());
  engine_.register_executor(std::string(kSignExecutor), *executor_, kSignLimits);
  retention_->register_with_engine();
}

Result<void> AuditService::start() {
  TM_TRY(signer());
  TM_TRY(retention_->start());
  TM_ASSIGN(const auto state, read_checkpoint_state(store_));
  if (state.every == options_.checkpoint_every) return {};
  TM_TRY(engine_.submit(schedule_input(options_.checkpoint_every)));
  return {};
}

Result<VerifierKey> AuditService::verifier_key() const {
  return load_verifier_key(options_.data_dir);
}

Result<const NoteSigner*> AuditService::signer() const {
  const std::lock_guard lock(mutex_);
  if (!signer_) {
    TM_ASSIGN(signer_, load_or_make_key(options_.data_dir, options_.name));
  }
  return &*signer_;
}

Result<StoredCheckpoint> AuditService::sign_now() const {
  TM_ASSIGN(const NoteSigner* const key, signer());
  const Sequence size = store_.last_sequence();
  const auto view = store_.snapshot();
  TM_ASSIGN(const Sha256 root, merkle::root(size, engine::journal_nodes(*view)));
  return StoredCheckpoint{size, sign({key->verifier().name, size, root}, *key)};
}

Result<StoredCheckpoint> AuditService::make_checkpoint() {
  TM_ASSIGN(auto last, last_checkpoint());
  if (last && store_.last_sequence() <= last->size + kOwnRecords) return *std::move(last);
  TM_ASSIGN(auto checkpoint, sign_now());
  TM_TRY(engine_.submit(signed_input(checkpoint.size, checkpoint.note)));
  // Of two that are made at once the larger may have come first: then it is the only one kept, and
  // covers what was asked for.
  TM_ASSIGN(last, last_checkpoint());
  return last && last->size > checkpoint.size ? *std::move(last) : std::move(checkpoint);
}

Result<std::vector<StoredCheckpoint>> AuditService::checkpoints(std::uint64_t size,
                                                                std::size_t limit) const {
  return read_checkpoints(store_, size, limit);
}

Result<std::optional<StoredCheckpoint>> AuditService::last_checkpoint() const {
  TM_ASSIGN(const auto state, read_checkpoint_state(store_));
  if (state.count == 0) return std::nullopt;
  TM_ASSIGN(auto found, read_checkpoints(store_, state.size, 1));
  if (found.empty()) return fail(Errc::corrupt, "the last checkpoint is not where it should be");
  return std::move(found.front());
}

Result<StoredCheckpoint> AuditService::checkpoint_of(std::uint64_t size) const {
  TM_ASSIGN(auto found, read_checkpoints(store_, size, 1));
  if (found.empty() || found.front().size != size) {
    return fail(Errc::not_found, "there is no checkpoint of " + std::to_string(size) + " records");
  }
  return std::move(found.front());
}

Result<InclusionProof> AuditService::prove(Sequence sequence,
                                           std::optional<std::uint64_t> size) const {
  TM_ASSIGN(const auto bytes, store_.get(Table::journal, engine::sequence_key(sequence)));
  if (!bytes) {
    return fail(Errc::not_found, "there is no journal record " + std::to_string(sequence));
  }
  StoredCheckpoint checkpoint;
  if (size) {
    TM_ASSIGN(checkpoint, checkpoint_of(*size));
  } else {
    TM_ASSIGN(auto found, read_checkpoints(store_, sequence, 1));
    if (!found.empty()) checkpoint = std::move(found.front());
  }
  if (checkpoint.size < sequence) {
    return fail(Errc::conflict, "no checkpoint reaches record " + std::to_string(sequence) +
                                    " yet: `tidemark audit checkpoint` signs one");
  }
  InclusionProof proof;
  TM_ASSIGN(proof.content, engine::leaf_content(*bytes));
  proof.index = sequence - 1;
  TM_ASSIGN(proof.hashes,
            merkle::inclusion_proof(proof.index, checkpoint.size, engine::journal_nodes(store_)));
  proof.note = std::move(checkpoint.note);
  return proof;
}

Result<ConsistencyProof> AuditService::prove_consistency(
    std::uint64_t first, std::optional<std::uint64_t> second) const {
  TM_ASSIGN(const auto earlier, checkpoint_of(first));
  StoredCheckpoint later;
  if (second) {
    TM_ASSIGN(later, checkpoint_of(*second));
  } else {
    TM_ASSIGN(auto last, last_checkpoint());
    later = last.value_or(earlier);
  }
  if (later.size < first) {
    return fail(Errc::invalid_argument, "the later checkpoint has fewer records than the earlier");
  }
  ConsistencyProof proof;
  proof.old_size = first;
  TM_ASSIGN(proof.hashes,
            merkle::consistency_proof(first, later.size, engine::journal_nodes(store_)));
  proof.note = std::move(later.note);
  return proof;
}

Result<VerifiedPart> AuditService::verify_part(Sequence after, Sequence last, bool payloads) const {
  const auto view = store_.snapshot();
  // Asked for behind the snapshot: when it is the last record still, nothing came in between.
  const bool ends = last == store_.last_sequence();
  return verify_records(*view, {after, last, ends, payloads});
}

Result<VerifiedCheckpoints> AuditService::verify_rest(Sequence last) const {
  const auto view = store_.snapshot();
  // Asked for behind the snapshot: it has no checkpoint of more.
  const Sequence newest = store_.last_sequence();
  TM_ASSIGN(const auto notes, notes_to_verify(*view, last, newest));
  auto key = verifier_key();
  if (!key && notes.empty() && key.error().code == Errc::not_found) key = VerifierKey{};
  if (!key) return fail(std::move(key).error());
  return verify_checkpoints(*view, last, notes, *key);
}

}  // namespace tidemark::audit
