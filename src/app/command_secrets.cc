// secrets generate-key, status, rotate.
#include "app/commands.h"
#include "app/delivery_commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "base/private_file.h"
#include "vault/master_key.h"

namespace tidemark::app {
namespace {

// A `serve` that was started before the configuration changed would rotate to the old key.
bool serves_what_is_configured(const Json& status, const Config& config) {
  if (config.secrets.keys.empty()) return true;
  const auto configured = config.secrets.keys.front().id().text();
  const auto used = text_at(status, "master_key");
  if (used.empty() || used == configured) return true;
  say("the running `tidemark serve` uses the master key " + used + ", the configuration names " +
      configured + "; restart it, then rotate");
  return false;
}

void show_status(const Json& status) {
  Output::line("master key  " + text_at(status, "master_key"));
  for (const auto& old : status.value("old_master_keys", Json::array())) {
    Output::line("old key     " + old.get<std::string>());
  }
  TextTable table({{"TENANT"}, {"MASTER KEY"}, {"STATE"}, {"SINCE"}, {"DATA KEY"}});
  bool old = false;
  bool missing = false;
  for (const auto& tenant : status["tenants"]) {
    const auto state = text_at(tenant, "state");
    old = old || state == "old";
    missing = missing || state == "missing";
    table.add({text_at(tenant, "tenant"), text_at(tenant, "master_key"), state,
               short_time(text_at(tenant, "wrapped_at")), text_at(tenant, "data_key")});
  }
  if (table.empty()) {
    say("no secret is kept yet");
    return;
  }
  Output::write("\n" + table.text(Output::width()));
  if (missing) say("a missing master key must be put under [secrets] old_master_keys");
  if (old) say("`tidemark secrets rotate` brings what is old under the current master key");
}

void show_report(const Json& report) {
  Output::line(text_at(report, "rewrapped") + " of " + text_at(report, "tenants") +
               " tenants brought under the master key " + text_at(report, "master_key") + ", " +
               text_at(report, "already_current") + " were there");
  for (const auto& failure : report["failures"]) {
    say("tenant " + text_at(failure, "tenant") + ": " + text_at(failure, "error"));
  }
}

}  // namespace

int run_secrets_generate_key(const GenerateKeyOptions& options) {
  const auto text = generate_master_key_text();
  if (!text) return failed(to_failure(text.error()));
  const auto key = MasterKey::parse(text->reveal());
  if (!key) return failed(to_failure(key.error()));
  const std::string id = key->id().text();
  if (!options.file.empty()) {
    if (auto written = write_new_private_file(options.file, text->reveal() + "\n"); !written) {
      say(written.error().message);
      return kFailed;
    }
    if (options.json) {
      Output::line(dump_json({{"id", id}, {"file", options.file}}));
    } else {
      say("master key " + id + " is in " + options.file +
          "; keep a copy of it apart from the data directory and its copies");
    }
    return kDone;
  }
  if (options.json) {
    Output::line(dump_json({{"id", id}, {"master_key", text->reveal()}}));
  } else {
    say("master key " + id +
        "; it is kept nowhere, so put it into a file that only tidemark can read:");
    Output::line(text->reveal());
  }
  return kDone;
}

int run_secrets_status(const Config& config, const SecretsOptions& options) {
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    if (!has_master_key(backend, config)) return static_cast<int>(kFailed);
    const auto status = backend.call_json({"GET", "/v1/secrets"});
    if (!status) return failed(status.error());
    options.json ? static_cast<void>(Output::line(dump_json(*status))) : show_status(*status);
    return static_cast<int>(kDone);
  });
}

int run_secrets_rotate(const Config& config, const SecretsOptions& options) {
  return with_backend(config, Runtime::Purpose::write, [&](Backend& backend) {
    if (!has_master_key(backend, config)) return static_cast<int>(kFailed);
    const auto status = backend.call_json({"GET", "/v1/secrets"});
    if (!status) return failed(status.error());
    if (!serves_what_is_configured(*status, config)) return static_cast<int>(kFailed);
    const auto report = backend.call_json({"POST", "/v1/secrets/rotate", {}, {}, "{}"});
    if (!report) return failed(report.error());
    options.json ? static_cast<void>(Output::line(dump_json(*report))) : show_report(*report);
    return static_cast<int>((*report)["failures"].empty() ? kDone : kFailed);
  });
}

}  // namespace tidemark::app
