// The commands that make, check and restore backups.
#pragma once

#include <cstdint>
#include <string>

#include "app/config.h"

namespace tidemark::app {

struct BackupPlace {
  std::string directory;  // or an id, when the configuration names the directory
  std::string id;         // the newest when empty
};

struct BackupCreateOptions {
  std::string directory;
  bool json = false;
};
int run_backup_create(const Config& config, const BackupCreateOptions& options);
int run_backup_list(const Config& config, const BackupCreateOptions& options);

struct BackupVerifyOptions {
  BackupPlace place;
  std::string scratch;
  bool json = false;
};
int run_backup_verify(const Config& config, const BackupVerifyOptions& options);

struct BackupRestoreOptions {
  BackupPlace place;
  std::string target;
  bool json = false;
};
int run_backup_restore(const Config& config, const BackupRestoreOptions& options);

struct BackupPruneOptions {
  std::string directory;
  std::uint64_t keep = 0;
  bool json = false;
};
int run_backup_prune(const Config& config, const BackupPruneOptions& options);

}  // namespace tidemark::app
