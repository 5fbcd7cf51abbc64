// Which layout a store directory has, and how older ones become the present one.
//
// The number is kept twice. FORMAT, a text file beside the database, says what a reader must at
// least understand: it is read before the database is touched and is raised before a migration
// begins. The meta table says how far the data is migrated. A migration that a crash interrupted
// is therefore run again, and never opened by an older version.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/small_file.h"
#include "store/store.h"

namespace tidemark {

using FormatVersion = std::uint32_t;

inline constexpr FormatVersion kFormatVersion = 2;
inline constexpr std::string_view kFormatName = "FORMAT";

struct Migration {
  FormatVersion from = 0;  // to from + 1
  std::string what;        // "adds the index by tenant", for the log
  // May be run again on what an interrupted run left. Commits at store.last_sequence().
  std::function<Result<void>(Store& store)> run;
};

// Those that lead to kFormatVersion, ascending.
const std::vector<Migration>& migrations();

// Nothing when there is no such file.
Result<std::optional<FormatVersion>> read_format(rocksdb::FileSystem& file_system,
                                                 const std::string& directory);
Result<void> write_format(rocksdb::FileSystem& file_system, const std::string& directory,
                          FormatVersion version);

// Errc::newer_format, naming both.
Result<void> check_not_newer(const std::string& directory, FormatVersion found,
                             FormatVersion supported);

}  // namespace tidemark
