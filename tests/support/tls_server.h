// A loopback HTTPS server with a certificate authority made on the spot. For testing clients.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace tidemark::test {

class TlsServer {
 public:
  // Writes the authority's certificate to `ca_file`. Answers 401 with a Digest challenge on
  // /digest, else 200 with the request's Authorization header as body. The certificate is valid for
  // `certified_ip` only.
  explicit TlsServer(const std::string& ca_file, const std::string& certified_ip = "127.0.0.1");
  ~TlsServer();

  std::string url(const std::string& path = "/") const;
  std::vector<std::string> authorizations() const;  // of every request, in order

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidemark::test
