#include "audit/proof.h"

#include <utility>

#include "audit/proof_text.h"
#include "base/base64.h"
#include "base/text.h"
#include "engine/journal_codec.h"

namespace tidemark::audit {
namespace {

constexpr std::string_view kTitle = "c2sp.org/tlog-proof@v1";

void append_hashes(std::string& text, const merkle::Proof& hashes) {
  for (const auto& hash : hashes) text.append(to_base64(as_bytes(hash))).append("\n");
}

// Takes a proof apart, line by line.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  // Without its line break; nothing at the end.
  std::optional<std::string_view> next() {
    const auto end = rest_.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }
  std::optional<std::string_view> value_of(std::string_view name) {
    const auto saved = rest_;
    const auto line = next();
    if (line && line->starts_with(name) && line->substr(name.size()).starts_with(' ')) {
      return line->substr(name.size() + 1);
    }
    rest_ = saved;
    return std::nullopt;
  }
  // Up to and with the empty line.
  Result<merkle::Proof> hashes() {
    merkle::Proof hashes;
    for (auto line = next(); line; line = next()) {
      if (line->empty()) return hashes;
      const auto hash = parse_hash(*line);
      if (!hash) return fail(Errc::parse_error, "a line of the proof is no hash in base64");
      if (hashes.size() == merkle::kMaxProofHashes) {
        return fail(Errc::parse_error, "the proof has too many hashes");
      }
      hashes.push_back(*hash);
    }
    return fail(Errc::parse_error, "no empty line between the proof and its checkpoint");
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

Result<void> check_size(std::string_view text) {
  if (text.size() <= kMaxProofBytes) return {};
  return fail(Errc::limit_exceeded, "a proof has at most 64 MiB");
}

tl::unexpected<Error> does_not_hold(std::string what) {
  return fail(Errc::corrupt, "the proof does not hold: " + std::move(what));
}

}  // namespace

std::string InclusionProof::text() const {
  std::string text(kTitle);
  text.append("\nextra ").append(to_base64(content));
  text.append("\nindex ").append(std::to_string(index)).append("\n");
  append_hashes(text, hashes);
  return text.append("\n").append(note);
}

Result<InclusionProof> InclusionProof::parse(std::string_view text) {
  TM_TRY(check_size(text));
  Lines lines(text);
  if (lines.next() != kTitle) {
    return fail(Errc::parse_error, "not a proof: its first line is not " + std::string(kTitle));
  }
  InclusionProof proof;
  const auto extra = lines.value_of("extra");
  auto content = extra ? from_base64(*extra) : fail(Errc::parse_error, "");
  if (!content) return fail(Errc::parse_error, "the proof brings no record along (extra)");
  proof.content = *std::move(content);
  const auto index_text = lines.value_of("index");
  const auto index = index_text ? parse_number(*index_text) : std::nullopt;
  if (!index) return fail(Errc::parse_error, "the proof names no index");
  proof.index = *index;
  TM_ASSIGN(proof.hashes, lines.hashes());
  proof.note = lines.rest();
  return proof;
}

std::string ConsistencyProof::text() const {
  std::string text = "old " + std::to_string(old_size) + "\n";
  append_hashes(text, hashes);
  return text.append("\n").append(note);
}

Result<ConsistencyProof> ConsistencyProof::parse(std::string_view text) {
  TM_TRY(check_size(text));
  Lines lines(text);
  ConsistencyProof proof;
  const auto size_text = lines.value_of("old");
  const auto size = size_text ? parse_number(*size_text) : std::nullopt;
  if (!size) return fail(Errc::parse_error, "not a consistency proof: its first line is not old N");
  proof.old_size = *size;
  TM_ASSIGN(proof.hashes, lines.hashes());
  proof.note = lines.rest();
  return proof;
}

Result<Proved> check(const InclusionProof& proof, const VerifierKey& key) {
  auto checkpoint = verified_checkpoint(proof.note, key);
  if (!checkpoint) return fail(in_context("the proof's checkpoint", checkpoint.error()));
  TM_ASSIGN(const auto bytes, engine::record_of_content(proof.content));
  TM_ASSIGN(auto record, engine::decode_record(bytes));
  if (record.sequence != proof.index + 1) {
    return does_not_hold("it is about index " + std::to_string(proof.index) +
                         ", and the record is number " + std::to_string(record.sequence));
  }
  if (!merkle::verify_inclusion(record.hash, proof.index, checkpoint->size, proof.hashes,
                                checkpoint->root)) {
    return does_not_hold("the record is not in the tree of the checkpoint");
  }
  return Proved{std::move(record), *std::move(checkpoint)};
}

Result<Checkpoint> check(const ConsistencyProof& proof, std::string_view old_note,
                         const VerifierKey& key) {
  auto first = verified_checkpoint(old_note, key);
  if (!first) return fail(in_context("the earlier checkpoint", first.error()));
  auto second = verified_checkpoint(proof.note, key);
  if (!second) return fail(in_context("the proof's checkpoint", second.error()));
  if (first->size != proof.old_size) {
    return does_not_hold("it begins at size " + std::to_string(proof.old_size) +
                         ", and the earlier checkpoint has size " + std::to_string(first->size));
  }
  if (!merkle::verify_consistency(first->size, first->root, second->size, second->root,
                                  proof.hashes)) {
    return does_not_hold("the journal of the earlier checkpoint is not the beginning of the later");
  }
  return *std::move(second);
}

}  // namespace tidemark::audit
