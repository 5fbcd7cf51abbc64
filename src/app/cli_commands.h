// What the files that define the command line share. Only they know the parser.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "app/config.h"

namespace tidemark::app {

// What was said: where the configuration comes from and what to run with it.
struct Invocation {
  ConfigSource source;
  bool quiet_logs = true;  // all commands but serve say warnings only, unless told otherwise
  std::function<int(const Config&)> run;
  // In place of run, for what must work before there is a configuration.
  std::function<int()> run_alone;
};

// A command's options live as long as the parser that writes into them.
template <class Options>
std::shared_ptr<Options> options_of(CLI::App& command, Invocation& invocation,
                                    int (*run)(const Config&, const Options&)) {
  auto options = std::make_shared<Options>();
  command.callback([&invocation, options, run] {
    invocation.run = [options, run](const Config& config) { return run(config, *options); };
  });
  return options;
}

CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& summary,
                      const std::string& example);

// cli_account.cc
void add_account_commands(CLI::App& app, Invocation& invocation);
// cli_delivery.cc: endpoint, delivery, deadletter
void add_delivery_commands(CLI::App& app, Invocation& invocation);
// cli_write.cc: event
void add_write_commands(CLI::App& app, Invocation& invocation);
// cli_audit.cc
void add_audit_commands(CLI::App& app, Invocation& invocation);
// cli_backup.cc
void add_backup_commands(CLI::App& app, Invocation& invocation);
// cli_secrets.cc
void add_secret_commands(CLI::App& app, Invocation& invocation);

}  // namespace tidemark::app
