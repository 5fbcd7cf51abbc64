// The command line of endpoint, delivery and deadletter.
#include "app/cli_commands.h"
#include "app/delivery_commands.h"

namespace tidemark::app {
namespace {

constexpr auto kTenant = "whose it is; may be left out when only one tenant has such an endpoint";
constexpr auto kJson = "print JSON, as the API gives it";

void add_endpoint_arguments(CLI::App& command, EndpointOptions& options) {
  command.add_option("endpoint", options.id, "its id")->required();
  command.add_option("--tenant", options.tenant, kTenant);
  command.add_flag("--json", options.json, kJson);
}

// An option that stays absent when it is not said.
template <class T>
CLI::Option* add_optional(CLI::App& command, const std::string& flag, std::optional<T>& into,
                          const std::string& help) {
  return command.add_option_function<T>(
      flag, [&into](const T& value) { into = value; }, help);
}

// `options` lives as long as the parser.
void add_settings(CLI::App& command, EndpointWriteOptions& options) {
  add_optional(command, "--url", options.url, "where events are sent");
  command
      .add_option("--types", options.types,
                  "globs over event types, between commas; all when absent")
      ->delimiter(',')
      ->allow_extra_args(false);
  command.add_option("--filter", options.filter, "conditions, as a JSON list");
  command.add_option("--header", options.headers, "NAME=VALUE, sent with each event; repeatable")
      ->allow_extra_args(false);
  add_optional(command, "--format", options.format,
               "envelope, cloudevents_structured or cloudevents_binary");
  command.add_option("--rate", options.rate, "events a second at most, such as 10 or 0.5");
  add_optional(command, "--burst", options.burst, "how many may go at once after a pause");
  add_optional(command, "--quota", options.daily_quota, "events a day (UTC) at most");
  add_optional(command, "--concurrency", options.concurrency, "requests at the same time");
  command.add_flag_callback(
      "--ordered", [&options] { options.ordered = true; }, "one event after the other");
  add_optional(command, "--schedule", options.schedule,
               "pauses before the attempts, such as 0s,5s,5m");
  add_optional(command, "--timeout", options.timeout, "of one attempt, 1s to 30s");
  add_optional(command, "--disable-after", options.disable_after,
               "of failing without a success, such as 5d; 0s: never");
  add_optional(command, "--description", options.description, "a note for people");
  command.add_option("--from-file", options.from_file,
                     "a JSON file of all this (- reads standard input); options go before it");
}

void add_endpoint_writing(CLI::App& endpoint, Invocation& invocation) {
  CLI::App& create = add_command(
      endpoint, "create", "Make an endpoint; its signing secret is shown once",
      "endpoint create --id orders --url https://example.com/hook --types 'calendar.event.*'");
  auto made = options_of(create, invocation, run_endpoint_create);
  create.add_option("--id", made->endpoint.id, "1 to 64 letters, digits, _ or -; made when absent");
  create.add_option("--tenant", made->endpoint.tenant, "whose it is; \"default\" when absent");
  create.add_flag("--json", made->endpoint.json, kJson);
  create.add_option("--secret-file", made->secret_file,
                    "a file of your own signing secret, whsec_...; - reads standard input");
  add_settings(create, *made);

  CLI::App& update = add_command(endpoint, "update", "Change what is said, keep the rest",
                                 "endpoint update orders --rate 5 --burst 10 --clear filter");
  auto changed = options_of(update, invocation, run_endpoint_update);
  add_endpoint_arguments(update, changed->endpoint);
  add_settings(update, *changed);
  update.add_flag_callback(
      "--no-ordered", [changed] { changed->ordered = false; }, "several events at once again");
  update
      .add_option("--clear", changed->clear,
                  "a key that gets its preset again, such as filter or rate; repeatable")
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"description", "types", "filter", "headers", "format", "rate",
                             "daily_quota", "concurrency", "ordered", "schedule", "timeout",
                             "disable_after"}));
}

void add_endpoint_state(CLI::App& endpoint, Invocation& invocation) {
  CLI::App& pause = add_command(endpoint, "pause", "Send nothing more; what comes is kept",
                                "endpoint pause orders --reason 'moving the receiver'");
  auto paused = options_of(pause, invocation, run_endpoint_pause);
  add_endpoint_arguments(pause, paused->endpoint);
  pause.add_option("--reason", paused->reason, "a note for people");

  CLI::App& resume = add_command(endpoint, "resume", "Go on, also after it was disabled",
                                 "endpoint resume orders");
  add_endpoint_arguments(resume, *options_of(resume, invocation, run_endpoint_resume));

  CLI::App& rotate = add_command(endpoint, "rotate-secret",
                                 "Make a new signing secret; the old ones sign, too, for a while",
                                 "endpoint rotate-secret orders --overlap 24h");
  auto rotated = options_of(rotate, invocation, run_endpoint_rotate);
  add_endpoint_arguments(rotate, rotated->endpoint);
  rotate.add_option("--overlap", rotated->overlap,
                    "how long the old ones sign, too: 24h when absent, 30d at most");
  rotate.add_option("--secret-file", rotated->secret_file,
                    "a file of your own signing secret, whsec_...; - reads standard input");

  CLI::App& rewind = add_command(endpoint, "rewind", "Deliver again what was delivered before",
                                 "endpoint rewind orders --from 2026-01-05T00:00:00Z");
  auto rewound = options_of(rewind, invocation, run_endpoint_rewind);
  add_endpoint_arguments(rewind, rewound->endpoint);
  auto* point = rewind.add_option_group("from where");
  add_optional(*point, "--after", rewound->after, "what came after this sequence");
  point->add_option("--from", rewound->from, "what came from this RFC 3339 time on");
  point->add_option("--event", rewound->event, "this event and what came after it");
  point->require_option(1);

  CLI::App& test = add_command(endpoint, "test", "Send a sample event now and tell how it went",
                               "endpoint test orders");
  add_endpoint_arguments(test, *options_of(test, invocation, run_endpoint_test));
}

void add_endpoints(CLI::App& app, Invocation& invocation) {
  CLI::App& endpoint =
      add_command(app, "endpoint", "Where events are delivered to", "endpoint list");
  endpoint.require_subcommand(1);
  CLI::App& list = add_command(endpoint, "list", "List the endpoints and how they do",
                               "endpoint list --tenant acme");
  auto listed = options_of(list, invocation, run_endpoint_list);
  list.add_option("--tenant", listed->tenant, "only this tenant's");
  list.add_flag("--json", listed->json, kJson);
  CLI::App& show = add_command(endpoint, "show", "Show one endpoint, without its secrets",
                               "endpoint show orders");
  add_endpoint_arguments(show, *options_of(show, invocation, run_endpoint_show));
  add_endpoint_writing(endpoint, invocation);
  CLI::App& remove =
      add_command(endpoint, "delete", "Remove an endpoint, its secrets and what waits for it",
                  "endpoint delete orders");
  add_endpoint_arguments(remove, *options_of(remove, invocation, run_endpoint_delete));
  add_endpoint_state(endpoint, invocation);
}

void add_list_arguments(CLI::App& list, DeliveryListOptions& options) {
  list.add_option("endpoint", options.endpoint, "its id")->required();
  list.add_option("--tenant", options.tenant, kTenant);
  list.add_option("--type", options.type, "only event types that fit this glob");
  list.add_option("--since", options.since, "last tried at or after this RFC 3339 time or date");
  list.add_option("--until", options.until, "last tried before this RFC 3339 time or date");
  list.add_option("--limit", options.limit, "at most so many; 100 when absent")
      ->check(CLI::Range(1, 1000));
  list.add_option("--page", options.page, "go on where an answer ended");
  list.add_flag("--json", options.json, kJson);
}

void add_delivery_arguments(CLI::App& command, DeliveryArguments& options) {
  command.add_option("endpoint", options.endpoint, "its id")->required();
  command.add_option("event", options.event, "the event's id, evt_...")->required();
  command.add_option("--tenant", options.tenant, kTenant);
  command.add_flag("--json", options.json, kJson);
}

void add_deliveries(CLI::App& app, Invocation& invocation) {
  CLI::App& delivery =
      add_command(app, "delivery", "What became of events for an endpoint", "delivery list orders");
  delivery.require_subcommand(1);
  CLI::App& list =
      add_command(delivery, "list", "List deliveries that wait, are dead, or have succeeded",
                  "delivery list orders --state waiting --since 2026-01-05");
  auto listed = options_of(list, invocation, run_delivery_list);
  add_list_arguments(list, *listed);
  list.add_option("--state", listed->state, "waiting, dead or delivered; waiting when absent")
      ->check(CLI::IsMember({"waiting", "dead", "delivered"}));
  CLI::App& show = add_command(delivery, "show", "Say what became of one event, and why",
                               "delivery show orders evt_01J8Z0P3H1Y8K8Q0KQ9VJ8X7K1");
  add_delivery_arguments(show, *options_of(show, invocation, run_delivery_show));
  CLI::App& retry = add_command(delivery, "retry", "Try one that waits at once, or a dead one anew",
                                "delivery retry orders evt_01J8Z0P3H1Y8K8Q0KQ9VJ8X7K1");
  add_delivery_arguments(retry, *options_of(retry, invocation, run_delivery_retry));
  CLI::App& cancel = add_command(delivery, "cancel", "Give up one that waits",
                                 "delivery cancel orders evt_01J8Z0P3H1Y8K8Q0KQ9VJ8X7K1");
  add_delivery_arguments(cancel, *options_of(cancel, invocation, run_delivery_cancel));
}

void add_selection(CLI::App& command, DeadLetterOptions& options) {
  command.add_option("endpoint", options.endpoint, "its id")->required();
  command.add_option("--tenant", options.tenant, kTenant);
  command.add_option("--type", options.type, "only event types that fit this glob");
  command.add_option("--since", options.since, "last tried at or after this RFC 3339 time or date");
  command.add_option("--until", options.until, "last tried before this RFC 3339 time or date");
  command.add_option("--event", options.events, "only this event's; repeatable")
      ->allow_extra_args(false);
  command.add_flag("--dry-run", options.dry_run, "only count what would be taken");
  command.add_flag("--json", options.json, kJson);
}

void add_dead_letters(CLI::App& app, Invocation& invocation) {
  CLI::App& dead = add_command(app, "deadletter", "Events that an endpoint never took",
                               "deadletter list orders");
  dead.require_subcommand(1);
  CLI::App& list = add_command(dead, "list", "List the dead letters of an endpoint",
                               "deadletter list orders --type 'calendar.event.*'");
  add_list_arguments(list, *options_of(list, invocation, run_deadletter_list));
  CLI::App& replay = add_command(dead, "replay", "Begin dead letters anew",
                                 "deadletter replay orders --since 2026-01-05 --rate 5");
  auto replayed = options_of(replay, invocation, run_deadletter_replay);
  add_selection(replay, *replayed);
  replay.add_option("--rate", replayed->rate, "how many are begun a second; 10 when absent");
  CLI::App& drop = add_command(dead, "drop", "Forget dead letters; they are not sent any more",
                               "deadletter drop orders --until 2026-01-01 --dry-run");
  auto dropped = options_of(drop, invocation, run_deadletter_drop);
  add_selection(drop, *dropped);
  drop.add_flag("--all", dropped->all, "all of the endpoint: without it something must select");
}

}  // namespace

void add_delivery_commands(CLI::App& app, Invocation& invocation) {
  add_endpoints(app, invocation);
  add_deliveries(app, invocation);
  add_dead_letters(app, invocation);
}

}  // namespace tidemark::app
