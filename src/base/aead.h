// Encrypting so that tampering shows: AES-256-GCM (NIST SP 800-38D), by OpenSSL.
//
//   sealed = u8 format (1), 12 bytes nonce, the ciphertext, 16 bytes tag
//
// What is sealed can be bound to where it belongs: the bound bytes (GCM's additional data) are not
// stored, but it opens only with the very same ones. The nonce is random; that is sound for at most
// 2^32 messages under one key.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace tidemark {

inline constexpr std::size_t kAeadKeyBytes = 32;
inline constexpr std::size_t kAeadOverhead = 1 + 12 + 16;
inline constexpr std::size_t kMaxAeadBytes = 16U
                                             << 20;  // of a plaintext, and of what it is bound to

// Errc::invalid_argument for a key of another length, limit_exceeded for what is too large.
Result<std::string> aead_seal(const Secret& key, std::string_view plaintext,
                              std::string_view bound_to);
// Errc::corrupt when the key, the bytes or what they are bound to are not those of aead_seal():
// which of them cannot be told.
Result<Secret> aead_open(const Secret& key, std::string_view sealed, std::string_view bound_to);

}  // namespace tidemark
