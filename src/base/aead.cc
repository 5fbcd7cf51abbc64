#include "base/aead.h"

#include <openssl/evp.h>

#include <memory>

#include "base/random.h"

namespace tidemark {
namespace {

constexpr char kFormat = 1;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
static_assert(kAeadOverhead == 1 + kNonceBytes + kTagBytes);

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* input(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* output(std::string& bytes, std::size_t from) {
  return reinterpret_cast<unsigned char*>(bytes.data()) + from;
}
// OpenSSL counts in int; check() has seen to it that everything fits.
int length(std::string_view bytes) {
  return static_cast<int>(bytes.size());
}

Result<void> check(const Secret& key, std::size_t bytes, std::string_view bound_to) {
  if (key.reveal().size() != kAeadKeyBytes) {
    return fail(Errc::invalid_argument,
                "an AES-256 key has 32 bytes, this one has " + std::to_string(key.reveal().size()));
  }
  if (bytes > kMaxAeadBytes || bound_to.size() > kMaxAeadBytes) {
    return fail(Errc::limit_exceeded, "more than 16 MiB to encrypt in one piece");
  }
  return {};
}

// Runs the cipher over everything; the caller deals with the tag. Nothing to encrypt is no call: a
// null output means additional data to OpenSSL.
bool run(EVP_CIPHER_CTX* context, std::string_view bound_to, std::string_view from, std::string& to,
         std::size_t at) {
  int written = 0;
  if (!bound_to.empty() &&
      EVP_CipherUpdate(context, nullptr, &written, input(bound_to), length(bound_to)) != 1) {
    return false;
  }
  return from.empty() ||
         (EVP_CipherUpdate(context, output(to, at), &written, input(from), length(from)) == 1 &&
          written == length(from));
}

}  // namespace

Result<std::string> aead_seal(const Secret& key, std::string_view plaintext,
                              std::string_view bound_to) {
  TM_TRY(check(key, plaintext.size(), bound_to));
  TM_ASSIGN(const auto nonce, random_bytes(kNonceBytes));
  std::string sealed(1, kFormat);
  sealed.append(nonce);
  sealed.resize(plaintext.size() + kAeadOverhead);
  const Context context(EVP_CIPHER_CTX_new());
  int rest = 0;
  if (!context ||
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, input(key.reveal()),
                         input(nonce)) != 1 ||
      !run(context.get(), bound_to, plaintext, sealed, 1 + kNonceBytes) ||
      EVP_EncryptFinal_ex(context.get(), output(sealed, 1 + kNonceBytes + plaintext.size()),
                          &rest) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes,
                          output(sealed, sealed.size() - kTagBytes)) != 1) {
    return fail(Errc::internal, "OpenSSL could not encrypt with AES-256-GCM");
  }
  return sealed;
}

Result<Secret> aead_open(const Secret& key, std::string_view sealed, std::string_view bound_to) {
  if (sealed.size() < kAeadOverhead || sealed[0] != kFormat) {
    return fail(Errc::corrupt, "encrypted bytes are cut short or of an unknown format");
  }
  const auto nonce = sealed.substr(1, kNonceBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  const auto ciphertext = sealed.substr(1 + kNonceBytes, sealed.size() - kAeadOverhead);
  TM_TRY(check(key, ciphertext.size(), bound_to));
  // One byte more than needed: OpenSSL wants somewhere to write the nothing at the end.
  std::string plaintext(ciphertext.size() + 1, '\0');
  const Context context(EVP_CIPHER_CTX_new());
  int rest = 0;
  const bool opened =
      context &&
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, input(key.reveal()),
                         input(nonce)) == 1 &&
      run(context.get(), bound_to, ciphertext, plaintext, 0) &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, output(tag, 0)) == 1 &&
      EVP_DecryptFinal_ex(context.get(), output(plaintext, ciphertext.size()), &rest) == 1;
  plaintext.resize(ciphertext.size());
  // Wiped with it when the tag did not match: it is worth nothing then, but may be partly true.
  Secret secret(std::move(plaintext));
  if (!opened) {
    return fail(Errc::corrupt,
                "encrypted bytes do not open: they were altered or moved, or the key is another");
  }
  return secret;
}

}  // namespace tidemark
