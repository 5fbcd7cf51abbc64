// The HTTP server's small face; cpp-httplib stands behind it and nothing else knows.
//
// Slow or idle clients cannot starve the others: connections that wait between requests hold no
// thread, headers and bodies have a deadline and a size, connections have a number in all and per
// address. TCP_NODELAY is set.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace tidemark {

struct ServerRequest {
  std::string method;
  std::string path;  // decoded, without the query
  std::multimap<std::string, std::string> query;
  HttpHeaders headers;
  std::string body;
  std::string peer;  // address, or "unix" for the operator's socket
  bool from_unix_socket = false;
  std::map<std::string, std::string> captures{};  // of the route's {name} parts, decoded
  std::string route{};  // the matching pattern, for metrics; empty when there is none

  std::optional<std::string> query_value(const std::string& name) const;
};

// Writes pieces of a streamed body (SSE). Returns false once the client has gone or the server
// stops.
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;
  virtual bool write(std::string_view piece) = 0;
  virtual bool open() const = 0;
};

struct ServerResponse {
  int status = 200;
  HttpHeaders headers{};
  std::string body{};
  std::string content_type = "application/json";
  // Not empty: the body comes from here, chunked, until it returns. Runs on a connection thread.
  std::function<void(StreamWriter&)> stream{};
};

using RouteHandler = std::function<ServerResponse(const ServerRequest&)>;

struct ServerLimits {
  std::size_t threads = 32;        // requests answered at the same time
  std::size_t streams = 256;       // streamed bodies (SSE) open at the same time, extra threads
  std::size_t connections = 2048;  // more are closed at once
  std::size_t connections_per_address = 512;
  std::size_t header_bytes = 16U << 10;              // 431
  std::size_t body_bytes = 1U << 20;                 // 413
  std::chrono::milliseconds header_timeout{10'000};  // first byte to end of headers: 408
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds write_timeout{30'000};
  std::chrono::milliseconds idle_timeout{60'000};
};

class HttpServer {
 public:
  virtual ~HttpServer() = default;
  // Before start(). Pattern: "/v1/calendars/{id}/events"; {name} matches one segment, or a part of
  // one: "/v1/calendars/{id}.ics" wins over "/v1/calendars/{id}". An encoded slash stays inside
  // its segment. HEAD is answered by GET's handler. A handler may throw: the client gets a 500.
  virtual void route(std::string method, std::string pattern, RouteHandler handler) = 0;
  // Last resort for unknown paths (404) and wrong methods (405 with Allow), and for errors the
  // server itself answers (400, 408, 413, 431, 503): turns a status into a response.
  virtual void error_handler(
      std::function<ServerResponse(int status, std::string_view detail)>) = 0;
  // Called after each request that was answered, refused ones included, on some thread of the
  // server, with the seconds its handler took. Before start().
  virtual void observe(
      std::function<void(const ServerRequest&, int status, double seconds)> observer) = 0;
  // "127.0.0.1:8420", "[::1]:0", ":0" (127.0.0.1); port 0 picks one. Can be called for several
  // addresses. invalid_argument: not an address; conflict: in use; forbidden: not allowed.
  virtual Result<void> listen(const std::string& address) = 0;
  // Mode 0600. A socket file that nobody listens on any more is replaced. conflict: somebody does,
  // or the file is no socket; invalid_argument: too long for a socket's name (107 bytes).
  virtual Result<void> listen_unix(const std::string& path) = 0;
  virtual std::uint16_t port() const = 0;  // of the first TCP address
  virtual Result<void> start() = 0;
  // Stops accepting, closes streams, lets running requests finish until the deadline. A handler
  // still running then loses its connection, and the destructor waits for it.
  virtual void stop(std::chrono::milliseconds deadline) = 0;
};

std::unique_ptr<HttpServer> make_http_server(ServerLimits limits = {});

}  // namespace tidemark
