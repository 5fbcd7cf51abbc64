#include "support/raw_http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace tidemark::test {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool receive(int socket, std::string& buffer) {
  char piece[65536];
  const ssize_t count = ::recv(socket, piece, sizeof piece, 0);
  if (count <= 0) return false;
  buffer.append(piece, static_cast<std::size_t>(count));
  return true;
}

std::optional<RawRequest> read_request(int socket, std::string& buffer) {
  std::size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!receive(socket, buffer)) return std::nullopt;
  }
  RawRequest request;
  std::size_t at = buffer.find("\r\n");
  const std::string line = buffer.substr(0, at);
  const std::size_t first = line.find(' ');
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, line.rfind(' ') - first - 1);
  while (at < end) {
    const std::size_t next = buffer.find("\r\n", at + 2);
    const std::string field = buffer.substr(at + 2, next - at - 2);
    const std::size_t colon = field.find(':');
    const std::size_t value = field.find_first_not_of(' ', colon + 1);
    request.headers[lower(field.substr(0, colon))] =
        value == std::string::npos ? "" : field.substr(value);
    at = next;
  }
  const std::string length = request.header("content-length");
  const std::size_t size = length.empty() ? 0 : std::stoul(length);
  while (buffer.size() < end + 4 + size) {
    if (!receive(socket, buffer)) return std::nullopt;
  }
  request.body = buffer.substr(end + 4, size);
  buffer.erase(0, end + 4 + size);
  return request;
}

}  // namespace

std::string RawRequest::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

bool RawConnection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return open_ = false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool RawConnection::reply(int status, std::string_view body, const std::string& extra_headers) {
  std::string bytes = "HTTP/1.1 " + std::to_string(status) + " Test\r\n" + extra_headers +
                      "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return send(bytes.append(body));
}

void RawConnection::wait_until_closed() {
  std::string ignored;
  while (receive(socket_, ignored)) ignored.clear();
  open_ = false;
}

RawHttpServer::RawHttpServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    ADD_FAILURE() << "cannot listen on loopback";
    return;
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_loop(); });
}

RawHttpServer::~RawHttpServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  if (acceptor_.joinable()) acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  for (const int socket : sockets_) ::close(socket);
  ::close(listener_);
}

std::string RawHttpServer::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + path;
}

std::vector<RawRequest> RawHttpServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void RawHttpServer::wait_for_requests(std::size_t count) {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [&] { return requests_.size() >= count; });
}

void RawHttpServer::accept_loop() {
  for (int number = 1;; ++number) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      ::close(socket);
      return;
    }
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket, number] { serve(socket, number); });
  }
}

void RawHttpServer::serve(int socket, int number) {
  std::string buffer;
  RawConnection connection(socket);
  while (connection.is_open()) {
    auto request = read_request(socket, buffer);
    if (!request) break;
    request->connection = number;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(*request);
    }
    arrived_.notify_all();
    handler_(*request, connection);
  }
  // The descriptor itself is closed by the destructor, so that its number cannot be reused while
  // the destructor may still shut it down.
  ::shutdown(socket, SHUT_RDWR);
}

}  // namespace tidemark::test
