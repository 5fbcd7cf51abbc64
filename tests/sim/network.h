// The way to the calendar servers, as the providers see it: a blocking HTTP client on a fiber, over
// a network that loses, delays, doubles and cuts.
#pragma once

#include <map>
#include <string>

#include "net/http.h"
#include "sim/fibers.h"
#include "sim/upstream.h"

namespace tidemark::sim {

// The world's part: it stays when a process dies.
struct Network {
  std::map<std::string, Upstream*> servers;        // by origin
  std::map<std::string, milliseconds> down_until;  // by origin, in world time
  std::uint64_t requests = 0;
};

class SimulatedHttp final : public HttpClient {
 public:
  SimulatedHttp(Stage& stage, Network& network, Fibers& fibers)
      : stage_(stage), network_(network), fibers_(fibers) {}

  Result<HttpResponse> send(const HttpRequest& request, const BodySink& sink = {}) override;

 private:
  Result<HttpResponse> exchange(Upstream& server, const HttpRequest& request, const BodySink& sink);
  Result<HttpResponse> ask(Upstream& server, const HttpRequest& request);
  Result<HttpResponse> deliver(HttpResponse response, const BodySink& sink);
  bool is_down(const std::string& origin) const;

  Stage& stage_;
  Network& network_;
  Fibers& fibers_;
};

}  // namespace tidemark::sim
