// The command line of event.
#include "app/cli_commands.h"
#include "app/write_commands.h"

namespace tidemark::app {
namespace {

template <class T>
void add_optional(CLI::App& command, const std::string& flag, std::optional<T>& value,
                  const std::string& help) {
  command.add_option(flag, value, help);
}

void add_members(CLI::App& command, EventWriteOptions& options) {
  add_optional(command, "--title", options.title, "what it is called");
  add_optional(command, "--description", options.description, "what it is about");
  add_optional(command, "--location", options.location, "where it is");
  add_optional(command, "--start", options.start,
               "2026-01-05 for whole days, 2026-01-05T09:00:00, or the same with Z for UTC");
  add_optional(command, "--end", options.end, "likewise; a day's end is the day after");
  command.add_option("--zone", options.zone,
                     "IANA zone of start and end; floating time when absent");
  add_optional(command, "--status", options.status, "confirmed, tentative or cancelled");
  command.add_option("--attendee", options.attendees, "an e-mail address; repeatable")
      ->allow_extra_args(false);
  command
      .add_option("--recurrence", options.recurrence,
                  "a line such as RRULE:FREQ=WEEKLY;COUNT=4; repeatable")
      ->allow_extra_args(false);
  command.add_option("--from-file", options.from_file,
                     "a JSON object of members (- reads standard input); options go before it");
}

void add_common(CLI::App& command, EventWriteOptions& options) {
  command.add_option("--idempotency-key", options.idempotency_key,
                     "a second command of the same key within 7 days is the first one");
  command.add_option("--wait", options.wait, "seconds to wait for the result; 60 when absent");
  command.add_flag("--json", options.json, "print JSON, as /v1/calendars/ID/writes/ID gives it");
}

void add_target(CLI::App& command, EventWriteOptions& options) {
  command.add_option("calendar", options.calendar, "id, ACCOUNT/NAME or name")->required();
  command.add_option("event", options.event, "its external_event_id, as `events --json` shows it")
      ->required();
  command.add_option("--if-match", options.if_match,
                     "only if its etag (else its source_hash) is still this");
}

}  // namespace

void add_write_commands(CLI::App& app, Invocation& invocation) {
  CLI::App& event =
      add_command(app, "event", "Change events on their server (accounts with write = true)",
                  "event create work/Home --title Lunch --start 2026-01-05T12:00:00 "
                  "--end 2026-01-05T13:00:00 --zone Europe/Berlin");
  event.require_subcommand(1);

  CLI::App& create = add_command(event, "create", "Create an event",
                                 "event create work/Home --title Holiday --start 2026-01-05");
  auto created = options_of(create, invocation, run_event_create);
  create.add_option("calendar", created->calendar, "id, ACCOUNT/NAME or name")->required();
  add_members(create, *created);
  add_common(create, *created);

  CLI::App& update =
      add_command(event, "update", "Change what is given of an event, or of one instance",
                  "event update work/Home /ada/home/lunch.ics --title 'Late lunch'");
  auto changed = options_of(update, invocation, run_event_update);
  add_target(update, *changed);
  add_members(update, *changed);
  add_common(update, *changed);

  CLI::App& remove = add_command(event, "delete", "Delete an event, or one instance of a series",
                                 "event delete work/Home /ada/home/lunch.ics");
  auto removed = options_of(remove, invocation, run_event_delete);
  add_target(remove, *removed);
  add_common(remove, *removed);

  CLI::App& writes = add_command(event, "writes", "List the commands that wait or have ended",
                                 "event writes work/Home");
  auto listed = options_of(writes, invocation, run_event_writes);
  writes.add_option("calendar", listed->calendar, "id, ACCOUNT/NAME or name")->required();
  writes.add_option("--limit", listed->limit, "at most so many; 100 when absent");
  writes.add_flag("--json", listed->json, "print JSON");
}

}  // namespace tidemark::app
