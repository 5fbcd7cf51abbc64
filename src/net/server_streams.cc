#include "net/server_streams.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "net/httplib_bridge.h"

namespace tidemark::net {

bool StreamThreads::start(Connection& connection, ServerResponse response) {
  const std::lock_guard lock(mutex_);
  for (std::thread& thread : ended_threads_) thread.join();
  ended_threads_.clear();
  if (closing_ || running_.size() >= limits_.streams) return false;
  try {
    running_.emplace(&connection, std::thread([this, &connection, response = std::move(response)] {
      run(connection, response);
    }));
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

void StreamThreads::run(Connection& connection, const ServerResponse& response) {
  {
    HttplibBridge bridge(limits_);
    bridge.stream(
        response, [&](std::string_view bytes) { return send(connection, bytes); },
        [&] { return is_open(connection); });
  }
  {
    // Before the socket is closed: close_all() shuts down what is in running_. After this, the lock
    // is not taken here any more, because whoever holds it may be joining this thread.
    const std::lock_guard lock(mutex_);
    const auto self = running_.find(&connection);
    ended_threads_.push_back(std::move(self->second));
    running_.erase(self);
    ended_.notify_all();
  }
  ::shutdown(connection.socket.get(), SHUT_WR);
  reactor_.close(connection);
}

bool StreamThreads::is_open(const Connection& connection) const {
  if (closing_) return false;
  char byte = 0;
  const ssize_t count = ::recv(connection.socket.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

bool StreamThreads::send(const Connection& connection, std::string_view bytes) const {
  using Steady = std::chrono::steady_clock;
  const auto deadline = Steady::now() + limits_.write_timeout;
  while (!bytes.empty()) {
    if (closing_) return false;
    const ssize_t count =
        ::send(connection.socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return false;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Steady::now()).count();
    if (left <= 0) return false;
    pollfd waiting{.fd = connection.socket.get(), .events = POLLOUT, .revents = 0};
    ::poll(&waiting, 1, static_cast<int>(left));
  }
  return true;
}

void StreamThreads::close_all() {
  const std::lock_guard lock(mutex_);
  closing_ = true;
  // Wakes those that wait for a slow reader.
  for (const auto& [connection, thread] : running_) {
    ::shutdown(connection->socket.get(), SHUT_RDWR);
  }
}

void StreamThreads::stop() {
  close_all();
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return running_.empty(); });
  for (std::thread& thread : ended_threads_) thread.join();
  ended_threads_.clear();
}

}  // namespace tidemark::net
