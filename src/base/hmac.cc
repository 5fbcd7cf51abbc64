#include "base/hmac.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace tidemark {
namespace {

// OpenSSL takes a null pointer for "no key set", which is something else than an empty key.
const void* not_null(std::string_view bytes) {
  return bytes.data() == nullptr ? "" : bytes.data();
}

}  // namespace

Sha256 hmac_sha256(std::string_view key, std::string_view message) {
  Sha256 code{};
  std::size_t written = 0;
  const auto* out = EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, not_null(key),
                              key.size(), static_cast<const unsigned char*>(not_null(message)),
                              message.size(), code.data(), code.size(), &written);
  if (out == nullptr || written != code.size()) std::abort();
  return code;
}

}  // namespace tidemark
