// Proofs, checkpoints and verifier keys as files, the way commands are given them.
#pragma once

#include <string>

#include "audit/signed_note.h"
#include "base/result.h"

namespace tidemark::app {

// Errc::not_found, Errc::limit_exceeded, Errc::io_error.
Result<std::string> read_proof_file(const std::string& path);
// The key itself, or a file that holds it.
Result<audit::VerifierKey> read_verifier_key(const std::string& text);

// That the error is one of what the file says, not of getting at it.
inline bool is_no_proof(const Error& error) {
  return error.code == Errc::corrupt || error.code == Errc::parse_error;
}

}  // namespace tidemark::app
