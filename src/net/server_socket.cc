#include "net/server_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

namespace tidemark::net {
namespace {

constexpr int kBacklog = 512;
constexpr int kFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;

tl::unexpected<Error> system_failure(const std::string& where, int number) {
  const Errc code = number == EADDRINUSE                          ? Errc::conflict
                    : number == EACCES || number == EPERM         ? Errc::forbidden
                    : number == EADDRNOTAVAIL || number == EINVAL ? Errc::invalid_argument
                                                                  : Errc::io_error;
  std::string message =
      "cannot listen on " + where + ": " + std::generic_category().message(number);
  if (number == EADDRINUSE) message += "; stop the other process or choose another port";
  return fail(code, std::move(message));
}

// Removes a socket file that a dead process left behind.
Result<void> clear_stale_socket(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) {
    return fail(Errc::conflict, "cannot listen on " + path + ": the file exists and is no socket");
  }
  const FileDescriptor probe(::socket(AF_UNIX, SOCK_STREAM | kFlags, 0));
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno != ECONNREFUSED) {
    return fail(Errc::conflict, "cannot listen on " + path + ": another process listens there");
  }
  ::unlink(path.c_str());
  return {};
}

std::uint16_t port_of(int socket) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &size);
  return ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port
                                           : reinterpret_cast<sockaddr_in*>(&bound)->sin_port);
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (number_ >= 0) ::close(number_);
}

Result<Listener> listen_tcp(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  const std::string port = colon == std::string::npos ? "" : address.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    host = "[";  // an IPv6 address without brackets: no telling where the port begins
  }
  if (host.empty() || host == "localhost") host = "127.0.0.1";
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  addrinfo* found = nullptr;
  const bool number = !port.empty() && port.size() <= 5 &&
                      port.find_first_not_of("0123456789") == std::string::npos &&
                      std::stoi(port) <= 65535;
  if (!number || ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) {
    return fail(Errc::invalid_argument,
                "cannot listen on \"" + address + "\": write it as 127.0.0.1:8420 or [::1]:8420");
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  Listener listener{.socket = FileDescriptor(::socket(found->ai_family, SOCK_STREAM | kFlags, 0))};
  if (!listener.socket) return system_failure(address, errno);
  const int on = 1;
  ::setsockopt(listener.socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (found->ai_family == AF_INET6) {
    ::setsockopt(listener.socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  if (::bind(listener.socket.get(), found->ai_addr, found->ai_addrlen) != 0 ||
      ::listen(listener.socket.get(), kBacklog) != 0) {
    return system_failure(address, errno);
  }
  listener.port = port_of(listener.socket.get());
  return listener;
}

Result<Listener> listen_unix_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail(Errc::invalid_argument, "cannot listen on " + path +
                                            ": a socket's path has at most " +
                                            std::to_string(sizeof address.sun_path - 1) +
                                            " bytes; use a data directory with a shorter path");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  TM_TRY(clear_stale_socket(path, address));
  Listener listener{.socket = FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | kFlags, 0)),
                    .is_unix = true};
  // Between bind and listen nobody can connect yet, so nobody slips in before the mode is set.
  if (!listener.socket ||
      ::bind(listener.socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), 0600) != 0 || ::listen(listener.socket.get(), kBacklog) != 0) {
    return system_failure(path, errno);
  }
  return listener;
}

}  // namespace tidemark::net
