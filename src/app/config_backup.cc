#include "app/config_backup.h"

namespace tidemark::app {
namespace {

constexpr std::chrono::minutes kShortestInterval{1};

}  // namespace

void read_backup(ConfigSection section, Config& config) {
  backup::BackupOptions& backup = config.backup;
  const auto directory = section.path("directory");
  const auto every =
      section.duration("every", std::chrono::milliseconds{0}, std::chrono::milliseconds{0});
  const auto keep = section.integer("keep", 0, 0, backup::kMaxBackups - 1);
  section.finish();
  backup.directory = directory.value;
  backup.every = every.value;
  backup.keep = keep.value;
  if (every.value.count() != 0 && every.value < kShortestInterval) {
    section.problem(every.origin, "every",
                    "must be at least 1m, or 0s for backups only when they are asked for");
  } else if (every.value.count() != 0 && directory.value.empty()) {
    section.problem(every.origin, "every", "needs a directory: say where the backups go");
  }
}

}  // namespace tidemark::app
