// The half of the reactor that accepts connections and takes requests off them.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/log.h"
#include "net/http_syntax.h"
#include "net/server_reactor.h"

namespace tidemark::net {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int kAcceptsAtOnce = 64;  // so that a flood of connections does not hold up the others
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::string peer_of(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text,
                sizeof text);
  } else if (address.ss_family == AF_INET6) {
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text,
                sizeof text);
  }
  return text;
}

}  // namespace

void Reactor::accept_from(Listener& listener) {
  for (int round = 0; round < kAcceptsAtOnce; ++round) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    FileDescriptor socket(::accept4(listener.socket.get(), reinterpret_cast<sockaddr*>(&address),
                                    &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        log::warning("no more connections can be accepted for a moment",
                     {.error_code = "overloaded", .detail = "out of file descriptors or memory"});
        rearm_listeners(false);
      }
      return;
    }
    admit(std::move(socket), listener.is_unix ? "unix" : peer_of(address), listener.is_unix);
  }
}

void Reactor::rearm_listeners(bool on) {
  listeners_paused_ = !on;
  for (std::size_t index = 0; index < listeners_.size(); ++index) {
    epoll_event event{};
    event.events = on ? static_cast<std::uint32_t>(EPOLLIN) : 0U;
    event.data.u64 = index + 1;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, listeners_[index].socket.get(), &event);
  }
}

void Reactor::admit(FileDescriptor socket, std::string peer, bool is_unix) {
  auto connection = std::make_unique<Connection>();
  const int on = 1;
  if (!is_unix) ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connection->socket = std::move(socket);
  connection->peer = std::move(peer);
  connection->is_unix = is_unix;
  connection->deadline = Steady::now() + limits_.idle_timeout;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLONESHOT;

  const std::lock_guard lock(mutex_);
  // The operator's socket has its own count: a flood from the network must not lock him out.
  if (is_unix) {
    if (unix_connections_ >= limits_.connections_per_address) return;
  } else {
    const auto known = per_address_.find(connection->peer);
    const std::size_t same = known == per_address_.end() ? 0 : known->second;
    if (connections_.size() - unix_connections_ >= limits_.connections ||
        same >= limits_.connections_per_address) {
      return;
    }
  }
  connection->id = event.data.u64 = next_id_++;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection->socket.get(), &event) != 0) return;
  is_unix ? ++unix_connections_ : ++per_address_[connection->peer];
  connections_.emplace(connection->id, std::move(connection));
}

void Reactor::receive(Connection& connection) {
  const ssize_t count =
      ::recv(connection.socket.get(), received_.data(), received_.size(), MSG_DONTWAIT);
  if (count > 0) {
    connection.in.append(received_.data(), static_cast<std::size_t>(count));
    return advance(connection);
  }
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
    return wait_for(connection, connection.phase, limits_.idle_timeout);
  }
  close(connection);
}

// As far as the bytes received so far go.
void Reactor::advance(Connection& connection) {
  if (connection.phase != Phase::body && !take_head(connection)) return;
  take_body(connection);
}

// True when the head is complete; else the connection waits for more or was refused.
bool Reactor::take_head(Connection& connection) {
  std::string& in = connection.in;
  connection.head = RequestHead{};
  // Some clients send an empty line after a body (RFC 9112 section 2.2).
  while (in.starts_with("\r\n")) in.erase(0, 2);
  if (in.empty()) {
    wait_for(connection, connection.phase, limits_.idle_timeout);
    return false;
  }
  if (in[0] != '\r' && !is_token(std::string_view(in).substr(0, 1))) {
    refuse(connection, 400, "this is not HTTP");
    return false;
  }
  const std::size_t end = in.find("\r\n\r\n", connection.scanned > 3 ? connection.scanned - 3 : 0);
  if (std::min(end, in.size()) > limits_.header_bytes) {
    refuse(connection, 431, "the request's headers are too large");
    return false;
  }
  if (end == std::string::npos) {
    connection.scanned = in.size();
    wait_for(connection, Phase::head, limits_.header_timeout);
    return false;
  }
  auto head = parse_request_head(std::string_view(in).substr(0, end));
  in.erase(0, end + 4);
  connection.scanned = 0;
  if (!head) {
    refuse(connection, head.error().status, head.error().detail);
    return false;
  }
  connection.head = std::move(*head);
  if (connection.head.content_length > limits_.body_bytes) {
    refuse(connection, 413, "the request's body is too large");
    return false;
  }
  connection.body_reader = BodyReader(connection.head, limits_.body_bytes);
  if (connection.head.expects_continue && in.empty() &&
      ::send(connection.socket.get(), kContinue.data(), kContinue.size(),
             MSG_NOSIGNAL | MSG_DONTWAIT) != static_cast<ssize_t>(kContinue.size())) {
    close(connection);
    return false;
  }
  return true;
}

void Reactor::take_body(Connection& connection) {
  switch (connection.body_reader.feed(connection.in)) {
    case BodyReader::State::more: return wait_for(connection, Phase::body, limits_.body_timeout);
    case BodyReader::State::malformed:
      return refuse(connection, 400, "the chunks of the request's body are malformed");
    case BodyReader::State::too_large:
      return refuse(connection, 413, "the request's body is too large");
    case BodyReader::State::complete:
      connection.body = connection.body_reader.take();
      return dispatch(connection, std::nullopt);
  }
}

void Reactor::refuse(Connection& connection, int status, std::string detail) {
  dispatch(connection, Refusal{status, std::move(detail)});
}

void Reactor::dispatch(Connection& connection, std::optional<Refusal> refusal) {
  {
    const std::lock_guard lock(mutex_);
    connection.phase = Phase::busy;
  }
  dispatch_(connection, std::move(refusal));
}

void Reactor::drain(Connection& connection) {
  std::array<char, 16384> ignored;
  const ssize_t count =
      ::recv(connection.socket.get(), ignored.data(), ignored.size(), MSG_DONTWAIT);
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return close(connection);
  wait_for(connection, Phase::draining, limits_.idle_timeout);
}

void Reactor::expire() {
  const auto now = Steady::now();
  std::vector<Connection*> late;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, connection] : connections_) {
      if (connection->phase != Phase::busy && connection->deadline <= now) {
        late.push_back(connection.get());
      }
    }
  }
  for (Connection* connection : late) {
    if (connection->phase == Phase::head) {
      refuse(*connection, 408, "the request's headers did not arrive in time");
    } else if (connection->phase == Phase::body) {
      refuse(*connection, 408, "the request's body did not arrive in time");
    } else {
      close(*connection);
    }
  }
}

void Reactor::close_idle() {
  std::vector<Connection*> idle;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, connection] : connections_) {
      if (connection->phase == Phase::idle || connection->phase == Phase::head ||
          connection->phase == Phase::body) {
        idle.push_back(connection.get());
      }
    }
  }
  for (Connection* connection : idle) close(*connection);
}

void Reactor::resume_pipelined() {
  std::vector<std::uint64_t> ready;
  {
    const std::lock_guard lock(mutex_);
    ready.swap(pipelined_);
  }
  for (const std::uint64_t id : ready) {
    Connection* connection = nullptr;
    {
      const std::lock_guard lock(mutex_);
      const auto found = connections_.find(id);
      if (found != connections_.end() && found->second->phase == Phase::idle) {
        connection = found->second.get();
      }
    }
    if (connection != nullptr) advance(*connection);
  }
}

}  // namespace tidemark::net
