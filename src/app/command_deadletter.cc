// deadletter replay, drop. Listing them is listing deliveries: command_delivery.cc.
#include "app/commands.h"
#include "app/delivery_commands.h"
#include "app/exit_code.h"
#include "app/output.h"

namespace tidemark::app {
namespace {

Json selection(const DeadLetterOptions& options) {
  Json body = {{"endpoint", options.endpoint}};
  if (!options.type.empty()) body["type"] = options.type;
  if (!options.since.empty()) body["since"] = options.since;
  if (!options.until.empty()) body["until"] = options.until;
  if (!options.events.empty()) body["event_ids"] = options.events;
  if (options.dry_run) body["dry_run"] = true;
  return body;
}

bool selects(const DeadLetterOptions& options) {
  return !options.type.empty() || !options.since.empty() || !options.until.empty() ||
         !options.events.empty();
}

std::string counted(const std::string& count) {
  return count + (count == "1" ? " dead letter" : " dead letters");
}

int change(const Config& config, const DeadLetterOptions& options, const std::string& action,
           const Json& body, const std::string& done) {
  const auto purpose = options.dry_run ? Runtime::Purpose::read : Runtime::Purpose::write;
  return with_backend(config, purpose, [&](Backend& backend) {
    ApiRequest request{"POST", "/v1/deadletters" + action, {}, {}, dump_json(body)};
    if (!options.tenant.empty()) request.query["tenant"] = options.tenant;
    const auto count = backend.call_json(request);
    if (!count) return failed(count.error());
    if (options.json) {
      Output::line(dump_json(*count));
    } else if (options.dry_run) {
      Output::line(counted(text_at(*count, "matched")) + " would be " + done);
    } else {
      Output::line(counted(text_at(*count, "changed")) + " " + done);
    }
    return static_cast<int>(kDone);
  });
}

}  // namespace

int run_deadletter_replay(const Config& config, const DeadLetterOptions& options) {
  Json body = selection(options);
  if (!options.rate.empty()) {
    const auto rate = parse_json(options.rate);
    if (!rate || !rate->is_number()) {
      say("--rate: must be a number, such as 10 or 0.5");
      return kBadUsage;
    }
    body["per_second"] = *rate;
  }
  return change(config, options, "/replay", body, "begun anew");
}

int run_deadletter_drop(const Config& config, const DeadLetterOptions& options) {
  // What is dropped is gone for good, so all of it must be meant.
  if (!selects(options) && !options.all && !options.dry_run) {
    say("say which with --type, --since, --until or --event, or --all for every one of them");
    return kBadUsage;
  }
  if (selects(options) && options.all) {
    say("--all means every dead letter of the endpoint; leave it or the filters out");
    return kBadUsage;
  }
  return change(config, options, "/drop", selection(options), "dropped");
}

}  // namespace tidemark::app
