// A loopback HTTPS server that speaks HTTP/2 only, and of it only what counting needs: it answers
// every request with 204 and no body, once a given number of them is open on one connection. For
// testing clients.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/test_certificate.h"

namespace tidemark::test {

class Http2Server {
 public:
  // Writes the authority's certificate to `ca_file`.
  Http2Server(const std::string& ca_file, std::size_t open_before_answers);
  ~Http2Server();
  Http2Server(const Http2Server&) = delete;
  Http2Server& operator=(const Http2Server&) = delete;

  std::string url(const std::string& path = "/") const;
  std::size_t connections() const;
  std::size_t requests() const;

 private:
  void accept_loop();
  void serve(int socket);
  void talk(SSL* tls);

  const std::size_t open_before_answers_;
  TestCertificate identity_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::size_t requests_ = 0;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  bool stopping_ = false;
  std::thread acceptor_;
};

}  // namespace tidemark::test
