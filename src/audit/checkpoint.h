// Checkpoints (https://c2sp.org/tlog-checkpoint): the size and the root of the journal's tree at
// one moment, signed. Whoever keeps one elsewhere can later see whether the history before it is
// still the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "audit/signed_note.h"
#include "base/result.h"
#include "base/sha256.h"

namespace tidemark::audit {

struct Checkpoint {
  std::string origin;      // names the log: the signing key's name
  std::uint64_t size = 0;  // records
  Sha256 root{};

  std::string text() const;
  // Of a note's text; lines after the third are left to others.
  static Result<Checkpoint> parse(std::string_view text);
  bool operator==(const Checkpoint&) const = default;
};

std::string sign(const Checkpoint& checkpoint, const NoteSigner& signer);
// Also Errc::corrupt when the log it names is not the key's.
Result<Checkpoint> verified_checkpoint(std::string_view note, const VerifierKey& key);

}  // namespace tidemark::audit
