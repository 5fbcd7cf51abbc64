// endpoint list, show, delete, pause, resume, rotate-secret, rewind, test.
#include "app/commands.h"
#include "app/delivery_commands.h"
#include "app/exit_code.h"
#include "app/output.h"

namespace tidemark::app {
namespace {

constexpr auto kPage = "1000";

Query query_of(const EndpointOptions& options) {
  if (options.tenant.empty()) return {};
  return {{"tenant", options.tenant}};
}

ApiRequest request_to(const EndpointOptions& options, const std::string& method,
                      const std::string& action = "", const Json& body = Json::object()) {
  ApiRequest request{method, "/v1/endpoints/" + options.id + action, query_of(options)};
  if (method == "POST") request.body = dump_json(body);
  return request;
}

std::string label_of(const Json& endpoint) {
  return "endpoint " + text_at(endpoint, "id") + " of tenant " + text_at(endpoint, "tenant");
}

// What somebody has to know first about an endpoint: that it sends nothing, and why.
std::string state_of(const Json& endpoint) {
  const auto status = text_at(endpoint, "status");
  const auto hold = text_at(endpoint.value("hold", Json()), "reason");
  return status != "enabled" || hold.empty() ? status : status + ", " + hold;
}

void show_list(const Json& endpoints) {
  TextTable table({{"ENDPOINT"},
                   {"TENANT"},
                   {"STATE"},
                   {"WAITING", true},
                   {"DEAD", true},
                   {"DELIVERED", true, false, true},
                   {"LAST SUCCESS", false, false, true},
                   {"URL", false, true}});
  for (const auto& endpoint : endpoints) {
    const Json counts = endpoint.value("counts", Json::object());
    table.add({text_at(endpoint, "id"), text_at(endpoint, "tenant"), state_of(endpoint),
               text_at(counts, "waiting"), text_at(counts, "dead"), text_at(counts, "delivered"),
               short_time(text_at(endpoint, "last_success_at")), text_at(endpoint, "url")});
  }
  if (table.empty()) {
    say("there are no endpoints; `tidemark endpoint create --url URL` makes one");
    return;
  }
  Output::write(table.text(Output::width()));
  for (const auto& endpoint : endpoints) {
    const auto reason = text_at(endpoint, "reason");
    const auto error = text_at(endpoint, "last_error");
    if (!reason.empty()) {
      say(label_of(endpoint) + ": " + reason);
    } else if (text_at(endpoint, "breaker") == "open" && !error.empty()) {
      say(label_of(endpoint) + ": " + error);
    }
  }
}

ApiResult<Json> all_endpoints(Backend& backend, const EndpointListOptions& options) {
  Json items = Json::array();
  Query query{{"limit", kPage}};
  if (!options.tenant.empty()) query["tenant"] = options.tenant;
  for (bool more = true; more;) {
    const auto page = backend.call_json({"GET", "/v1/endpoints", query});
    if (!page) return tl::unexpected(page.error());
    for (const auto& item : (*page)["items"]) items.push_back(item);
    query["page"] = text_at(*page, "next_page");
    more = !query["page"].empty();
  }
  return items;
}

// Sends a change whose answer is the endpoint, and says what it did.
int change(const Config& config, const EndpointOptions& options, const ApiRequest& request,
           const std::string& done) {
  if (!is_path_part("an endpoint's id", options.id)) return kBadUsage;
  return with_backend(config, Runtime::Purpose::write, [&](Backend& backend) {
    const auto endpoint = backend.call_json(request);
    if (!endpoint) return failed(endpoint.error());
    if (options.json) {
      Output::line(dump_json(*endpoint));
    } else {
      say(label_of(*endpoint) + " " + done);
    }
    return static_cast<int>(kDone);
  });
}

int show_test(const Json& outcome) {
  const auto status = outcome.value("status", Json());
  const bool taken = status.is_number_integer() && status.get<int>() / 100 == 2;
  Output::line((status.is_null() ? "no answer" : "HTTP " + dump_json(status)) + " after " +
               text_at(outcome, "latency_ms") + " ms");
  if (const auto answer = text_at(outcome, "answer"); !answer.empty()) {
    Output::line(fit(answer, Output::width()));
  }
  if (const auto error = text_at(outcome, "error"); !error.empty()) say(error);
  return taken ? kDone : kUpstreamFailed;
}

}  // namespace

int run_endpoint_list(const Config& config, const EndpointListOptions& options) {
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    const auto endpoints = all_endpoints(backend, options);
    if (!endpoints) return failed(endpoints.error());
    if (options.json) {
      Output::line(dump_json({{"items", *endpoints}, {"next_page", nullptr}}));
    } else {
      show_list(*endpoints);
    }
    return static_cast<int>(kDone);
  });
}

int run_endpoint_show(const Config& config, const EndpointOptions& options) {
  if (!is_path_part("an endpoint's id", options.id)) return kBadUsage;
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    const auto endpoint = backend.call_json(request_to(options, "GET"));
    if (!endpoint) return failed(endpoint.error());
    options.json ? static_cast<void>(Output::line(dump_json(*endpoint))) : show_fields(*endpoint);
    return static_cast<int>(kDone);
  });
}

int run_endpoint_delete(const Config& config, const EndpointOptions& options) {
  if (!is_path_part("an endpoint's id", options.id)) return kBadUsage;
  return with_backend(config, Runtime::Purpose::write, [&](Backend& backend) {
    const auto done = backend.call(request_to(options, "DELETE"));
    if (!done) return failed(done.error());
    if (options.json) {
      Output::line(dump_json({{"id", options.id}, {"deleted", true}}));
    } else {
      say("endpoint " + options.id + " is removed");
    }
    return static_cast<int>(kDone);
  });
}

int run_endpoint_pause(const Config& config, const EndpointPauseOptions& options) {
  Json body = Json::object();
  if (!options.reason.empty()) body["reason"] = options.reason;
  return change(config, options.endpoint, request_to(options.endpoint, "POST", "/pause", body),
                "is paused; what comes for it is kept");
}

int run_endpoint_resume(const Config& config, const EndpointOptions& options) {
  return change(config, options, request_to(options, "POST", "/resume"), "goes on");
}

int run_endpoint_rotate(const Config& config, const EndpointRotateOptions& options) {
  const auto& endpoint = options.endpoint;
  if (!is_path_part("an endpoint's id", endpoint.id)) return kBadUsage;
  Json body = Json::object();
  if (!options.overlap.empty()) body["overlap"] = options.overlap;
  if (!options.secret_file.empty()) {
    const auto secret = read_secret_argument(options.secret_file);
    if (!secret) return failed(to_failure(in_context("--secret-file", secret.error())));
    body["secret"] = secret->reveal();
  }
  return with_backend(config, Runtime::Purpose::write, [&](Backend& backend) {
    if (!has_master_key(backend, config)) return static_cast<int>(kFailed);
    const auto made = backend.call_json(request_to(endpoint, "POST", "/rotate-secret", body));
    if (!made) return failed(made.error());
    if (endpoint.json) {
      Output::line(dump_json(*made));
    } else if (body.contains("secret")) {
      say(label_of(*made) + " signs with the new secret");
    } else {
      say("the new signing secret of " + label_of(*made) +
          "; it is shown this once, keep it safe:");
      Output::line(text_at(*made, "secret"));
    }
    return static_cast<int>(kDone);
  });
}

int run_endpoint_rewind(const Config& config, const EndpointRewindOptions& options) {
  Json body = Json::object();
  if (options.after) {
    body["after"] = *options.after;
  } else {
    body["from"] = options.event.empty() ? options.from : options.event;
  }
  return change(config, options.endpoint, request_to(options.endpoint, "POST", "/rewind", body),
                "delivers again from there");
}

int run_endpoint_test(const Config& config, const EndpointOptions& options) {
  if (!is_path_part("an endpoint's id", options.id)) return kBadUsage;
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    const auto outcome = backend.call_json(request_to(options, "POST", "/test"));
    if (!outcome) return failed(outcome.error());
    if (!options.json) return show_test(*outcome);
    Output::line(dump_json(*outcome));
    const auto status = outcome->value("status", Json());
    const bool taken = status.is_number_integer() && status.get<int>() / 100 == 2;
    return static_cast<int>(taken ? kDone : kUpstreamFailed);
  });
}

}  // namespace tidemark::app
