// The command line of accounts.
#include "app/account_commands.h"
#include "app/cli_commands.h"

namespace tidemark::app {
namespace {

constexpr const char* kTenantHelp = "whose account; \"default\", or the only one, when absent";

void add_which(CLI::App& command, AccountOptions& options) {
  command.add_option("account", options.id, "its id")->required();
  command.add_option("--tenant", options.tenant, kTenantHelp);
}

void add_add(CLI::App& account, Invocation& invocation) {
  CLI::App& add = add_command(account, "add", "Add an account; its secrets are kept encrypted",
                              "account add google --id work --client-id 1234.apps.example "
                              "--client-secret-file secrets/google");
  auto options = options_of(add, invocation, run_account_add);
  add.add_option("provider", options->provider, "google, caldav or ics")->required();
  add.add_option("--id", options->id, "what to call it")->required();
  add.add_option("--tenant", options->tenant, "whose it is; \"default\" when absent");
  add.add_option("--url", options->url, "of the server; google needs none");
  add.add_option("--username", options->username, "caldav, ics: who signs in");
  add.add_option("--password-file", options->password_file, "a file with the password, or -");
  add.add_option("--client-id", options->client_id, "google: the OAuth client's id");
  add.add_option("--client-secret-file", options->client_secret_file,
                 "google: a file with the OAuth client's secret, or -");
  add.add_option("--refresh-token-file", options->refresh_token_file,
                 "google: a file with a refresh token that somebody has already, or -");
  add.add_option("--service-account-file", options->service_account_file,
                 "google: a service account's key file, in place of a client");
  add.add_option("--subject", options->subject, "google: the user a service account acts for");
  add.add_option("--calendar", options->calendars, "only these: names or ids, globs; repeatable");
  add.add_option("--poll", options->poll, "how often to look, such as 60s");
  add.add_flag("--write", options->write, "events may be changed through Tidemark, too");
  add.add_flag("--json", options->json, "print JSON");
}

}  // namespace

void add_account_commands(CLI::App& app, Invocation& invocation) {
  CLI::App& account = add_command(app, "account", "Accounts, and consent to them", "account list");
  account.require_subcommand(1);
  add_add(account, invocation);

  CLI::App& connect = add_command(
      account, "connect", "Ask somebody for consent, by a link; also after it was withdrawn",
      "account connect work");
  auto connecting = options_of(connect, invocation, run_account_connect);
  add_which(connect, connecting->account);
  connect.add_option("--redirect-uri", connecting->redirect_uri,
                     "where the browser goes: the service's /oauth/callback below [server] "
                     "public_url; a port of this command's own when absent");
  connect.add_flag("--json", connecting->account.json, "print JSON");
  connect.alias("reconnect");

  CLI::App& list = add_command(account, "list", "List accounts and how they do", "account list");
  auto listed = options_of(list, invocation, run_account_list);
  list.add_option("--tenant", listed->tenant, "only this one's");
  list.add_flag("--json", listed->json, "print JSON, as /v1/accounts gives it");

  CLI::App& show =
      add_command(account, "show", "Everything about one account", "account show work");
  auto shown = options_of(show, invocation, run_account_show);
  add_which(show, *shown);
  show.add_flag("--json", shown->json, "print JSON");

  CLI::App& remove =
      add_command(account, "remove", "Stop its syncs and erase its secrets; its mirror is kept",
                  "account remove work");
  add_which(remove, *options_of(remove, invocation, run_account_remove));
}

}  // namespace tidemark::app
