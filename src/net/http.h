// HTTP as Tidemark speaks it upstream: one request, one response, errors as values.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace tidemark {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;
// Case-insensitive; the first one, or nothing.
std::optional<std::string> find_header(const HttpHeaders& headers, std::string_view name);

// How long an answer asks us to wait (RFC 9110 section 10.2.3: seconds or an HTTP date); at most a
// week, never negative; nothing when the header is missing or unreadable.
std::optional<std::chrono::seconds> retry_after(const HttpHeaders& headers, WallTime now);

struct Credentials {
  std::string username;
  Secret password;
};

struct TlsSettings {
  std::string ca_file{};  // empty: the system's
  // Verification cannot be switched off; a private CA goes into ca_file.
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // absolute, http or https
  HttpHeaders headers{};
  std::string body{};
  std::optional<Credentials> credentials{};  // Basic or Digest, whichever the server asks for
  TlsSettings tls{};
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds total_timeout{300'000};
  // Given up when slower than 1 byte/s for this long (a server may think long before it answers).
  std::chrono::milliseconds stall_timeout{120'000};
  std::uint64_t max_body_bytes = 64ULL << 20;  // after decompression; more is Errc::limit_exceeded
  // For callers that want the status and the beginning: this much of any answer's body is kept and
  // the rest is read and dropped, so that the connection can serve again. At max_body_bytes the
  // answer is cut off. Once what is to be kept has come, nothing that goes wrong in the rest is an
  // error. Does not concern bodies that a BodySink takes.
  std::optional<std::size_t> keep_body_bytes{};
  std::size_t max_header_bytes = 64U << 10;
  std::string unix_socket{};  // not empty: connect there instead of to the URL's host
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  std::string body;  // empty when a BodySink took it
};

// Receives the body of a 2xx answer piece by piece, on the calling thread. Returning an error ends
// the transfer with that error. Bodies of other answers land in HttpResponse::body.
using BodySink = std::function<Result<void>(std::string_view piece)>;

// Thread-safe; send() blocks. Connections are kept and reused. Redirects are never followed: the
// caller decides (credentials must not leak to another host). Any status is a success here; errors
// are: unavailable (DNS, refused, reset), timeout, tls_error, limit_exceeded, protocol_error,
// cancelled, invalid_argument (bad URL or scheme).
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual Result<HttpResponse> send(const HttpRequest& request, const BodySink& sink = {}) = 0;
};

}  // namespace tidemark
