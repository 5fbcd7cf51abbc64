// Proofs as files that can be checked without the store, with nothing but a verifier key.
//
// Inclusion (https://c2sp.org/tlog-proof): that a record is in the journal of a signed checkpoint.
// The record itself travels as the proof's extra data.
//
//   c2sp.org/tlog-proof@v1
//   extra <base64: the record's leaf content, engine/journal_codec.h>
//   index <sequence - 1>
//   <base64 hashes, one a line>
//
//   <checkpoint>
//
// Consistency (the body of https://c2sp.org/tlog-witness's add-checkpoint): that the journal of one
// checkpoint is the beginning of that of another, so nothing before was changed or taken out.
//
//   old <size of the first>
//   <base64 hashes, one a line>
//
//   <the second checkpoint>
#pragma once

#include <string>
#include <string_view>

#include "audit/checkpoint.h"
#include "base/result.h"
#include "engine/journal.h"
#include "engine/merkle.h"

namespace tidemark::audit {

inline constexpr std::size_t kMaxProofBytes = 64U << 20;  // a record may be large

struct InclusionProof {
  std::string content;  // of the record
  std::uint64_t index = 0;
  merkle::Proof hashes;
  std::string note;  // a signed checkpoint

  std::string text() const;
  static Result<InclusionProof> parse(std::string_view text);
};

struct ConsistencyProof {
  std::uint64_t old_size = 0;
  merkle::Proof hashes;
  std::string note;

  std::string text() const;
  static Result<ConsistencyProof> parse(std::string_view text);
};

// The proved record, and what it is proved to be in. Errc::corrupt says which part does not hold.
struct Proved {
  JournalRecord record;
  Checkpoint checkpoint;
};
Result<Proved> check(const InclusionProof& proof, const VerifierKey& key);

// That `old_note`, too, is a checkpoint of this key, and the beginning of the proof's. Returns the
// later one.
Result<Checkpoint> check(const ConsistencyProof& proof, std::string_view old_note,
                         const VerifierKey& key);

}  // namespace tidemark::audit
