// What a data directory remembers of its backups, in two small files beside the store, so that
// `serve` can tell their age wherever they lie and whoever verified them.
#pragma once

#include <optional>
#include <string>

#include "backup/manifest.h"
#include "base/result.h"

namespace tidemark::backup {

enum class MarkKind { created, verified };

// Nothing when there is none, or none that can be read.
std::optional<Mark> read_mark(const std::string& data_dir, MarkKind kind);
Result<void> write_mark(const std::string& data_dir, MarkKind kind, const Mark& mark);

}  // namespace tidemark::backup
