// Requests per second through AsyncHttpClient to a responder in the same process: what sending one
// webhook costs when the receiver costs next to nothing.
//
// The responder is one thread with epoll that answers every request with 200 and a short body.
// CPU is told apart: the driver thread's own, and the whole process's, the responder included.
//
//   async_http_bench [--seconds S] [--connections N] [--bytes N] [--rounds N]
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <future>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "net/async_http_client.h"

namespace {

using namespace tidemark;
using Steady = std::chrono::steady_clock;

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "async_http_bench: %s\n", what.c_str());
  std::exit(1);
}

double cpu_seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Answers requests that have a Content-Length and arrive in order; knows nothing else of HTTP.
class Responder {
 public:
  Responder() {
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
    add(listener_);
    add(stop_);
    thread_ = std::thread([this] { run(); });
  }
  ~Responder() {
    ::eventfd_write(stop_, 1);
    thread_.join();
    for (const auto& [socket, buffer] : buffers_) ::close(socket);
    for (const int descriptor : {listener_, epoll_, stop_}) ::close(descriptor);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/hook"; }
  std::size_t accepted() const { return accepted_; }

 private:
  void add(int socket) {
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
      add(socket);
    }
  }

  void serve(int socket) {
    static constexpr std::string_view kAnswer =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";
    char piece[16384];
    const ssize_t count = ::recv(socket, piece, sizeof piece, 0);
    if (count <= 0) {
      buffers_.erase(socket);
      ::close(socket);
      return;
    }
    std::string& buffer = buffers_[socket];
    buffer.append(piece, static_cast<std::size_t>(count));
    while (true) {
      const std::size_t end = buffer.find("\r\n\r\n");
      if (end == std::string::npos) return;
      const std::size_t length = buffer.find("Content-Length: ");
      const std::size_t total = end + 4 + std::strtoul(buffer.c_str() + length + 16, nullptr, 10);
      if (buffer.size() < total) return;
      buffer.erase(0, total);
      if (::send(socket, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL) < 0) return;
    }
  }

  int listener_ = -1;
  int epoll_ = -1;
  int stop_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> accepted_ = 0;
  std::unordered_map<int, std::string> buffers_;
  std::thread thread_;
};

// Keeps as many requests running as there are connections, from the driver thread itself.
class Load {
 public:
  Load(AsyncHttpClient& client, std::string url, std::size_t bytes)
      : client_(client), url_(std::move(url)), body_(bytes, 'b') {}

  void run(std::size_t connections, double seconds) {
    until_ = Steady::now() +
             std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(seconds));
    running_ = connections;
    for (std::size_t i = 0; i < connections; ++i) send();
    over_.get_future().wait();
  }
  std::size_t done() const { return done_; }

 private:
  void send() {
    HttpRequest request;
    request.method = "POST";
    request.url = url_;
    request.headers = {{"Content-Type", "application/json"},
                       {"Webhook-Id", "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"},
                       {"Webhook-Timestamp", "1674087231"},
                       {"Webhook-Signature", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="}};
    request.body = body_;
    request.total_timeout = std::chrono::seconds(15);
    request.keep_body_bytes = 1024;
    client_.start(std::move(request), [this](Result<HttpResponse> answer, const HttpTiming&) {
      if (!answer) give_up(answer.error().message);
      ++done_;
      if (Steady::now() < until_) return send();
      if (--running_ == 0) over_.set_value();
    });
  }

  AsyncHttpClient& client_;
  const std::string url_;
  const std::string body_;
  Steady::time_point until_;
  std::atomic<std::size_t> running_ = 0;
  std::atomic<std::size_t> done_ = 0;
  std::promise<void> over_;
};

double driver_cpu(AsyncHttpClient& client) {
  std::promise<double> seconds;
  client.post([&] { seconds.set_value(cpu_seconds(CLOCK_THREAD_CPUTIME_ID)); });
  return seconds.get_future().get();
}

}  // namespace

int main(int argc, char** argv) {
  double seconds = 3;
  std::size_t connections = 64;
  std::size_t bytes = 512;
  int rounds = 3;
  for (int i = 1; i < argc; i += 2) {
    const std::string flag = argv[i];
    const double value = i + 1 < argc ? std::atof(argv[i + 1]) : 0;
    if (value <= 0) give_up("needs a number: " + flag);
    if (flag == "--seconds") {
      seconds = value;
    } else if (flag == "--connections") {
      connections = static_cast<std::size_t>(value);
    } else if (flag == "--bytes") {
      bytes = static_cast<std::size_t>(value);
    } else if (flag == "--rounds") {
      rounds = static_cast<int>(value);
    } else {
      give_up("unknown argument " + flag);
    }
  }
  Responder responder;
  auto client =
      AsyncHttpClient::make({.max_connections = connections, .max_per_host = connections});
  if (!client) give_up(client.error().message);
  for (int round = 0; round < rounds; ++round) {
    Load load(**client, responder.url(), bytes);
    const auto begun = Steady::now();
    const double process = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
    const double driver = driver_cpu(**client);
    load.run(connections, seconds);
    const auto done = static_cast<double>(load.done());
    std::printf(
        "%zu connections, %zu bytes: %.0f requests/s, CPU per request: driver %.1f us, "
        "process %.1f us (%zu accepted)\n",
        connections, bytes, done / std::chrono::duration<double>(Steady::now() - begun).count(),
        (driver_cpu(**client) - driver) * 1e6 / done,
        (cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - process) * 1e6 / done, responder.accepted());
    std::fflush(stdout);
  }
  return 0;
}
