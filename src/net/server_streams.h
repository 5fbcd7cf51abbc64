// Streamed responses (SSE), each on a thread of its own. Inside src/net/ only.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "net/http_server.h"
#include "net/server_reactor.h"

namespace tidemark::net {

class StreamThreads {
 public:
  StreamThreads(const ServerLimits& limits, Reactor& reactor)
      : limits_(limits), reactor_(reactor) {}
  ~StreamThreads() { stop(); }

  // Takes the connection over and closes it when the stream ends. False when too many run or the
  // server stops: the connection is then still the caller's.
  bool start(Connection& connection, ServerResponse response);
  // Every stream's writer becomes closed. Does not wait for the stream functions to return.
  void close_all();
  void stop();  // close_all(), then waits

 private:
  void run(Connection& connection, const ServerResponse& response);
  bool is_open(const Connection& connection) const;
  bool send(const Connection& connection, std::string_view bytes) const;

  const ServerLimits& limits_;
  Reactor& reactor_;
  std::atomic<bool> closing_{false};
  std::mutex mutex_;
  std::condition_variable ended_;
  std::map<Connection*, std::thread> running_;
  std::vector<std::thread> ended_threads_;  // at their last steps, to be joined
};

}  // namespace tidemark::net
