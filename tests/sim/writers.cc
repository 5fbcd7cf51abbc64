#include "sim/writers.h"

#include <algorithm>

#include "base/text.h"
#include "sim/process.h"
#include "sync/mirror.h"

namespace tidemark::sim {
namespace {

using Kind = WriteRequest::Kind;

Json time_on(std::uint64_t day, std::uint64_t hour, const std::string& zone) {
  const auto two_digits = [](std::uint64_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
  };
  return {{"date_time", "2026-03-" + two_digits(day) + "T" + two_digits(hour) + ":00:00"},
          {"zone", zone}};
}

// An occurrence of a daily or weekly series, mostly one that there is.
std::string instance_of(const CalendarEvent& series, std::uint64_t number) {
  const bool weekly = series.recurrence[0].find("WEEKLY") != std::string::npos;
  const auto later = std::chrono::hours(24 * number * (weekly ? 7 : 1));
  if (series.start.utc) return format_rfc3339(*series.start.utc + later).substr(0, 19) + "Z";
  const auto day = parse_rfc3339(series.start.local.substr(0, 10) + "T00:00:00Z");
  return day ? format_rfc3339(*day + later).substr(0, 10) : std::string();
}

}  // namespace

std::optional<Command> Writers::create(const Tenant& tenant) {
  auto& random = stage_.random;
  static const std::vector<std::string> kZones{"UTC", "Asia/Kolkata", "America/Phoenix"};
  Command command;
  const auto zone = random.pick(kZones);
  const auto day = 1 + random.below(27);
  const auto hour = random.below(20);
  command.request.members = {{"start", time_on(day, hour, zone)},
                             {"end", time_on(day, hour + 1 + random.below(3), zone)}};
  if (tenant.account.settings.provider == "google" && random.chance(250)) {
    command.request.members["recurrence"] = Json::array({"RRULE:FREQ=DAILY;COUNT=9"});
  }
  return command;
}

std::optional<Command> Writers::change(const Process& process, const Tenant& tenant,
                                       const CalendarStatus& calendar) {
  auto& random = stage_.random;
  const auto page = query_events(process.view(), calendar, {.limit = kMaxEventPage});
  if (!page || page->events.empty()) return std::nullopt;
  const auto& event = random.pick(page->events);
  Command command;
  command.request.kind = random.chance(350) ? Kind::remove : Kind::update;
  command.request.event = event.external_event_id;
  const bool instance = tenant.account.settings.provider == "google" && !event.recurrence.empty() &&
                        random.chance(400);
  if (instance) {
    command.request.event += "#" + instance_of(event, random.below(8));
  } else if (random.chance(500)) {
    command.request.if_match = event.etag.empty() ? event.source_hash : event.etag;
    command.based = version_of(event.title, tenant.name);
  }
  return command;
}

void Writers::write() {
  Process* process = process_();
  if (process == nullptr || process->dead()) return;
  auto& random = stage_.random;
  const auto& tenant = random.pick(tenants_);
  const auto calendars = list_calendars(process->view(), tenant.name);
  if (!calendars || calendars->empty()) return;
  const auto& calendar = random.pick(*calendars);
  auto command = random.chance(350) ? create(tenant) : change(*process, tenant, calendar);
  if (!command) return;
  auto& request = command->request;
  request.tenant = tenant.name;
  request.account = kAccount;
  request.calendar = calendar.id;
  request.idempotency_key = "key-" + std::to_string(commands_.size());
  if (request.kind != Kind::remove) {
    command->version = kFirstWritten + commands_.size();
    request.members["title"] = title_of(tenant.name, command->version);
  }
  commands_.push_back(*std::move(command));
  ask(commands_.back());
}

bool Writers::look(Command& command) const {
  const auto& request = command.request;
  const auto& view = process_()->view();
  const auto calendar = find_calendar(view, request.tenant, request.calendar);
  if (!calendar) return false;
  const bool stays = calendar->state != "removing";
  if (request.kind == Kind::create) return stays;
  bool there = false;
  const std::string event = request.event.substr(0, request.event.find('#'));
  EventQuery query{.limit = kMaxEventPage};
  do {
    const auto page = query_events(view, *calendar, query);
    if (!page) return false;
    for (const auto& one : page->events) {
      there |= one.external_event_id == request.event;
      const bool of_it = one.external_event_id == event || one.recurring_event_id == event;
      if (of_it) command.seen.insert(version_of(one.title, request.tenant));
    }
    query.page = page->next_page;
  } while (!query.page.empty());
  return there && stays;
}

bool Writers::is_quarantined(const Command& command) const {
  const auto& request = command.request;
  const auto& view = process_()->view();
  const auto calendar = find_calendar(view, request.tenant, request.calendar);
  if (!calendar) return false;
  const auto quarantined = list_quarantined(view, *calendar, kMaxEventPage);
  return quarantined && std::any_of(quarantined->begin(), quarantined->end(), [&](const auto& one) {
           return one.href == request.event.substr(0, request.event.find('#'));
         });
}

void Writers::ask(Command& command) {
  Process* process = process_();
  if (command.answered()) return;
  if (process == nullptr || process->dead()) return;  // process_ended() comes back to it
  const int times = stage_.faults.strikes(Fault::request_doubled) ? 2 : 1;
  for (int i = 0; i < times; ++i) {
    const bool was_there = look(command);
    const auto accepted = process->sync().request_write(command.request);
    if (process != process_() || process->dead()) return;  // the answer never got out
    const bool is_there = look(command);
    answered(command, accepted, was_there && is_there);
  }
}

void Writers::ask_later(Command& command) {
  stage_.agenda.after(stage_.random.delay(std::chrono::seconds(20)), Agenda::Of::world,
                      [this, &command] { ask(command); });
}

void Writers::answered(Command& command, const Result<AcceptedWrite>& accepted, bool there) {
  const auto& key = command.request.idempotency_key;
  if (!accepted) {
    const Errc code = accepted.error().code;
    if (retryable(code) || code == Errc::cancelled) return ask_later(command);
    if (!command.id.empty()) {
      stage_.violated("writes", key + " was accepted, and then: " + accepted.error().message);
    }
    if (code == Errc::not_found && there) {
      stage_.violated("writes", key + " is refused, and what it is about is there: " +
                                    accepted.error().message);
    }
    command.refused = true;
    command.why_refused = code;
    command.unreadable = is_quarantined(command);
    stage_.say(key + " is refused: " + accepted.error().message);
    return;
  }
  if (stage_.faults.strikes(Fault::answer_lost)) return ask_later(command);
  if (!command.id.empty() && command.id != accepted->id) {
    stage_.violated("writes", key + " was accepted twice");
  }
  command.id = accepted->id;
  command.correlation_id = accepted->correlation_id;
  stage_.say(key + " is " + command.id + ", v" + std::to_string(command.version) + " of " +
             command.request.event);
}

void Writers::process_ended() {
  for (auto& command : commands_) {
    if (!command.answered()) ask_later(command);
  }
}

bool Writers::all_answered() const {
  return std::all_of(commands_.begin(), commands_.end(),
                     [](const Command& command) { return command.answered(); });
}

}  // namespace tidemark::sim
