#include "app/proof_files.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "audit/proof.h"

namespace tidemark::app {

Result<std::string> read_proof_file(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return fail(Errc::not_found, "cannot read " + path + ": " + error.message());
  if (size > audit::kMaxProofBytes) return fail(Errc::limit_exceeded, path + " is too large");
  std::ifstream file(path, std::ios::binary);
  std::string content(std::istreambuf_iterator<char>(file), {});
  if (!file.good() && !file.eof()) return fail(Errc::io_error, "cannot read " + path);
  return content;
}

Result<audit::VerifierKey> read_verifier_key(const std::string& text) {
  std::error_code error;
  if (!std::filesystem::exists(text, error)) return audit::VerifierKey::parse(text);
  TM_ASSIGN(const auto content, read_proof_file(text));
  auto key = audit::VerifierKey::parse(content);
  if (!key) return fail(in_context(text, key.error()));
  return key;
}

}  // namespace tidemark::app
