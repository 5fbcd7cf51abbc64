// Requests that wait for their turn: so many at once in all and per host, hosts taking turns, so
// that one slow or busy host holds up nobody else. Inside src/net/ only.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/async_http_client.h"
#include "net/url.h"

namespace tidemark::net {

struct QueuedRequest {
  HttpRequest request;
  Url url;  // parsed from request.url
  AsyncHttpClient::Done done;
  std::chrono::steady_clock::time_point asked;
};

// Belongs to one thread.
class RequestQueue {
 public:
  RequestQueue(std::size_t max_running, std::size_t max_per_host)
      : max_running_(max_running), max_per_host_(max_per_host) {}

  void push(QueuedRequest request);
  // The next one that may run, which counts as running from now; nothing when none may.
  std::optional<QueuedRequest> take();
  // One of this host's that was taken has ended.
  void finished(const std::string& host);
  // All that wait, in no particular order.
  std::vector<QueuedRequest> take_all();

  std::size_t running() const { return running_; }
  std::size_t waiting() const { return waiting_; }

 private:
  struct Host {
    std::deque<QueuedRequest> waiting;
    std::size_t running = 0;
    bool in_turn = false;  // in turns_: something waits and may run
  };

  void line_up(Host& host);

  const std::size_t max_running_;
  const std::size_t max_per_host_;
  std::unordered_map<std::string, Host> hosts_;  // only those with something waiting or running
  std::deque<Host*> turns_;
  std::size_t running_ = 0;
  std::size_t waiting_ = 0;
};

}  // namespace tidemark::net
