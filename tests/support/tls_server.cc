#include "support/tls_server.h"

#include <gtest/gtest.h>
#include <httplib.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <thread>

namespace tidemark::test {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

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

struct TlsServer::Impl {
  Key ca_key = make_key();
  Certificate ca{make_certificate("Test authority", ca_key.get(), nullptr, ca_key.get(), "")};
  Key key = make_key();
  Certificate certificate;
  std::unique_ptr<httplib::SSLServer> server;
  int port = 0;
  mutable std::mutex mutex;
  std::vector<std::string> authorizations;
  std::thread thread;

  explicit Impl(const std::string& ip)
      : certificate(make_certificate("Test server", key.get(), ca.get(), ca_key.get(), ip)) {}
};

TlsServer::TlsServer(const std::string& ca_file, const std::string& certified_ip)
    : impl_(std::make_unique<Impl>(certified_ip)) {
  std::FILE* file = std::fopen(ca_file.c_str(), "w");
  if (file == nullptr) {
    ADD_FAILURE() << "cannot write " << ca_file;
    return;
  }
  PEM_write_X509(file, impl_->ca.get());
  std::fclose(file);
  impl_->server = std::make_unique<httplib::SSLServer>(impl_->certificate.get(), impl_->key.get());
  impl_->server->Get(".*", [this](const httplib::Request& request, httplib::Response& response) {
    const std::string authorization = request.get_header_value("Authorization");
    {
      const std::lock_guard lock(impl_->mutex);
      impl_->authorizations.push_back(authorization);
    }
    if (request.path == "/digest" && !authorization.starts_with("Digest ")) {
      response.status = 401;
      response.set_header("WWW-Authenticate", "Digest realm=\"r\", qop=\"auth\", nonce=\"n\"");
      return;
    }
    response.set_content(authorization, "text/plain");
  });
  // Stopping waits for idle connections, and clients keep theirs: so one request each.
  impl_->server->set_keep_alive_max_count(1);
  impl_->port = impl_->server->bind_to_any_port("127.0.0.1");
  impl_->thread = std::thread([this] { impl_->server->listen_after_bind(); });
  // stop() before the loop runs would be lost. Yielding is enough: the loop starts at once.
  while (!impl_->server->is_running()) std::this_thread::yield();
}

TlsServer::~TlsServer() {
  if (!impl_->server) return;
  impl_->server->stop();
  impl_->thread.join();
}

std::string TlsServer::url(const std::string& path) const {
  return "https://127.0.0.1:" + std::to_string(impl_->port) + path;
}

std::vector<std::string> TlsServer::authorizations() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->authorizations;
}

}  // namespace tidemark::test
