// Signatures of webhooks as Standard Webhooks 1.0.0 has them (github.com/standard-webhooks,
// "Signature scheme"): HMAC-SHA256 over "<webhook-id>.<webhook-timestamp>.<body>", in the header
// webhook-signature as "v1," and base64. While a secret is being replaced the old and the new one
// both sign, separated by a space, and a receiver accepts either.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace tidemark::delivery {

inline constexpr std::string_view kSigningSecretPrefix = "whsec_";
inline constexpr std::size_t kLeastSecretBytes = 24;
inline constexpr std::size_t kMostSecretBytes = 64;
inline constexpr std::size_t kMaxSigningKeys = 5;
inline constexpr std::chrono::seconds kSignatureTolerance{300};

// The bytes that sign; made by parse_signing_secret() only.
struct SigningKey {
  Secret bytes;
};

// A new secret in the form that receivers get: "whsec_" and the base64 of 32 random bytes.
Result<Secret> generate_signing_secret();
// Errc::invalid_argument says what is wrong with the text and never repeats it.
Result<SigningKey> parse_signing_secret(std::string_view text);

// The value of webhook-signature, one signature for each key. The id has no '.' (so that nobody can
// move bytes between id, time and body), which make_message() checks.
std::string sign(const std::vector<SigningKey>& keys, std::string_view id,
                 std::int64_t unix_seconds, std::string_view body);

// As a receiver does it, given the three headers: one of the signatures is by one of the keys, and
// the time is at most kSignatureTolerance away. Errc::unauthorized otherwise; a signature that is
// wrong takes as long as one that is right.
Result<void> verify(const std::vector<SigningKey>& keys, std::string_view id,
                    std::string_view timestamp, std::string_view body,
                    std::string_view signature_header, WallTime now);

}  // namespace tidemark::delivery
