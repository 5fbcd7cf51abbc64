// The master key: the one secret that is not in the data directory and opens those that are.
//
// Its text is 32 random bytes in base64 (44 characters) or hexadecimal (64 digits), with any white
// space around. It comes from a file, from an environment variable, or from a systemd credential
// (LoadCredential=, systemd.exec(5)): the file of that name in $CREDENTIALS_DIRECTORY. No message
// quotes any of it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "vault/key_id.h"

namespace tidemark {

// Exactly one of them is set.
struct MasterKeySource {
  std::string file{};        // a path
  std::string env{};         // a variable's name
  std::string credential{};  // a file's name below $CREDENTIALS_DIRECTORY
};

class MasterKey {
 public:
  // Errc::invalid_argument when it is not such a text.
  static Result<MasterKey> parse(std::string_view text);
  // Also Errc::not_found when the file, the variable or the credential is not there, and
  // Errc::forbidden for a file (not a credential) that everyone on the machine may read or write.
  static Result<MasterKey> load(const MasterKeySource& source);

  const KeyId& id() const { return id_; }
  const Secret& bytes() const { return bytes_; }

 private:
  explicit MasterKey(Secret bytes);

  Secret bytes_;
  KeyId id_;
};

// A new one, to be shown once or written to a file: base64, without a line break.
Result<Secret> generate_master_key_text();

}  // namespace tidemark
