#include "support/test_certificate.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>

namespace tidemark::test {
namespace {

using Key = TestCertificate::Key;
using Certificate = TestCertificate::Certificate;

Key make_key() {
  return Key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate make_certificate(const std::string& name, EVP_PKEY* key, X509* issuer,
                             EVP_PKEY* issuer_key, const std::string& ip) {
  Certificate certificate(X509_new(), &X509_free);
  X509* raw = certificate.get();
  X509_set_version(raw, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(raw), issuer == nullptr ? 1 : 2);
  X509_gmtime_adj(X509_getm_notBefore(raw), -3600);
  X509_gmtime_adj(X509_getm_notAfter(raw), 3600);
  X509_set_pubkey(raw, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(raw), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509* const signer = issuer == nullptr ? raw : issuer;
  X509_set_issuer_name(raw, X509_get_subject_name(signer));
  add_extension(raw, signer, NID_basic_constraints,
                issuer == nullptr ? "critical,CA:TRUE" : "CA:FALSE");
  if (issuer != nullptr) add_extension(raw, signer, NID_subject_alt_name, "IP:" + ip);
  X509_sign(raw, issuer_key, EVP_sha256());
  return certificate;
}

}  // namespace

TestCertificate::TestCertificate(const std::string& ca_file, const std::string& ip)
    : key(make_key()), certificate(nullptr, &X509_free) {
  const Key ca_key = make_key();
  const Certificate ca =
      make_certificate("Test authority", ca_key.get(), nullptr, ca_key.get(), "");
  certificate = make_certificate("Test server", key.get(), ca.get(), ca_key.get(), ip);
  std::FILE* file = std::fopen(ca_file.c_str(), "w");
  if (file == nullptr) {
    ADD_FAILURE() << "cannot write " << ca_file;
    return;
  }
  PEM_write_X509(file, ca.get());
  std::fclose(file);
}

}  // namespace tidemark::test
