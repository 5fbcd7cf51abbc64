// Ed25519 signatures (RFC 8032), by OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace tidemark {

using Ed25519PublicKey = std::array<std::uint8_t, 32>;
inline constexpr std::size_t kEd25519SeedBytes = 32;
inline constexpr std::size_t kEd25519SignatureBytes = 64;

class Ed25519Key {
 public:
  static Result<Ed25519Key> generate();
  // From the 32 bytes of RFC 8032 section 5.1.5; Errc::invalid_argument for another length.
  static Result<Ed25519Key> from_seed(Secret seed);

  const Secret& seed() const { return seed_; }
  const Ed25519PublicKey& public_key() const { return public_key_; }
  // 64 bytes. Aborts when OpenSSL has no memory or no Ed25519 left.
  std::string sign(std::string_view message) const;

 private:
  Ed25519Key(Secret seed, const Ed25519PublicKey& public_key)
      : seed_(std::move(seed)), public_key_(public_key) {}

  Secret seed_;
  Ed25519PublicKey public_key_;
};

// False for anything that is not this key's signature of this message.
bool ed25519_verify(const Ed25519PublicKey& key, std::string_view message,
                    std::string_view signature);

}  // namespace tidemark
