#include "base/rsa.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/base64.h"

namespace tidemark {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

constexpr int kLeastBits = 2'048;  // RFC 7518 section 3.3
constexpr std::size_t kMaxPemBytes = 64U << 10;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

tl::unexpected<Error> no_key() {
  return fail(Errc::invalid_argument,
              "the private key is no RSA key of at least 2,048 bits in PEM (\"-----BEGIN PRIVATE "
              "KEY-----\")");
}

// Between the lines that say what it is.
Result<Secret> der_of(std::string_view pem) {
  if (pem.size() > kMaxPemBytes) return no_key();
  const auto begin = pem.find("PRIVATE KEY-----");
  if (begin == std::string_view::npos) return no_key();
  pem.remove_prefix(begin + std::string_view("PRIVATE KEY-----").size());
  const auto end = pem.find("-----END");
  if (end == std::string_view::npos) return no_key();
  std::string base64(pem.substr(0, end));
  std::erase_if(base64, [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
  auto der = from_base64(base64);
  OPENSSL_cleanse(base64.data(), base64.size());
  if (!der) return no_key();
  return Secret(*std::move(der));
}

}  // namespace

Result<std::string> sign_rs256(const Secret& private_key_pem, std::string_view message) {
  TM_ASSIGN(const Secret der, der_of(private_key_pem.reveal()));
  const unsigned char* at = bytes_of(der.reveal());
  const Key key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.reveal().size())),
                &EVP_PKEY_free);
  if (key == nullptr || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA ||
      EVP_PKEY_get_bits(key.get()) < kLeastBits) {
    return no_key();
  }
  const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::size_t size = 0;
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes_of(message), message.size()) != 1) {
    std::abort();
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes_of(message), message.size()) != 1) {
    std::abort();
  }
  signature.resize(size);
  return signature;
}

}  // namespace tidemark
