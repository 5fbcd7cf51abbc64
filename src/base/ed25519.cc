#include "base/ed25519.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>
#include <utility>

#include "base/log.h"
#include "base/random.h"

namespace tidemark {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Key private_key(const Secret& seed) {
  return {EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(seed.reveal()),
                                       seed.reveal().size()),
          &EVP_PKEY_free};
}

Context new_context() {
  return {EVP_MD_CTX_new(), &EVP_MD_CTX_free};
}

}  // namespace

Result<Ed25519Key> Ed25519Key::generate() {
  TM_ASSIGN(auto seed, random_bytes(kEd25519SeedBytes));
  return from_seed(Secret(std::move(seed)));
}

Result<Ed25519Key> Ed25519Key::from_seed(Secret seed) {
  if (seed.reveal().size() != kEd25519SeedBytes) {
    return fail(Errc::invalid_argument, "an Ed25519 key has 32 bytes");
  }
  const Key key = private_key(seed);
  Ed25519PublicKey public_key{};
  std::size_t size = public_key.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), public_key.data(), &size) != 1) {
    return fail(Errc::internal, "OpenSSL has no Ed25519");
  }
  return Ed25519Key(std::move(seed), public_key);
}

std::string Ed25519Key::sign(std::string_view message) const {
  const Key key = private_key(seed_);
  const Context context = new_context();
  std::string signature(kEd25519SignatureBytes, '\0');
  std::size_t size = signature.size();
  if (!key || !context ||
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes_of(message), message.size()) != 1) {
    log::error("OpenSSL cannot sign", {});
    std::abort();
  }
  return signature;
}

bool ed25519_verify(const Ed25519PublicKey& key, std::string_view message,
                    std::string_view signature) {
  const Key verifier(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()),
                     &EVP_PKEY_free);
  const Context context = new_context();
  return verifier && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, verifier.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message),
                          message.size()) == 1;
}

}  // namespace tidemark
