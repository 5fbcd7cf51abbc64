// Sockets of the server: making listeners, and a file descriptor that closes itself.
// Inside src/net/ only.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/result.h"

namespace tidemark::net {

class FileDescriptor {
 public:
  explicit FileDescriptor(int number = -1) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~FileDescriptor();
  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

struct Listener {
  FileDescriptor socket;
  bool is_unix = false;
  std::uint16_t port = 0;
};

// "host:port" with a numeric host, "localhost" or nothing (127.0.0.1).
Result<Listener> listen_tcp(const std::string& address);
Result<Listener> listen_unix_socket(const std::string& path);

}  // namespace tidemark::net
