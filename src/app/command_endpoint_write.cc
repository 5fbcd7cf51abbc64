// endpoint create, endpoint update.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "app/commands.h"
#include "app/config_account.h"
#include "app/config_secret.h"
#include "app/delivery_commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "base/text.h"

namespace tidemark::app {
namespace {

constexpr std::size_t kMaxInputBytes = 1U << 20;

Result<std::string> read_all(std::istream& in, const std::string& what, std::size_t most) {
  std::string text(most + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad()) return fail(Errc::invalid_argument, "cannot read " + what);
  if (text.size() > most) {
    return fail(Errc::invalid_argument,
                what + " is larger than " + format_size(most) + ": that is not what was meant");
  }
  return text;
}

Result<Json> read_body(const std::string& file) {
  if (file.empty()) return Json::object();
  std::ifstream in;
  if (file != "-") in.open(file, std::ios::binary);
  if (file != "-" && !in) {
    return fail(Errc::invalid_argument, "--from-file: cannot read the file " + file);
  }
  const std::string what = file == "-" ? "standard input" : "the file " + file;
  TM_ASSIGN(const auto text, read_all(file == "-" ? std::cin : in, what, kMaxInputBytes));
  auto body = parse_json(text);
  if (!body) {
    return fail(Errc::invalid_argument, "--from-file: " + what + ": " + body.error().message);
  }
  if (!body->is_object()) {
    return fail(Errc::invalid_argument, "--from-file: " + what + ": must hold a JSON object");
  }
  return body;
}

Result<void> add_headers(const std::vector<std::string>& headers, Json& body) {
  for (const auto& header : headers) {
    const auto equals = header.find('=');
    if (equals == std::string::npos || equals == 0) {
      // What was said may be a secret that lost its name: it is not repeated.
      return fail(Errc::invalid_argument, "--header: write NAME=VALUE");
    }
    if (!body.contains("headers") || !body["headers"].is_object()) {
      body["headers"] = Json::object();
    }
    body["headers"][header.substr(0, equals)] = header.substr(equals + 1);
  }
  return {};
}

Result<void> add_rate(const EndpointWriteOptions& options, Json& body) {
  if (options.rate.empty() && !options.burst) return {};
  if (!body.contains("rate") || !body["rate"].is_object()) body["rate"] = Json::object();
  if (options.burst) body["rate"]["burst"] = *options.burst;
  if (options.rate.empty()) return {};
  const auto number = parse_json(options.rate);
  if (!number || !number->is_number()) {
    return fail(Errc::invalid_argument, "--rate: must be a number, such as 10 or 0.5");
  }
  body["rate"]["per_second"] = *number;
  return {};
}

template <class T>
void add(const char* key, const std::optional<T>& value, Json& body) {
  if (value) body[key] = *value;
}

void add_order(const EndpointWriteOptions& options, Json& body) {
  add("ordered", options.ordered, body);
  add("concurrency", options.concurrency, body);
  // What was right for the other order is not for this one: the preset is.
  if (options.ordered && !options.concurrency) body["concurrency"] = nullptr;
}

int create(Backend& backend, const EndpointWriteOptions& options, const Json& body) {
  ApiRequest request{"POST", "/v1/endpoints", {}, {}, dump_json(body)};
  if (!options.endpoint.tenant.empty()) request.query["tenant"] = options.endpoint.tenant;
  const auto made = backend.call_json(request);
  if (!made) return failed(made.error());
  if (options.endpoint.json) {
    Output::line(dump_json(*made));
    return kDone;
  }
  const std::string label =
      "endpoint " + text_at(*made, "id") + " of tenant " + text_at(*made, "tenant");
  if (body.contains("secret")) {
    say(label + " is made");
  } else {
    say(label + " is made; its signing secret is shown this once, keep it safe:");
    Output::line(text_at(*made, "secret"));
  }
  return kDone;
}

int update(Backend& backend, const EndpointWriteOptions& options, const Json& body) {
  // A file is the whole configuration; options alone change what they name.
  ApiRequest request{options.from_file.empty() ? "PATCH" : "PUT",
                     "/v1/endpoints/" + options.endpoint.id,
                     {},
                     {},
                     dump_json(body)};
  if (!options.endpoint.tenant.empty()) request.query["tenant"] = options.endpoint.tenant;
  const auto changed = backend.call_json(request);
  if (!changed) return failed(changed.error());
  if (options.endpoint.json) {
    Output::line(dump_json(*changed));
  } else {
    say("endpoint " + text_at(*changed, "id") + " of tenant " + text_at(*changed, "tenant") +
        " is changed");
  }
  return kDone;
}

}  // namespace

Result<Json> endpoint_body(const EndpointWriteOptions& options) {
  TM_ASSIGN(Json body, read_body(options.from_file));
  for (const auto& key : options.clear) body[key] = nullptr;
  add("url", options.url, body);
  add("description", options.description, body);
  if (!options.types.empty()) body["types"] = options.types;
  if (!options.filter.empty()) {
    auto filter = parse_json(options.filter);
    if (!filter) {
      return fail(Errc::invalid_argument, "--filter: " + filter.error().message);
    }
    body["filter"] = std::move(*filter);
  }
  TM_TRY(add_headers(options.headers, body));
  add("format", options.format, body);
  TM_TRY(add_rate(options, body));
  add("daily_quota", options.daily_quota, body);
  add_order(options, body);
  add("schedule", options.schedule, body);
  add("timeout", options.timeout, body);
  add("disable_after", options.disable_after, body);
  return body;
}

int run_endpoint_create(const Config& config, const EndpointWriteOptions& options) {
  auto body = endpoint_body(options);
  if (!body) return failed(to_failure(body.error()));
  if (!options.endpoint.id.empty()) (*body)["id"] = options.endpoint.id;
  if (!options.secret_file.empty()) {
    const auto secret = read_secret_argument(options.secret_file);
    if (!secret) {
      say("--secret-file: " + secret.error().message);
      return kBadUsage;
    }
    (*body)["secret"] = secret->reveal();
  }
  return with_backend(config, Runtime::Purpose::write, [&](Backend& backend) {
    if (!has_master_key(backend, config)) return static_cast<int>(kFailed);
    return create(backend, options, *body);
  });
}

int run_endpoint_update(const Config& config, const EndpointWriteOptions& options) {
  if (!is_path_part("an endpoint's id", options.endpoint.id)) return kBadUsage;
  const auto body = endpoint_body(options);
  if (!body) return failed(to_failure(body.error()));
  if (body->empty()) {
    say("nothing to change was said; `tidemark endpoint update --help` lists what can be");
    return kBadUsage;
  }
  return with_backend(config, Runtime::Purpose::write,
                      [&](Backend& backend) { return update(backend, options, *body); });
}

Result<Secret> read_secret_argument(const std::string& file) {
  if (file != "-") return read_secret_file(file);
  TM_ASSIGN(auto text, read_all(std::cin, "standard input", kMaxSecretBytes));
  Secret secret{std::string(trim(text))};
  if (secret.empty()) return fail(Errc::invalid_argument, "standard input is empty");
  return secret;
}

bool has_master_key(const Backend& backend, const Config& config) {
  if (backend.remote() || config.secrets.missing.empty()) return true;
  say(config.secrets.missing);
  return false;
}

bool is_path_part(const std::string& what, const std::string& text) {
  if (is_valid_name(text)) return true;
  say(what + " is 1 to 64 letters, digits, '_' or '-'");
  return false;
}

}  // namespace tidemark::app
