// The key that signs checkpoints: made at first start, beside the store, readable by its owner
// only. Two text files: audit.key, "PRIVATE+KEY+<name>+<id>+<base64>" as Go's note package writes
// it, and audit.pub, the verifier key, to be copied to where proofs are checked.
#pragma once

#include <string>

#include "audit/signed_note.h"
#include "base/result.h"

namespace tidemark::audit {

// Reads the key of a data directory, and makes one when there is none: `name` is its name, or, when
// that is empty, one made from the key itself. Errc::corrupt for a file that is no such key, and
// when its public half is there without it or is of another key; Errc::forbidden for one that
// others may read.
Result<NoteSigner> load_or_make_key(const std::string& data_dir, const std::string& name);

// Needs the private one only when the public one is missing. Errc::not_found when none was made
// yet.
Result<VerifierKey> load_verifier_key(const std::string& data_dir);

}  // namespace tidemark::audit
