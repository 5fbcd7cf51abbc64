// Audit proofs: true ones hold, and no edit makes one prove anything else.
#include "audit/proof.h"

#include "audit/proof_text.h"
#include "engine/journal_codec.h"
#include "target.h"

namespace tidemark::fuzz {
namespace {

using audit::Checkpoint;
using audit::ConsistencyProof;
using audit::InclusionProof;

constexpr std::uint64_t kRecords = 24;

// A small journal with a signed checkpoint at each size.
struct History {
  audit::NoteSigner signer{"log.example",
                           *Ed25519Key::from_seed(Secret(std::string(kEd25519SeedBytes, 's')))};
  audit::VerifierKey key = signer.verifier();
  std::vector<std::string> contents;
  std::vector<std::vector<Sha256>> levels;
  std::vector<std::string> notes;  // by size; none for 0

  History() {
    std::vector<Sha256> leaves;
    notes.emplace_back();
    merkle::Frontier frontier;
    for (std::uint64_t i = 1; i <= kRecords; ++i) {
      JournalRecord record;
      record.sequence = i;
      record.tenant = "acme";
      record.input_type = "told";
      contents.push_back(*engine::leaf_content(engine::encode_record(record)));
      leaves.push_back(record.hash);
      frontier.append(record.hash);
      notes.push_back(sign(Checkpoint{"log.example", i, frontier.root()}, signer));
    }
    levels.push_back(leaves);
    while (levels.back().size() > 1) {
      std::vector<Sha256> above;
      const auto& below = levels.back();
      for (std::size_t i = 0; i + 1 < below.size(); i += 2) {
        above.push_back(merkle::parent(below[i], below[i + 1]));
      }
      levels.push_back(std::move(above));
    }
  }

  merkle::NodeReader nodes() const {
    return [this](merkle::Node node) -> Result<Sha256> {
      return levels.at(node.level).at(node.index);
    };
  }
  InclusionProof inclusion(std::uint64_t index, std::uint64_t size) const {
    return {contents[index], index, *merkle::inclusion_proof(index, size, nodes()), notes[size]};
  }
  ConsistencyProof consistency(std::uint64_t first, std::uint64_t second) const {
    return {first, *merkle::consistency_proof(first, second, nodes()), notes[second]};
  }
};

const History& history() {
  static const History history;
  return history;
}

// Replaces, inserts and erases, as the input says.
std::string edited(std::string text, Source& source) {
  while (!source.empty() && !text.empty()) {
    const std::size_t at = (source.u8() * std::size_t{256} + source.u8()) % text.size();
    switch (source.below(4)) {
      case 0: text[at] = static_cast<char>(text[at] ^ (1U << source.below(8))); break;
      case 1: text.insert(at, source.text()); break;
      case 2: text.erase(at, 1 + source.u8()); break;
      default: text.replace(at, 1, 1, static_cast<char>(source.u8())); break;
    }
  }
  return text;
}

void check_inclusion(Source source) {
  const std::uint64_t size = 1 + source.below(kRecords);
  const std::uint64_t index = source.below(size);
  const std::string text = history().inclusion(index, size).text();
  const auto whole = InclusionProof::parse(text);
  require(whole && check(*whole, history().key), "a true proof holds");
  require(whole->text() == text, "a proof comes back");

  const auto changed = InclusionProof::parse(edited(text, source));
  if (!changed) return;
  const auto proved = check(*changed, history().key);
  if (!proved) return;
  // What still holds proves a true record of a true checkpoint: the hashes leave no other choice.
  require(changed->index < kRecords && changed->content == history().contents[changed->index],
          "what is proved is in the journal");
  require(sign(proved->checkpoint, history().signer) == history().notes[proved->checkpoint.size],
          "a checkpoint that counts was signed");
}

void check_consistency(Source source) {
  const std::uint64_t second = 1 + source.below(kRecords);
  const std::uint64_t first = 1 + source.below(second);
  const std::string text = history().consistency(first, second).text();
  const auto whole = ConsistencyProof::parse(text);
  require(whole && check(*whole, history().notes[first], history().key), "a true proof holds");
  require(whole->text() == text, "a proof comes back");

  const auto changed = ConsistencyProof::parse(edited(text, source));
  if (!changed) return;
  const auto later = check(*changed, history().notes[first], history().key);
  if (!later) return;
  require(changed->old_size == first && later->size >= first, "it is about the same beginning");
  require(sign(*later, history().signer) == history().notes[later->size],
          "a checkpoint that counts was signed");
}

void check_texts(std::string_view bytes) {
  const auto text_of = [](const auto& value) { return value.text(); };
  require_stable(bytes, InclusionProof::parse, text_of);
  require_stable(bytes, ConsistencyProof::parse, text_of);
  require_stable(bytes, Checkpoint::parse, text_of);
  require_stable(bytes, audit::VerifierKey::parse, text_of);
  require(!audit::verified_text(bytes, history().key) ||
              bytes.find("log.example") != std::string_view::npos,
          "nobody signs without the key");
  if (const auto number = audit::parse_number(bytes)) {
    require(std::to_string(*number) == bytes, "a number has one spelling");
  }
}

}  // namespace

TIDEMARK_FUZZ_TARGET(proof) {
  if (bytes.empty()) return;
  Source source(bytes);
  switch (source.below(3)) {
    case 0: return check_inclusion(source);
    case 1: return check_consistency(source);
    default: return check_texts(source.rest());
  }
}

}  // namespace tidemark::fuzz
