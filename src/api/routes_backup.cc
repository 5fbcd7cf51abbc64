// The table of routes, its part about backups.
#include "api/handlers.h"
#include "api/route_groups.h"

namespace tidemark {

std::vector<Route> make_backup_routes() {
  return {
      {"GET",
       "/v1/backups",
       Access::operator_only,
       "listBackups",
       "The backups in a directory, the oldest first",
       200,
       "BackupList",
       {{"directory", ParameterType::text, "absolute path; the configured one when absent"}},
       {},
       get_backups},
      {"POST",
       "/v1/backups",
       Access::operator_only,
       "createBackup",
       "Makes a backup while everything goes on, and answers when it is whole and durable",
       201,
       "Backup",
       {},
       "BackupRequest",
       post_backup},
  };
}

}  // namespace tidemark
