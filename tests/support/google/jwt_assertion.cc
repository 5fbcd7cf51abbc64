#include "support/google/jwt_assertion.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/base64.h"
#include "base/text.h"

namespace tidemark::test::google {

std::string to_base64url(std::string_view bytes) {
  std::string out = to_base64(bytes);
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  out.erase(std::find(out.begin(), out.end(), '='), out.end());
  return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  std::string padded(text);
  std::replace(padded.begin(), padded.end(), '-', '+');
  std::replace(padded.begin(), padded.end(), '_', '/');
  padded.append((4 - padded.size() % 4) % 4, '=');
  auto bytes = from_base64(padded);
  if (!bytes) return std::nullopt;
  return std::move(*bytes);
}

std::optional<JwtAssertion> read_jwt(const std::string& text) {
  const std::vector<std::string> parts = split(text, '.');
  if (parts.size() != 3) return std::nullopt;
  const auto header = from_base64url(parts[0]);
  const auto claims = from_base64url(parts[1]);
  const auto signature = from_base64url(parts[2]);
  if (!header || !claims || !signature) return std::nullopt;
  JwtAssertion out{parse_json(*header).value_or(Json()), parse_json(*claims).value_or(Json()),
                   parts[0] + "." + parts[1], *signature};
  if (!out.header.is_object() || !out.claims.is_object()) return std::nullopt;
  return out;
}

bool verify_rs256(const JwtAssertion& assertion, const std::string& public_key_pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> source(
      BIO_new_mem_buf(public_key_pem.data(), static_cast<int>(public_key_pem.size())), &BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PUBKEY(source.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return false;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  const auto bytes = [](const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  };
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes(assertion.signature), assertion.signature.size(),
                          bytes(assertion.signed_part), assertion.signed_part.size()) == 1;
}

}  // namespace tidemark::test::google
