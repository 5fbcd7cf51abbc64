// A directory for copies that a command works on, in scratch/ of the data directory, where tables
// can be hard links. It goes with the object; what a killed command left goes with the next one
// that comes a day later.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace tidemark::app {

class ScratchDirectory {
 public:
  // Below `data_dir` when that exists, else among the system's temporary files.
  static Result<ScratchDirectory> make(const std::string& data_dir);
  ScratchDirectory(ScratchDirectory&& other) noexcept;
  ScratchDirectory& operator=(ScratchDirectory&&) = delete;
  ~ScratchDirectory();

  // The last part of its path.
  const std::string& name() const { return name_; }
  std::string operator/(const std::string& file) const { return (path_ / file).string(); }

 private:
  ScratchDirectory(std::filesystem::path path, std::string name);

  std::filesystem::path path_;
  std::string name_;
};

}  // namespace tidemark::app
