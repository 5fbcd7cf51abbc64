// cpp-httplib, used for what it does well: reading a request's parameters and writing a response.
// Its sockets, threads and limits are not used. Inside src/net/ only.
#pragma once

#include <httplib.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "net/http_server.h"
#include "net/request_parser.h"

namespace tidemark::net {

// One per thread: not thread-safe.
class HttplibBridge : private httplib::Server {
 public:
  using Query = std::multimap<std::string, std::string>;
  using Answer = std::function<ServerResponse(const Query& query)>;
  // False once nobody reads any more.
  using Sink = std::function<bool(std::string_view bytes)>;

  explicit HttplibBridge(const ServerLimits& limits);

  // The response's bytes. `answer` is called exactly once, unless the head cannot be read.
  std::string respond(const RequestHead& head, bool keep_alive, const Answer& answer);

  // Writes the head and the chunked body to `sink` while `response.stream` runs; is_open() tells
  // it whether somebody still listens.
  void stream(const ServerResponse& response, const Sink& sink,
              const std::function<bool()>& is_open);

 private:
  void fill(httplib::Response& to, ServerResponse&& from);

  std::function<bool()> is_open_;
  Answer answer_;
};

}  // namespace tidemark::net
