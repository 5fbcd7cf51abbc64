#include "net/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace tidemark::net {
namespace {

constexpr std::uint64_t kWakeKey = ~std::uint64_t{0};
constexpr std::size_t kEventsAtOnce = 256;
constexpr std::chrono::milliseconds kLongestWait{60'000};

std::uint64_t key_of(int socket, std::uint32_t generation) {
  return (std::uint64_t{generation} << 32) | static_cast<std::uint32_t>(socket);
}

tl::unexpected<Error> system_failure(const std::string& what, int number) {
  return fail(Errc::io_error, what + ": " + std::generic_category().message(number));
}

}  // namespace

Result<void> EventLoop::start() {
  epoll_ = FileDescriptor(::epoll_create1(EPOLL_CLOEXEC));
  wake_ = FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeKey;
  if (!epoll_ || !wake_ || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) {
    return system_failure("cannot make an event loop", errno);
  }
  try {
    // What is posted waits for the thread to know itself: see in_loop().
    const std::lock_guard lock(mutex_);
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    return system_failure("cannot start a thread for an event loop", error.code().value());
  }
  return {};
}

void EventLoop::stop() {
  if (!thread_.joinable()) return;
  post([this] { stopping_ = true; });
  thread_.join();
}

void EventLoop::post(Function function) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    // The loop looks again before it waits, so that one wake-up serves all until then.
    wake = posted_.empty();
    posted_.push_back(std::move(function));
  }
  if (wake && wake_ && !in_loop()) ::eventfd_write(wake_.get(), 1);
}

void EventLoop::run_at(Steady::time_point when, Function function) {
  if (in_loop()) {
    due_.emplace(when, std::move(function));
  } else {
    post([this, when, function = std::move(function)]() mutable {
      due_.emplace(when, std::move(function));
    });
  }
}

void EventLoop::run() {
  { const std::lock_guard lock(mutex_); }
  std::array<epoll_event, kEventsAtOnce> events;
  while (true) {
    run_posted();
    run_due();
    const auto next = handler_.turn();
    const int wait = patience(next);
    if (stopping_) {
      const std::lock_guard lock(mutex_);
      if (posted_.empty()) return;
    }
    const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsAtOnce, wait);
    for (int i = 0; i < count; ++i) dispatch(events[i].data.u64, events[i].events);
  }
}

void EventLoop::run_posted() {
  {
    const std::lock_guard lock(mutex_);
    running_.swap(posted_);
  }
  for (Function& function : running_) {
    function();
    function = nullptr;  // what it holds must not wait for the others
  }
  running_.clear();
}

void EventLoop::run_due() {
  if (due_.empty()) return;
  const auto now = Steady::now();
  while (!stopping_ && !due_.empty() && due_.begin()->first <= now) {
    const auto node = due_.extract(due_.begin());
    node.mapped()();
  }
}

int EventLoop::patience(std::optional<Steady::time_point> next) {
  {
    const std::lock_guard lock(mutex_);
    if (!posted_.empty() || stopping_) return 0;
  }
  if (!due_.empty() && (!next || due_.begin()->first < *next)) next = due_.begin()->first;
  if (!next) return static_cast<int>(kLongestWait.count());
  // Rounded up: waking a moment early would mean turning until the moment has passed.
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*next - Steady::now());
  return static_cast<int>(std::clamp(wait, std::chrono::milliseconds(0), kLongestWait).count());
}

void EventLoop::dispatch(std::uint64_t key, std::uint32_t events) {
  if (key == kWakeKey) {
    eventfd_t ignored = 0;
    ::eventfd_read(wake_.get(), &ignored);
    return;
  }
  const int socket = static_cast<int>(key & 0xffff'ffffU);
  Watched& watched = entry(socket);
  if (watched.generation != key >> 32) return;  // closed by an event before this one
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) events |= EPOLLIN | EPOLLOUT;
  events &= watched.wanted;
  if (events == 0) {
    settle(socket, watched);
  } else {
    handler_.on_socket(socket, events);
  }
}

EventLoop::Watched& EventLoop::entry(int socket) {
  const auto index = static_cast<std::size_t>(socket);
  if (index >= sockets_.size()) sockets_.resize(index + 64);
  return sockets_[index];
}

void EventLoop::watch(int socket, std::uint32_t events) {
  Watched& watched = entry(socket);
  watched.wanted = events;
  if (events == 0 && watched.adopted) return;
  settle(socket, watched);
}

void EventLoop::adopt(int socket) {
  Watched& watched = entry(socket);
  watched = {.generation = watched.generation, .adopted = true};
}

void EventLoop::forget(int socket) {
  Watched& watched = entry(socket);
  watched.wanted = 0;
  settle(socket, watched);
  watched.adopted = false;
}

void EventLoop::settle(int socket, Watched& watched) {
  if (watched.wanted == watched.registered) return;
  const int operation = watched.wanted == 0       ? EPOLL_CTL_DEL
                        : watched.registered == 0 ? EPOLL_CTL_ADD
                                                  : EPOLL_CTL_MOD;
  if (operation == EPOLL_CTL_ADD) ++watched.generation;
  epoll_event event{};
  event.events = watched.wanted;
  event.data.u64 = key_of(socket, watched.generation);
  // Deleting may find the descriptor closed, which has deleted it already.
  ::epoll_ctl(epoll_.get(), operation, socket, &event);
  watched.registered = watched.wanted;
}

}  // namespace tidemark::net
