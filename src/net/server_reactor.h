// The server's sockets: one thread with epoll accepts, reads whole requests and finishes slow
// writes, so that waiting for a client never holds a worker. Inside src/net/ only.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "net/http_server.h"
#include "net/request_parser.h"
#include "net/server_socket.h"

namespace tidemark::net {

// Belongs to the reactor's thread, except while busy: then to whoever got it from Dispatch.
struct Connection {
  enum class Phase { idle, head, body, busy, writing, draining };

  std::uint64_t id = 0;
  FileDescriptor socket;
  std::string peer;
  bool is_unix = false;
  Phase phase = Phase::idle;
  std::chrono::steady_clock::time_point deadline;
  std::string in;           // received, not yet taken
  std::size_t scanned = 0;  // of `in`: no end of headers in there
  RequestHead head;
  BodyReader body_reader;
  std::string body;  // complete when dispatched
  std::string out;   // still to be written
  std::size_t out_at = 0;
  bool keep_alive = false;  // after `out` is written
};

class Reactor {
 public:
  // A complete request, or the reason why there will be none. Called on the reactor's thread; must
  // not block. The receiver owns the connection until answer() or close().
  using Dispatch = std::function<void(Connection&, std::optional<Refusal>)>;

  Reactor(const ServerLimits& limits, Dispatch dispatch);
  ~Reactor();

  void add(Listener listener);  // before start()
  Result<void> start();

  // Any thread. Sends `bytes`; the connection then goes on to its next request or is closed.
  void answer(Connection& connection, std::string bytes, bool keep_alive);
  void close(Connection& connection);

  // Closes listeners and idle connections; answered ones are not kept from now on.
  void stop_accepting();
  // True when no connection is busy or being written to; waits until the time point.
  bool wait_until_quiet(std::chrono::steady_clock::time_point until);
  // Ends the thread. Connections still busy are cut, but belong to their worker until it is done.
  void stop();

 private:
  using Phase = Connection::Phase;

  void loop();
  void accept_from(Listener& listener);
  void admit(FileDescriptor socket, std::string peer, bool is_unix);
  void handle(std::uint64_t id);
  void receive(Connection& connection);
  void advance(Connection& connection);
  bool take_head(Connection& connection);
  void take_body(Connection& connection);
  void continue_writing(Connection& connection);
  void drain(Connection& connection);
  void finish(Connection& connection);
  void refuse(Connection& connection, int status, std::string detail);
  void dispatch(Connection& connection, std::optional<Refusal> refusal);
  void wait_for(Connection& connection, Phase phase, std::chrono::milliseconds timeout);
  void expire();
  void close_idle();
  void resume_pipelined();
  void wake();
  void rearm_listeners(bool on);

  const ServerLimits limits_;
  const Dispatch dispatch_;
  FileDescriptor epoll_;
  FileDescriptor wake_;
  std::vector<Listener> listeners_;
  std::vector<char> received_ = std::vector<char>(65536);  // its thread's alone
  std::chrono::milliseconds tick_{};
  std::atomic<bool> accepting_{true};
  std::atomic<bool> stopping_{false};
  bool listeners_paused_ = false;

  std::mutex mutex_;
  std::condition_variable quiet_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::unordered_map<std::string, std::size_t> per_address_;
  std::vector<std::uint64_t> pipelined_;  // answered, with their next request already received
  std::size_t unix_connections_ = 0;
  std::uint64_t next_id_ = 0;

  std::thread thread_;
};

}  // namespace tidemark::net
