// Counts and hashes of a store that stands still: what a backup's manifest says of it.
#pragma once

#include <functional>
#include <string>

#include "backup/manifest.h"
#include "base/result.h"
#include "store/archive.h"

namespace tidemark::backup {

// Reads every row once, so a damaged table is noticed. Errc::cancelled when `go_on` says no.
Result<Content> read_content(
    const FrozenStore& store, const std::function<bool()>& go_on = [] { return true; });

// The first thing in which they differ, in words; empty: they do not.
std::string difference(const Content& promised, const Content& found);

}  // namespace tidemark::backup
