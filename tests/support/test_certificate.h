// A certificate of an authority made on the spot. For servers in tests.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace tidemark::test {

struct TestCertificate {
  // Writes the authority's certificate to `ca_file`; its own is valid for `ip` only.
  TestCertificate(const std::string& ca_file, const std::string& ip);

  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
  Key key;
  Certificate certificate;
};

}  // namespace tidemark::test
