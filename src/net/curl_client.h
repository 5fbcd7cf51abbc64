// The HTTP client behind HttpClient: libcurl, with connections kept per origin and user.
//
// What it does not do, by design: follow redirects, use proxies (environment included), read
// .netrc, keep cookies, speak anything but http and https, or skip certificate checks.
//
// Credentials. Over https Basic is sent with the first request, because some servers answer an
// anonymous request with an anonymous view instead of 401; a server that wants Digest (RFC 7616)
// says so and gets it. Over plain http the server is asked first and Digest is preferred. What an
// origin wanted is remembered for the client's life, so the extra round trip happens once.
#pragma once

#include <memory>

#include "net/http.h"

namespace tidemark {

// Thread-safe. The first one made sets SIGPIPE to ignored, unless the process handles it: a peer
// that closes early must not end us.
class CurlHttpClient final : public HttpClient {
 public:
  CurlHttpClient();
  ~CurlHttpClient() override;  // no send() may be running
  CurlHttpClient(const CurlHttpClient&) = delete;
  CurlHttpClient& operator=(const CurlHttpClient&) = delete;

  Result<HttpResponse> send(const HttpRequest& request, const BodySink& sink = {}) override;

  // Ends every running send() at once, and every later one, with Errc::cancelled. For shutdown.
  void cancel_all();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidemark
