#include "audit/checkpoint.h"

#include <algorithm>

#include "audit/proof_text.h"
#include "base/base64.h"
#include "base/text.h"

namespace tidemark::audit {

std::string Checkpoint::text() const {
  return origin + "\n" + std::to_string(size) + "\n" + to_base64(as_bytes(root)) + "\n";
}

Result<Checkpoint> Checkpoint::parse(std::string_view text) {
  const auto lines = split(text, '\n');
  if (lines.size() < 4) return fail(Errc::parse_error, "a checkpoint has at least three lines");
  const auto size = parse_number(lines[1]);
  const auto root = parse_hash(lines[2]);
  if (lines[0].empty() || !size || !root) {
    return fail(Errc::parse_error,
                "not a checkpoint: the lines are the log's name, its size and its root in base64");
  }
  return Checkpoint{lines[0], *size, *root};
}

std::string sign(const Checkpoint& checkpoint, const NoteSigner& signer) {
  return signer.sign(checkpoint.text());
}

Result<Checkpoint> verified_checkpoint(std::string_view note, const VerifierKey& key) {
  TM_ASSIGN(const auto text, verified_text(note, key));
  TM_ASSIGN(auto checkpoint, Checkpoint::parse(text));
  if (checkpoint.origin != key.name) {
    return fail(Errc::corrupt, "it is a checkpoint of " + checkpoint.origin +
                                   ", and the key is that of " + key.name);
  }
  return checkpoint;
}

}  // namespace tidemark::audit
