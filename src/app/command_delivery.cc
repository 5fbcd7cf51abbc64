// delivery list, show, retry, cancel.
#include "app/commands.h"
#include "app/delivery_commands.h"
#include "app/exit_code.h"
#include "app/output.h"

namespace tidemark::app {
namespace {

Query list_query(const DeliveryListOptions& options) {
  Query query{{"limit", std::to_string(options.limit)}};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) query[name] = value;
  };
  add("tenant", options.tenant);
  add("state", options.state);
  add("type", options.type);
  add("since", options.since);
  add("until", options.until);
  add("page", options.page);
  return query;
}

// Of the last attempt: "503", or why there was no answer.
std::string outcome_of(const Json& attempt) {
  const auto error = text_at(attempt, "error");
  return error.empty() ? text_at(attempt, "status") : error;
}

void show_deliveries(const Json& page) {
  TextTable table({{"EVENT"},
                   {"TYPE", false, true},
                   {"STATE"},
                   {"TRIES", true},
                   {"LAST TRY"},
                   {"NEXT TRY", false, false, true},
                   {"OUTCOME", false, true}});
  for (const auto& delivery : page["items"]) {
    const Json last = delivery.value("last_attempt", Json());
    table.add({text_at(delivery, "event_id"), text_at(delivery, "event_type"),
               text_at(delivery, "state"), text_at(delivery, "attempts"),
               exact_time(text_at(last, "at")), exact_time(text_at(delivery, "next_attempt_at")),
               outcome_of(last)});
  }
  if (table.empty()) {
    say("there are none");
  } else {
    Output::write(table.text(Output::width()));
  }
  const auto next = text_at(page, "next_page");
  if (!next.empty()) say("there are more: --page " + next);
}

int list(const Config& config, const DeliveryListOptions& options, const std::string& path,
         const Query& query) {
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    const auto body = backend.call({"GET", path, query});
    if (!body) return failed(body.error());
    if (options.json) {
      Output::line(*body);
      return static_cast<int>(kDone);
    }
    const auto page = parse_json(*body);
    if (!page) return failed(to_failure(page.error()));
    show_deliveries(*page);
    return static_cast<int>(kDone);
  });
}

bool can_be_addressed(const DeliveryArguments& options) {
  return is_path_part("an endpoint's id", options.endpoint) &&
         is_path_part("an event's id", options.event);
}

ApiRequest request_to(const DeliveryArguments& options, const std::string& method,
                      const std::string& action = "") {
  ApiRequest request{method,
                     "/v1/endpoints/" + options.endpoint + "/deliveries/" + options.event + action};
  if (!options.tenant.empty()) request.query["tenant"] = options.tenant;
  if (method == "POST") request.body = "{}";
  return request;
}

void show_explanation(const Json& what) {
  std::string line = text_at(what, "event_id") + " is " + text_at(what, "state") +
                     " for endpoint " + text_at(what, "endpoint");
  if (const auto reason = text_at(what, "reason"); !reason.empty()) line += ": " + reason;
  if (const auto until = text_at(what, "until"); !until.empty()) {
    line += ", until " + exact_time(until);
  }
  Output::line(line);
  TextTable table({{"TRIED"}, {"STATUS", true}, {"MS", true}, {"OUTCOME", false, true}});
  for (const auto& attempt : what.value("attempts", Json::array())) {
    const auto error = text_at(attempt, "error");
    table.add({exact_time(text_at(attempt, "at")), text_at(attempt, "status"),
               text_at(attempt, "latency_ms"), error.empty() ? text_at(attempt, "answer") : error});
  }
  if (!table.empty()) Output::write("\n" + table.text(Output::width()));
}

int change(const Config& config, const DeliveryArguments& options, const std::string& action,
           const std::string& done) {
  if (!can_be_addressed(options)) return kBadUsage;
  return with_backend(config, Runtime::Purpose::write, [&](Backend& backend) {
    const auto receipt = backend.call(request_to(options, "POST", action));
    if (!receipt) return failed(receipt.error());
    if (options.json) {
      Output::line(*receipt);
    } else {
      say(options.event + " " + done);
    }
    return static_cast<int>(kDone);
  });
}

}  // namespace

int run_delivery_list(const Config& config, const DeliveryListOptions& options) {
  if (!is_path_part("an endpoint's id", options.endpoint)) return kBadUsage;
  return list(config, options, "/v1/endpoints/" + options.endpoint + "/deliveries",
              list_query(options));
}

int run_deadletter_list(const Config& config, const DeliveryListOptions& options) {
  Query query = list_query(options);
  query["endpoint"] = options.endpoint;
  return list(config, options, "/v1/deadletters", query);
}

int run_delivery_show(const Config& config, const DeliveryArguments& options) {
  if (!can_be_addressed(options)) return kBadUsage;
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    const auto what = backend.call_json(request_to(options, "GET"));
    if (!what) return failed(what.error());
    options.json ? static_cast<void>(Output::line(dump_json(*what))) : show_explanation(*what);
    return static_cast<int>(kDone);
  });
}

int run_delivery_retry(const Config& config, const DeliveryArguments& options) {
  return change(config, options, "/retry", "is tried again now");
}

int run_delivery_cancel(const Config& config, const DeliveryArguments& options) {
  return change(config, options, "/cancel", "is given up");
}

}  // namespace tidemark::app
