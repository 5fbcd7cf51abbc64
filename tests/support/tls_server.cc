#include "support/tls_server.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <thread>

#include "support/test_certificate.h"

namespace tidemark::test {

struct TlsServer::Impl {
  TestCertificate identity;
  std::unique_ptr<httplib::SSLServer> server;
  int port = 0;
  mutable std::mutex mutex;
  std::vector<std::string> authorizations;
  std::thread thread;

  Impl(const std::string& ca_file, const std::string& ip) : identity(ca_file, ip) {}
};

TlsServer::TlsServer(const std::string& ca_file, const std::string& certified_ip)
    : impl_(std::make_unique<Impl>(ca_file, certified_ip)) {
  impl_->server = std::make_unique<httplib::SSLServer>(impl_->identity.certificate.get(),
                                                       impl_->identity.key.get());
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
