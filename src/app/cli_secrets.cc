// The command line of secrets.
#include "app/cli_commands.h"
#include "app/delivery_commands.h"

namespace tidemark::app {

void add_secret_commands(CLI::App& app, Invocation& invocation) {
  CLI::App& secrets =
      add_command(app, "secrets", "The master key, under which secrets are kept", "secrets status");
  secrets.require_subcommand(1);

  CLI::App& generate =
      add_command(secrets, "generate-key", "Make a new master key; nothing else is touched",
                  "secrets generate-key --file /etc/tidemark/master.key");
  auto made = std::make_shared<GenerateKeyOptions>();
  generate.add_option("--file", made->file,
                      "write it there, readable by you only; standard output when absent");
  generate.add_flag("--json", made->json, "print JSON");
  generate.callback([&invocation, made] {
    invocation.run_alone = [made] { return run_secrets_generate_key(*made); };
  });

  CLI::App& status = add_command(
      secrets, "status", "Which master key each tenant's secrets are under", "secrets status");
  status.add_flag("--json", options_of(status, invocation, run_secrets_status)->json,
                  "print JSON, as /v1/secrets gives it");
  CLI::App& rotate =
      add_command(secrets, "rotate", "Bring every tenant's secrets under the current master key",
                  "secrets rotate");
  rotate.add_flag("--json", options_of(rotate, invocation, run_secrets_rotate)->json,
                  "print JSON, as POST /v1/secrets/rotate gives it");
}

}  // namespace tidemark::app
