// A directory that is made under a name of its own and is there for others when it is whole:
// renamed to its place then, or gone with the object. Nothing that was there before is touched.
// What a killed process left has a name with six random letters at its end, and can be removed.
#pragma once

#include <string>

#include "base/result.h"

namespace tidemark::backup {

class UnfinishedDirectory {
 public:
  // Beside `target`, which must not be there or be an empty directory, and no mount point, for that
  // cannot be replaced: Errc::invalid_argument. Symbolic links are followed.
  static Result<UnfinishedDirectory> beside(const std::string& target);
  // Below `parent`, for work that is thrown away.
  static Result<UnfinishedDirectory> scratch_in(const std::string& parent);
  UnfinishedDirectory(UnfinishedDirectory&& other) noexcept;
  UnfinishedDirectory& operator=(UnfinishedDirectory&&) = delete;
  ~UnfinishedDirectory();

  // Mode 0700.
  const std::string& path() const { return path_; }
  // Puts it in its place, durable with its name. The last thing to be asked of it.
  Result<void> finish();

 private:
  UnfinishedDirectory(std::string path, std::string target);

  std::string path_;    // empty: it is finished
  std::string target_;  // empty: none
};

}  // namespace tidemark::backup
