#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"

namespace tidemark::app {

int run_key_create(const Config& config, const KeyCreateOptions& options) {
  return with_backend(config, Runtime::Purpose::write, [&](Backend& backend) {
    Json body = {{"tenant", options.tenant}};
    if (!options.name.empty()) body["name"] = options.name;
    if (!options.expires.empty()) body["expires_in"] = options.expires;
    const auto key = backend.call_json({"POST", "/v1/keys", {}, {}, dump_json(body)});
    if (!key) return failed(key.error());
    if (options.json) {
      Output::line(dump_json(*key));
      return static_cast<int>(kDone);
    }
    say("key " + text_at(*key, "id") + " for tenant " + text_at(*key, "tenant") +
        "; it is shown this once, keep it safe:");
    Output::line(text_at(*key, "key"));
    return static_cast<int>(kDone);
  });
}

int run_key_list(const Config& config, const ListOptions& options) {
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    const auto body = backend.call({"GET", "/v1/keys"});
    if (!body) return failed(body.error());
    if (options.json) {
      Output::line(*body);
      return static_cast<int>(kDone);
    }
    const auto keys = parse_json(*body);
    if (!keys) return failed(to_failure(keys.error()));
    TextTable table({{"ID"}, {"TENANT"}, {"NAME", false, true}, {"CREATED"}, {"EXPIRES"}});
    for (const auto& key : (*keys)["items"]) {
      const auto expires = text_at(key, "expires_at");
      table.add({text_at(key, "id"), text_at(key, "tenant"), text_at(key, "name"),
                 text_at(key, "created_at").substr(0, 10),
                 expires.empty() ? "never" : expires.substr(0, 10)});
    }
    if (table.empty()) {
      say("there are no API keys; `tidemark key create --tenant NAME` makes one");
    } else {
      Output::write(table.text(Output::width()));
    }
    return static_cast<int>(kDone);
  });
}

int run_key_revoke(const Config& config, const std::string& id) {
  return with_backend(config, Runtime::Purpose::write, [&](Backend& backend) {
    const auto done = backend.call({"DELETE", "/v1/keys/" + id});
    if (!done) return failed(done.error());
    say("key " + id + " is revoked");
    return static_cast<int>(kDone);
  });
}

}  // namespace tidemark::app
