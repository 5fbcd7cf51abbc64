// The cheapest receiver of webhooks there can be: one thread with epoll that answers every request
// on loopback with 200 and a short body, and keeps connections open. What a benchmark measures is
// then the sender.
//
// Requests must have a Content-Length, and each connection must wait for its answer before it sends
// the next one; it knows nothing else of HTTP.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>

#include "support.h"

namespace tidemark::bench {

class HttpResponder {
 public:
  // Called with each request's body before it is answered, on the responder's thread.
  using Seen = std::function<void(std::string_view body)>;

  explicit HttpResponder(Seen seen = {}) : seen_(std::move(seen)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 1024) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      give_up("cannot listen on loopback");
    }
    port_ = ntohs(address.sin_port);
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    stop_ = ::eventfd(0, EFD_CLOEXEC);
    watch(listener_);
    watch(stop_);
    thread_ = std::thread([this] { run(); });
  }
  ~HttpResponder() {
    ::eventfd_write(stop_, 1);
    thread_.join();
    for (const auto& [socket, buffer] : buffers_) ::close(socket);
    for (const int descriptor : {listener_, epoll_, stop_}) ::close(descriptor);
  }
  HttpResponder(const HttpResponder&) = delete;
  HttpResponder& operator=(const HttpResponder&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/hook"; }
  std::size_t accepted() const { return accepted_; }  // connections
  std::size_t answered() const { return answered_; }  // requests
  double cpu() {
    clockid_t clock{};
    pthread_getcpuclockid(thread_.native_handle(), &clock);
    return cpu_seconds(clock);
  }

 private:
  void watch(int socket) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = socket;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
  }

  void run() {
    epoll_event events[256];
    while (true) {
      const int count = ::epoll_wait(epoll_, events, 256, -1);
      for (int i = 0; i < count; ++i) {
        const int socket = events[i].data.fd;
        if (socket == stop_) return;
        socket == listener_ ? accept_all() : serve(socket);
      }
    }
  }

  void accept_all() {
    int socket = 0;
    while ((socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
      const int on = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      ++accepted_;
      buffers_[socket];
      watch(socket);
    }
  }

  void serve(int socket) {
    static constexpr std::string_view kAnswer =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";
    char piece[16384];
    const ssize_t count = ::recv(socket, piece, sizeof piece, 0);
    if (count <= 0) return forget(socket);
    std::string& buffer = buffers_[socket];
    buffer.append(piece, static_cast<std::size_t>(count));
    while (true) {
      const std::size_t end = buffer.find("\r\n\r\n");
      if (end == std::string::npos) return;
      const std::size_t begin = end + 4;
      const std::size_t total = begin + content_length({buffer.data(), end});
      if (buffer.size() < total) return;
      if (seen_) seen_({buffer.data() + begin, total - begin});
      buffer.erase(0, total);
      ++answered_;
      if (::send(socket, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL) < 0) return forget(socket);
    }
  }

  void forget(int socket) {
    buffers_.erase(socket);
    ::close(socket);
  }

  // Header names come in any case.
  static std::size_t content_length(std::string_view head) {
    static constexpr std::string_view kName = "content-length:";
    for (std::size_t at = head.find('\n'); at != std::string_view::npos;
         at = head.find('\n', at + 1)) {
      const std::string_view line = head.substr(at + 1);
      if (line.size() > kName.size() &&
          ::strncasecmp(line.data(), kName.data(), kName.size()) == 0) {
        return std::strtoul(line.data() + kName.size(), nullptr, 10);
      }
    }
    return 0;
  }

  const Seen seen_;
  int listener_ = -1;
  int epoll_ = -1;
  int stop_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> accepted_ = 0;
  std::atomic<std::size_t> answered_ = 0;
  std::unordered_map<int, std::string> buffers_;
  std::thread thread_;
};

}  // namespace tidemark::bench
