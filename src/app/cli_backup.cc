// The command line of backups.
#include "app/backup_commands.h"
#include "app/cli_commands.h"

namespace tidemark::app {
namespace {

constexpr auto kDirectoryHelp = "where they lie; [backup] directory when absent";

// On a machine that has nothing but the backups.
template <class Options>
std::shared_ptr<Options> options_anywhere(CLI::App& command, Invocation& invocation,
                                          int (*run)(const Config&, const Options&)) {
  auto options = std::make_shared<Options>();
  command.callback([&invocation, options, run] {
    invocation.source.optional = true;
    invocation.run = [options, run](const Config& config) { return run(config, *options); };
  });
  return options;
}

void add_place(CLI::App& command, BackupPlace& place) {
  command.add_option("directory", place.directory, kDirectoryHelp);
  command.add_option("id", place.id,
                     "which one, as `backup list` shows it; the newest when absent");
}

}  // namespace

void add_backup_commands(CLI::App& app, Invocation& invocation) {
  CLI::App& backup = add_command(app, "backup", "Make, check and restore backups",
                                 "backup create /mnt/backups/tidemark");
  backup.require_subcommand(1);

  CLI::App& create =
      add_command(backup, "create", "Back up the data directory, also while serve runs",
                  "backup create /mnt/backups/tidemark");
  auto made = options_of(create, invocation, run_backup_create);
  create.add_option("directory", made->directory, kDirectoryHelp);
  create.add_flag("--json", made->json, "print JSON");

  CLI::App& list = add_command(backup, "list", "List the backups in a directory",
                               "backup list /mnt/backups/tidemark");
  auto listed = options_anywhere(list, invocation, run_backup_list);
  list.add_option("directory", listed->directory, kDirectoryHelp);
  list.add_flag("--json", listed->json, "print JSON");

  CLI::App& verify = add_command(
      backup, "verify", "Restore a backup for a while and check all of it; exit 5 when it is wrong",
      "backup verify /mnt/backups/tidemark");
  auto checked = options_anywhere(verify, invocation, run_backup_verify);
  add_place(verify, checked->place);
  verify.add_option("--scratch", checked->scratch,
                    "where to restore it to for a while; the directory itself when absent");
  verify.add_flag("--json", checked->json, "print JSON");

  CLI::App& restore = add_command(backup, "restore", "Make a data directory out of a backup",
                                  "backup restore /mnt/backups/tidemark --to /srv/tidemark-new");
  auto restored = options_anywhere(restore, invocation, run_backup_restore);
  add_place(restore, restored->place);
  restore.add_option("--to", restored->target, "the data directory to make; must not be there yet")
      ->required();
  restore.add_flag("--json", restored->json, "print JSON");

  CLI::App& prune = add_command(
      backup, "prune", "Remove old backups; the newest that was verified stays in any case",
      "backup prune /mnt/backups/tidemark --keep 14");
  auto kept = options_anywhere(prune, invocation, run_backup_prune);
  prune.add_option("directory", kept->directory, kDirectoryHelp);
  prune.add_option("--keep", kept->keep, "how many of the newest stay")
      ->required()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{10'000}));
  prune.add_flag("--json", kept->json, "print JSON");
}

}  // namespace tidemark::app
