// Out of a backup directory again: into a scratch directory, to see whether it works, or into a new
// data directory. Neither needs a running Tidemark or touches the data directory that was backed
// up.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "backup/backup_directory.h"
#include "base/clock.h"
#include "base/result.h"

namespace tidemark::backup {

// Asked now and then; no: whoever asked was interrupted, and Errc::cancelled is the answer.
using GoOn = std::function<bool()>;

struct VerifyRequest {
  std::string directory;
  std::optional<std::uint32_t> id;  // the newest when absent
  std::string scratch;              // where to restore to for a while; empty: in the directory
  std::string data_dir;             // told of a success, if it is where the backup comes from
  GoOn go_on = [] { return true; };
};

struct Verified {
  std::uint32_t id = 0;
  Verification verification;
  bool noted = false;  // in data_dir
};

// Restores the backup, compares its counts and its tree's root with the manifest, opens it as a
// store and checks every record, input, event and signed checkpoint. What is wrong with it is a
// finding; errors are those of getting there (Errc::not_found, Errc::disk_full,
// Errc::newer_format...). Leaves the result beside the backup, if that can be written.
Result<Verified> verify(const VerifyRequest& request, const Clock& clock);

// A new data directory, which must not exist or be empty: Errc::invalid_argument otherwise. There
// is none, or a whole one, whenever it is interrupted. Errc::corrupt names the damaged file.
Result<Manifest> restore(
    const std::string& directory, std::optional<std::uint32_t> id, const std::string& target,
    const GoOn& go_on = [] { return true; });

}  // namespace tidemark::backup
