#include "app/cli.h"

#include <csignal>
#include <memory>

#include "app/cli_commands.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/exit_code.h"
#include "app/output.h"

namespace tidemark::app {
namespace {

constexpr auto kExitCodes =
    "Exit codes:\n"
    "  0  done\n"
    "  1  failed\n"
    "  2  bad usage or configuration\n"
    "  3  store refused (damaged, locked, newer version)\n"
    "  4  upstream unreachable or refused us\n"
    "  5  verification found a difference\n\n"
    "Configuration: tidemark.toml, overridden by TIDEMARK_* variables, overridden by flags.\n"
    "Example: tidemark sync && tidemark events work/Home --from 2026-01-01 --to 2026-02-01 "
    "--expand";

constexpr auto kAsOfHelp = "the mirror as it was: RFC 3339 time, or a journal record's sequence";

void add_setting(CLI::App& app, Invocation& invocation, const std::string& flag,
                 const std::string& key, const std::string& help) {
  app.add_option_function<std::string>(
         flag,
         [&invocation, key](const std::string& value) { invocation.source.flags[key] = value; },
         help)
      ->type_name("VALUE");
}

void add_running(CLI::App& app, Invocation& invocation) {
  CLI::App& serve = add_command(app, "serve", "Run the syncs and the HTTP server until SIGTERM",
                                "serve --listen 127.0.0.1:8420");
  add_setting(serve, invocation, "--listen", "server.listen", "ADDRESS:PORT; port 0 picks one");
  serve.callback([&invocation] {
    invocation.quiet_logs = false;
    invocation.source.serves = true;
    invocation.run = run_serve;
  });

  CLI::App& sync = add_command(app, "sync", "Sync once what is configured, then end",
                               "sync work/Home --reconcile");
  auto options = options_of(sync, invocation, run_sync);
  sync.add_option("target", options->targets, "ACCOUNT or ACCOUNT/CALENDAR (name, id or glob)");
  auto* full = sync.add_flag("--full", options->full, "forget the cursor, fetch every body again");
  sync.add_flag("--reconcile", options->reconcile, "list everything, fetch what differs")
      ->excludes(full);
  sync.add_flag("--json", options->json, "print the summary as JSON");
}

void add_calendars(CLI::App& app, Invocation& invocation) {
  CLI::App& calendars =
      add_command(app, "calendars", "List the mirrored calendars", "calendars --json");
  auto mirror = options_of(calendars, invocation, run_calendars);
  calendars.add_option("--as-of", mirror->as_of, kAsOfHelp);
  calendars.add_flag("--json", mirror->json, "print JSON, as /v1/calendars gives it");

  CLI::App& events = add_command(
      app, "events", "List a calendar's events",
      "events work/Home --from 2026-01-01 --to 2026-02-01 --expand --zone Europe/Berlin");
  auto options = options_of(events, invocation, run_events);
  events.add_option("calendar", options->calendar, "id, ACCOUNT/NAME or name")->required();
  events.add_option("--from", options->from, "RFC 3339 time or date");
  events.add_option("--to", options->to, "RFC 3339 time or date");
  events.add_flag("--expand", options->expand, "instances of recurring events");
  events.add_option("--limit", options->limit, "at most so many; 100 when absent");
  events.add_option("--page", options->page, "go on where an answer ended");
  events.add_option("--zone", options->zone, "zone of floating and all-day times; UTC when absent");
  events.add_option("--as-of", options->as_of, kAsOfHelp);
  auto* format = events.add_option("--format", options->format, "table, json or ics");
  format->check(CLI::IsMember({"table", "json", "ics"}));
  events
      .add_flag_callback(
          "--json", [options] { options->format = "json"; }, "--format json")
      ->excludes(format);

  CLI::App& calendar =
      add_command(app, "calendar", "About one calendar", "calendar quarantine work/Home");
  calendar.require_subcommand(1);
  CLI::App& quarantine =
      add_command(calendar, "quarantine", "List resources that cannot be read, with the reason",
                  "calendar quarantine work/Home");
  auto wanted = options_of(quarantine, invocation, run_quarantine);
  quarantine.add_option("calendar", wanted->calendar, "id, ACCOUNT/NAME or name")->required();
  quarantine.add_flag("--json", wanted->json, "print JSON");
}

void add_history(CLI::App& app, Invocation& invocation) {
  CLI::App& feed = add_command(app, "feed", "List the events that were emitted",
                               "feed --after 1042 --type 'calendar.event.*' --follow");
  auto options = options_of(feed, invocation, run_feed);
  feed.add_option("--after", options->after, "a sequence, an event id or \"latest\"");
  feed.add_option("--type", options->type, "only types that fit this glob");
  feed.add_option_function<std::uint64_t>(
      "--limit",
      [options](std::uint64_t limit) {
        options->limit = limit;
        options->limit_given = true;
      },
      "at most so many; 100 when absent");
  feed.add_flag("--follow", options->follow, "go on with what a running serve emits");
  feed.add_flag("--json", options->json, "one JSON object a line");
}

void add_administration(CLI::App& app, Invocation& invocation) {
  CLI::App& status = add_command(app, "status", "Accounts, calendars, queues and disk", "status");
  status.add_flag("--json", options_of(status, invocation, run_status)->json, "print JSON");

  CLI::App& config = add_command(app, "config", "Look at the configuration", "config check");
  config.require_subcommand(1);
  CLI::App& check = add_command(config, "check", "Tell every problem, with its line",
                                "config check --config tidemark.toml");
  check.callback([&invocation] { invocation.run = run_config_check; });
  CLI::App& shown = add_command(config, "show", "Each value and where it came from", "config show");
  shown.add_flag("--json", options_of(shown, invocation, run_config_show)->json, "print JSON");

  CLI::App& key = add_command(app, "key", "API keys", "key create --tenant acme --expires 90d");
  key.require_subcommand(1);
  CLI::App& create = add_command(key, "create", "Make a key; it is shown once",
                                 "key create --tenant acme --name dashboard --expires 90d");
  auto made = options_of(create, invocation, run_key_create);
  create.add_option("--tenant", made->tenant, "whose data it may see; \"default\" when absent");
  create.add_option("--name", made->name, "a note for people");
  create.add_option("--expires", made->expires, "a duration such as 90d; never when absent");
  create.add_flag("--json", made->json, "print JSON");
  CLI::App& list = add_command(key, "list", "List keys, never their secrets", "key list");
  list.add_flag("--json", options_of(list, invocation, run_key_list)->json, "print JSON");
  CLI::App& revoke = add_command(key, "revoke", "Revoke a key at once", "key revoke 7k2m9x4p1q8z");
  auto id = std::make_shared<std::string>();
  revoke.add_option("id", *id, "its id, as `key list` shows it")->required();
  revoke.callback([&invocation, id] {
    invocation.run = [id](const Config& config) { return run_key_revoke(config, *id); };
  });
}

int run_with_config(const Invocation& invocation) {
  const auto config = load_config(invocation.source);
  if (!config) {
    for (const auto& problem : config.error()) say(problem.text());
    return kBadUsage;
  }
  for (const auto& warning : config->warnings) say("warning: " + warning.text());
  const bool quiet = invocation.quiet_logs && !config->log.level_given;
  log::configure(quiet ? std::max(config->log.level, log::Level::warning) : config->log.level,
                 config->log.format);
  return invocation.run(*config);
}

}  // namespace

CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& summary,
                      const std::string& example) {
  CLI::App* command = parent.add_subcommand(name, summary);
  command->footer("Example: tidemark " + example);
  return *command;
}

int run(int argc, char** argv) {
  // A reader that goes away is noticed by the failing write, not by dying of it.
  std::signal(SIGPIPE, SIG_IGN);
  Invocation invocation;
  CLI::App app(
      "Tidemark mirrors calendars durably, one event per real change, and delivers the events.",
      "tidemark");
  app.footer(kExitCodes);
  app.set_version_flag("--version", "tidemark " TIDEMARK_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--config", invocation.source.file,
                 "the configuration; tidemark.toml when absent");
  add_setting(app, invocation, "--data-dir", "data_dir", "overrides data_dir");
  add_setting(app, invocation, "--log-level", "log.level", "debug, info, warning or error");
  add_setting(app, invocation, "--log-format", "log.format", "automatic, text or json");
  add_running(app, invocation);
  add_calendars(app, invocation);
  add_history(app, invocation);
  add_account_commands(app, invocation);
  add_audit_commands(app, invocation);
  add_backup_commands(app, invocation);
  add_administration(app, invocation);
  add_write_commands(app, invocation);
  add_delivery_commands(app, invocation);
  add_secret_commands(app, invocation);
  try {
    app.parse(argc, argv);
    if (invocation.run_alone) return invocation.run_alone();
    if (!invocation.run) return kBadUsage;
    invocation.source.variables = process_variables();
    return run_with_config(invocation);
  } catch (const CLI::ParseError& error) {
    // CLI11 prints help and version to the first stream, mistakes to the second.
    return app.exit(error) == 0 ? kDone : kBadUsage;
  } catch (const std::exception& error) {
    say(std::string("a bug in tidemark: ") + error.what());
    return kFailed;
  }
}

}  // namespace tidemark::app
