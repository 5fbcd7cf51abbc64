#include "app/socket_path.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace tidemark::app {
namespace {

constexpr std::string_view kName = "/tidemark.sock";

}  // namespace

Result<SocketPath> SocketPath::of(const std::string& data_dir) {
  std::string path = data_dir + std::string(kName);
  if (path.size() < sizeof(sockaddr_un::sun_path)) return SocketPath(std::move(path), -1);
  const int directory = ::open(data_dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) {
    return fail(errno == ENOENT ? Errc::not_found : Errc::io_error,
                "cannot open the data directory " + data_dir + ": " + std::strerror(errno));
  }
  path = "/proc/self/fd/" + std::to_string(directory) + std::string(kName);
  return SocketPath(std::move(path), directory);
}

SocketPath::SocketPath(SocketPath&& other) noexcept
    : usable_(std::move(other.usable_)), directory_(std::exchange(other.directory_, -1)) {}

SocketPath::~SocketPath() {
  if (directory_ >= 0) ::close(directory_);
}

bool SocketPath::answers() const {
  const int connection = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0) return false;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  usable_.copy(static_cast<char*>(address.sun_path), sizeof(address.sun_path) - 1);
  // sockaddr is the C interface's way to say "any address".
  const bool answered =
      ::connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  ::close(connection);
  return answered;
}

}  // namespace tidemark::app
