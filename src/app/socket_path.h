// The Unix socket in the data directory, over which commands reach a running `tidemark serve`.
#pragma once

#include <string>

#include "base/result.h"

namespace tidemark::app {

// A socket's address holds 107 bytes. A longer path is reached through the directory's descriptor
// in /proc/self/fd, which stays open as long as this object.
class SocketPath {
 public:
  static Result<SocketPath> of(const std::string& data_dir);
  SocketPath(SocketPath&& other) noexcept;
  SocketPath& operator=(SocketPath&&) = delete;
  ~SocketPath();

  const std::string& usable() const { return usable_; }
  // Somebody accepts connections there.
  bool answers() const;

 private:
  SocketPath(std::string usable, int directory)
      : usable_(std::move(usable)), directory_(directory) {}

  std::string usable_;
  int directory_ = -1;
};

}  // namespace tidemark::app
