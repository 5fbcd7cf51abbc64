// The exit codes that scripts may rely on; `tidemark --help` lists them.
#pragma once

#include <string_view>

#include "base/result.h"

namespace tidemark::app {

enum ExitCode : int {
  kDone = 0,
  kFailed = 1,
  kBadUsage = 2,
  kStoreRefused = 3,
  kUpstreamFailed = 4,
  kDifferenceFound = 5,
};

// Of an error of our own modules, met while doing what a command asked for.
ExitCode exit_code_of(Errc code);
// Of an error_code as a status or a problem+json tells it.
ExitCode exit_code_of_name(std::string_view error_code);

}  // namespace tidemark::app
