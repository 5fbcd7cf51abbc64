#include "net/server_reactor.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace tidemark::net {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::uint64_t kWakeId = 0;
constexpr std::uint64_t kFirstConnectionId = 1 << 16;  // below: listeners, by index + 1
constexpr int kEventsAtOnce = 128;

}  // namespace

Reactor::Reactor(const ServerLimits& limits, Dispatch dispatch)
    : limits_(limits),
      dispatch_(std::move(dispatch)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      next_id_(kFirstConnectionId) {
  const milliseconds shortest = std::min(
      {limits_.header_timeout, limits_.body_timeout, limits_.write_timeout, limits_.idle_timeout});
  tick_ = std::clamp(shortest / 4, milliseconds(5), milliseconds(250));
}

Reactor::~Reactor() {
  stop();
}

void Reactor::add(Listener listener) {
  listeners_.push_back(std::move(listener));
}

Result<void> Reactor::start() {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeId;
  if (!epoll_ || !wake_ || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) {
    return fail(Errc::io_error,
                "cannot start the HTTP server: " + std::generic_category().message(errno));
  }
  for (std::size_t index = 0; index < listeners_.size(); ++index) {
    event.data.u64 = index + 1;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listeners_[index].socket.get(), &event) != 0) {
      return fail(Errc::io_error,
                  "cannot start the HTTP server: " + std::generic_category().message(errno));
    }
  }
  thread_ = std::thread([this] { loop(); });
  return {};
}

void Reactor::wake() {
  const std::uint64_t one = 1;
  // A full counter already wakes the loop: the result does not matter.
  [[maybe_unused]] const ssize_t ignored = ::write(wake_.get(), &one, sizeof one);
}

void Reactor::loop() {
  std::array<epoll_event, kEventsAtOnce> events{};
  auto next_tick = Steady::now() + tick_;
  bool listening = true;
  while (!stopping_) {
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), kEventsAtOnce, static_cast<int>(tick_.count()));
    for (int index = 0; index < count; ++index) {
      const std::uint64_t id = events[static_cast<std::size_t>(index)].data.u64;
      if (id == kWakeId) {
        std::uint64_t ignored = 0;
        [[maybe_unused]] const ssize_t size = ::read(wake_.get(), &ignored, sizeof ignored);
      } else if (id < kFirstConnectionId) {
        if (accepting_) accept_from(listeners_[id - 1]);
      } else {
        handle(id);
      }
    }
    resume_pipelined();
    if (listening && !accepting_) {
      listeners_.clear();
      close_idle();
      listening = false;
    }
    if (Steady::now() >= next_tick) {
      if (listeners_paused_) rearm_listeners(true);
      expire();
      next_tick = Steady::now() + tick_;
    }
  }
}

void Reactor::handle(std::uint64_t id) {
  Connection* connection = nullptr;
  Phase phase = Phase::busy;
  {
    const std::lock_guard lock(mutex_);
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    connection = found->second.get();
    phase = connection->phase;
  }
  switch (phase) {
    case Phase::busy: return;
    case Phase::writing: return continue_writing(*connection);
    case Phase::draining: return drain(*connection);
    case Phase::idle:
    case Phase::head:
    case Phase::body: return receive(*connection);
  }
}

void Reactor::answer(Connection& connection, std::string bytes, bool keep_alive) {
  connection.out = std::move(bytes);
  connection.out_at = 0;
  connection.keep_alive = keep_alive && accepting_;
  continue_writing(connection);
}

void Reactor::close(Connection& connection) {
  std::unique_ptr<Connection> gone;
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(connection.id);
  if (found == connections_.end()) return;
  gone = std::move(found->second);
  connections_.erase(found);
  if (gone->is_unix) {
    --unix_connections_;
  } else if (const auto address = per_address_.find(gone->peer); --address->second == 0) {
    per_address_.erase(address);
  }
  quiet_.notify_all();
}

// Hands the connection to the reactor's thread, to be looked at when its socket is ready.
void Reactor::wait_for(Connection& connection, Phase phase, milliseconds timeout) {
  epoll_event event{};
  event.events = (phase == Phase::writing ? EPOLLOUT : EPOLLIN) | EPOLLONESHOT;
  event.data.u64 = connection.id;
  // Under the lock to the end: once the phase is set, the other thread may close the connection.
  const std::lock_guard lock(mutex_);
  if (phase != connection.phase || phase == Phase::writing) {
    connection.deadline = Steady::now() + timeout;
  }
  connection.phase = phase;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.socket.get(), &event);
  quiet_.notify_all();
}

void Reactor::continue_writing(Connection& connection) {
  while (connection.out_at < connection.out.size()) {
    const ssize_t count =
        ::send(connection.socket.get(), connection.out.data() + connection.out_at,
               connection.out.size() - connection.out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      connection.out_at += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN && !stopping_) {
      return wait_for(connection, Phase::writing, limits_.write_timeout);
    } else if (errno != EINTR) {
      return close(connection);
    }
  }
  finish(connection);
}

void Reactor::finish(Connection& connection) {
  connection.out.clear();
  connection.body.clear();
  if (stopping_) return close(connection);
  if (!connection.keep_alive) {
    // Closing at once would reset the connection when input is unread, and with it the answer.
    ::shutdown(connection.socket.get(), SHUT_WR);
    return wait_for(connection, Phase::draining,
                    std::min(limits_.idle_timeout, milliseconds(2000)));
  }
  if (connection.in.empty()) return wait_for(connection, Phase::idle, limits_.idle_timeout);
  const std::lock_guard lock(mutex_);
  connection.deadline = Steady::now() + limits_.idle_timeout;
  connection.phase = Phase::idle;
  pipelined_.push_back(connection.id);
  wake();
}

bool Reactor::wait_until_quiet(Steady::time_point until) {
  std::unique_lock lock(mutex_);
  return quiet_.wait_until(lock, until, [this] {
    return std::none_of(connections_.begin(), connections_.end(), [](const auto& entry) {
      return entry.second->phase == Phase::busy || entry.second->phase == Phase::writing;
    });
  });
}

void Reactor::stop_accepting() {
  accepting_ = false;
  wake();
}

void Reactor::stop() {
  accepting_ = false;
  stopping_ = true;
  wake();
  if (thread_.joinable()) thread_.join();
  listeners_.clear();
  std::vector<std::unique_ptr<Connection>> gone;
  const std::lock_guard lock(mutex_);
  for (auto entry = connections_.begin(); entry != connections_.end();) {
    if (entry->second->phase == Phase::busy) {
      ::shutdown(entry->second->socket.get(), SHUT_RDWR);
      ++entry;
    } else {
      gone.push_back(std::move(entry->second));
      entry = connections_.erase(entry);
    }
  }
}

}  // namespace tidemark::net
