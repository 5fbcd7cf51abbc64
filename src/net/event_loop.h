// One thread that waits for sockets, for functions of other threads and for points in time.
// Inside src/net/ only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/result.h"
#include "net/server_socket.h"

namespace tidemark::net {

class EventLoop {
 public:
  using Function = std::function<void()>;
  using Steady = std::chrono::steady_clock;

  // Called on the loop's thread only.
  class Handler {
   public:
    virtual ~Handler() = default;
    // `events`: EPOLLIN and EPOLLOUT, as far as they are being watched for; an error counts as
    // both.
    virtual void on_socket(int socket, std::uint32_t events) = 0;
    // After all that was ready has been handled; answers when it wants to be called again at the
    // latest.
    virtual std::optional<Steady::time_point> turn() = 0;
  };

  explicit EventLoop(Handler& handler) : handler_(handler) {}
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  Result<void> start();
  // Any thread but the loop's own. What has been posted, and what that posts, is still run; points
  // in time are forgotten.
  void stop();

  // Any thread. Functions run in the order in which they were given, and must not throw.
  void post(Function function);
  void run_at(Steady::time_point when, Function function);
  bool in_loop() const { return std::this_thread::get_id() == thread_.get_id(); }

  // The loop's thread only. `events` 0: no longer.
  void watch(int socket, std::uint32_t events);
  // A socket between adopt() and forget() is known to live: the kernel is not told about every
  // pause in watching it, because most pauses end with the same wish. forget() before closing it.
  void adopt(int socket);
  void forget(int socket);

 private:
  struct Watched {
    std::uint32_t wanted = 0;
    std::uint32_t registered = 0;  // what the kernel believes to be wanted
    std::uint32_t generation = 0;  // tells a descriptor's number from its next life
    bool adopted = false;
  };

  void run();
  void run_posted();
  void run_due();
  int patience(std::optional<Steady::time_point> next);
  void dispatch(std::uint64_t key, std::uint32_t events);
  Watched& entry(int socket);
  void settle(int socket, Watched& watched);

  Handler& handler_;
  FileDescriptor epoll_;
  FileDescriptor wake_;
  std::vector<Watched> sockets_;  // by descriptor
  std::multimap<Steady::time_point, Function> due_;
  bool stopping_ = false;

  std::mutex mutex_;
  std::vector<Function> posted_;
  std::vector<Function> running_;

  std::thread thread_;
};

}  // namespace tidemark::net
