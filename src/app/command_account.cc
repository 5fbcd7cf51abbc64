// account add, list, show, remove.
#include "app/account_commands.h"
#include "app/commands.h"
#include "app/delivery_commands.h"
#include "app/exit_code.h"
#include "app/output.h"

namespace tidemark::app {
namespace {

ApiRequest request_of(const AccountOptions& options, std::string method, std::string path) {
  ApiRequest request{std::move(method), std::move(path)};
  if (!options.tenant.empty()) request.query["tenant"] = options.tenant;
  return request;
}

void add(const char* key, const std::string& value, Json& body) {
  if (!value.empty()) body[key] = value;
}

Result<void> add_secret(const char* key, const std::string& file, Json& body) {
  if (file.empty()) return {};
  TM_ASSIGN(const Secret secret, read_secret_argument(file));
  body[key] = secret.reveal();
  return {};
}

Result<Json> body_of(const AccountAddOptions& options) {
  Json body{{"id", options.id}, {"provider", options.provider}};
  add("url", options.url, body);
  add("username", options.username, body);
  add("client_id", options.client_id, body);
  add("subject", options.subject, body);
  add("poll", options.poll, body);
  if (!options.calendars.empty()) body["calendars"] = options.calendars;
  if (options.write) body["write"] = true;
  TM_TRY(add_secret("password", options.password_file, body));
  TM_TRY(add_secret("client_secret", options.client_secret_file, body));
  TM_TRY(add_secret("refresh_token", options.refresh_token_file, body));
  TM_TRY(add_secret("service_account", options.service_account_file, body));
  return body;
}

std::string consent_of(const Json& account) {
  const auto connection = account.find("connection");
  if (connection == account.end() || connection->is_null()) return "-";
  const std::string state = text_at(*connection, "state");
  const bool refused = text_at(account, "state") == "needs_credentials";
  return state == "connected" && refused ? "refused" : state;
}

}  // namespace

int run_account_add(const Config& config, const AccountAddOptions& options) {
  const auto body = body_of(options);
  if (!body) {
    say(body.error().message);
    return kBadUsage;
  }
  return with_backend(config, Runtime::Purpose::write, [&](Backend& backend) {
    if (!has_master_key(backend, config)) return static_cast<int>(kFailed);
    ApiRequest request{"POST", "/v1/accounts", {}, {}, dump_json(*body)};
    if (!options.tenant.empty()) request.query["tenant"] = options.tenant;
    const auto made = backend.call_json(request);
    if (!made) return failed(made.error());
    if (options.json) {
      Output::line(dump_json(*made));
      return static_cast<int>(kDone);
    }
    say("account " + text_at(*made, "id") + " of tenant " + text_at(*made, "tenant") + " is added");
    if (consent_of(*made) == "none" && options.refresh_token_file.empty()) {
      say("it needs somebody's consent: tidemark account connect " + text_at(*made, "id"));
    } else if (!backend.remote()) {
      say("the next `tidemark serve` or `tidemark sync` reads its calendars");
    }
    return static_cast<int>(kDone);
  });
}

int run_account_list(const Config& config, const AccountOptions& options) {
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    const auto body = backend.call(request_of(options, "GET", "/v1/accounts"));
    if (!body) return failed(body.error());
    if (options.json) {
      Output::line(*body);
      return static_cast<int>(kDone);
    }
    const auto accounts = parse_json(*body);
    if (!accounts) return failed(to_failure(accounts.error()));
    TextTable table(
        {{"ID"}, {"TENANT"}, {"PROVIDER"}, {"STATE"}, {"CONSENT"}, {"CALENDARS"}, {"LAST LOOK"}});
    for (const auto& account : (*accounts)["items"]) {
      table.add({text_at(account, "id"), text_at(account, "tenant"), text_at(account, "provider"),
                 text_at(account, "state"), consent_of(account), text_at(account, "calendars"),
                 short_time(text_at(account, "last_discovery"))});
    }
    if (table.empty()) {
      say("there are no accounts; configure one, or `tidemark account add`");
      return static_cast<int>(kDone);
    }
    Output::write(table.text(Output::width()));
    show_errors((*accounts)["items"]);
    return static_cast<int>(kDone);
  });
}

int run_account_show(const Config& config, const AccountOptions& options) {
  if (!is_path_part("an account's id", options.id)) return kBadUsage;
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    auto account = backend.call_json(request_of(options, "GET", "/v1/accounts/" + options.id));
    if (!account) return failed(account.error());
    if (options.json) {
      Output::line(dump_json(*account));
      return static_cast<int>(kDone);
    }
    const Json connection = account->value("connection", Json());
    account->erase("connection");
    show_fields(*account);
    if (connection.is_object()) {
      Output::line("");
      Output::line("consent");
      show_fields(connection);
    }
    return static_cast<int>(kDone);
  });
}

int run_account_remove(const Config& config, const AccountOptions& options) {
  if (!is_path_part("an account's id", options.id)) return kBadUsage;
  return with_backend(config, Runtime::Purpose::write, [&](Backend& backend) {
    const auto done = backend.call(request_of(options, "DELETE", "/v1/accounts/" + options.id));
    if (!done) return failed(done.error());
    say("account " + options.id + " is removed; its mirror is kept");
    return static_cast<int>(kDone);
  });
}

}  // namespace tidemark::app
