// Two ways to a FakeGoogle: a client in the process, and a server for the real binary.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "net/http.h"
#include "support/google/fake_google.h"
#include "support/raw_http_server.h"

namespace tidemark::test {

// Any origin reaches the fake. Thread-safe. The fake must outlive it.
class FakeGoogleClient final : public HttpClient {
 public:
  // Bodies reach a BodySink in pieces of this many bytes.
  explicit FakeGoogleClient(FakeGoogle& google, std::size_t piece_bytes = 4096)
      : google_(google), piece_bytes_(piece_bytes) {}

  Result<HttpResponse> send(const HttpRequest& request, const BodySink& sink = {}) override;

  // The network's own troubles (unavailable, timeout, ...): asked before each request.
  using Trouble = std::function<std::optional<Error>(const HttpRequest&)>;
  void set_trouble(Trouble trouble);

 private:
  FakeGoogle& google_;
  const std::size_t piece_bytes_;
  std::mutex mutex_;
  Trouble trouble_;
};

// On a loopback port of its own, http. The fake must outlive it.
class FakeGoogleServer {
 public:
  explicit FakeGoogleServer(FakeGoogle& google);

  std::string url(const std::string& path = "/") const { return server_.url(path); }
  std::uint16_t port() const { return server_.port(); }

 private:
  void answer(const RawRequest& request, RawConnection& connection);

  FakeGoogle& google_;
  RawHttpServer server_;
};

}  // namespace tidemark::test
