// Signed notes (https://c2sp.org/signed-note), with Ed25519 signatures: a text, an empty line, and
// lines "— <key name> <base64 of key id and signature>". A key's id is the beginning of a hash over
// its name, so a signature counts for one name only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ed25519.h"
#include "base/result.h"

namespace tidemark::audit {

inline constexpr std::size_t kMaxNoteBytes = 64U << 10;
inline constexpr std::size_t kMaxKeyNameBytes = 256;

// Without white space and without '+', not empty, at most kMaxKeyNameBytes.
bool valid_key_name(std::string_view name);

// What is needed to check signatures, and safe to publish. As text: "<name>+<id>+<base64>".
struct VerifierKey {
  std::string name;
  Ed25519PublicKey key{};

  std::uint32_t id() const;
  std::string text() const;
  // Errc::invalid_argument, also when id and key do not belong together.
  static Result<VerifierKey> parse(std::string_view text);
  bool operator==(const VerifierKey&) const = default;
};

class NoteSigner {
 public:
  NoteSigner(std::string name, Ed25519Key key) : name_(std::move(name)), key_(std::move(key)) {}

  VerifierKey verifier() const { return {name_, key_.public_key()}; }
  // The text must end with a line break.
  std::string sign(std::string_view text) const;

 private:
  std::string name_;
  Ed25519Key key_;
};

// The text of a note that this key has signed; signatures of others are passed over.
// Errc::parse_error for what is no note, Errc::corrupt when the key's signature is missing or
// wrong.
Result<std::string> verified_text(std::string_view note, const VerifierKey& key);

}  // namespace tidemark::audit
