// calendars, events, calendar quarantine, status.
#include <algorithm>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "base/text.h"

namespace tidemark::app {
namespace {

std::string event_time(const Json& event, const char* field) {
  const auto found = event.find(field);
  if (found == event.end() || !found->is_object()) return "-";
  if (const auto date = text_at(*found, "date"); !date.empty()) return date;
  std::string local = text_at(*found, "date_time");
  if (local.size() >= 16) local = local.substr(0, 10) + " " + local.substr(11, 5);
  const auto zone = text_at(*found, "zone");
  return zone.empty() ? local : local + " " + (zone == "UTC" ? "Z" : zone);
}

// Until when the servers tell of changes is a column only where one does.
TextTable calendar_table(const Json& calendars) {
  const bool watched = std::any_of(calendars.begin(), calendars.end(), [](const Json& calendar) {
    return !text_at(calendar, "watched_until").empty();
  });
  std::vector<TextTable::Column> columns{
      {"CALENDAR", false, true}, {"STATE"}, {"EVENTS", true}, {"BAD", true}, {"LAST SYNC"}};
  if (watched) columns.push_back({"WATCHED UNTIL"});
  columns.push_back({"ID", false, true});
  TextTable table(std::move(columns));
  for (const auto& calendar : calendars) {
    std::vector<std::string> row{text_at(calendar, "account") + "/" + text_at(calendar, "name"),
                                 text_at(calendar, "state"), text_at(calendar, "events"),
                                 text_at(calendar, "quarantined"),
                                 short_time(text_at(calendar, "last_sync"))};
    if (watched) row.push_back(short_time(text_at(calendar, "watched_until")));
    row.push_back(text_at(calendar, "id"));
    table.add(std::move(row));
  }
  return table;
}

// With `as_of` as it was then; empty: as it is.
Query query_as_of(const std::string& as_of) {
  return as_of.empty() ? Query() : Query{{"as_of", as_of}};
}

ApiResult<Json> find_one(Backend& backend, const std::string& name, const std::string& as_of = {}) {
  auto query = query_as_of(as_of);
  query["name"] = name;
  auto found = backend.call_json({"GET", "/v1/calendars", std::move(query)});
  if (!found) return tl::unexpected(std::move(found).error());
  return (*found)["items"][0];
}

ApiRequest events_request(const EventsOptions& options, const std::string& id) {
  ApiRequest request{"GET", "/v1/calendars/" + id + "/events", query_as_of(options.as_of)};
  request.query["limit"] = std::to_string(options.limit);
  if (!options.from.empty()) request.query["from"] = options.from;
  if (!options.to.empty()) request.query["to"] = options.to;
  if (!options.zone.empty()) request.query["zone"] = options.zone;
  if (!options.page.empty()) request.query["page"] = options.page;
  if (options.expand) request.query["expand"] = "true";
  return request;
}

int show_events(const std::string& body) {
  const auto page = parse_json(body);
  if (!page) return failed(to_failure(page.error()));
  TextTable table({{"START", false, true},
                   {"END", false, true},
                   {"TITLE", false, true},
                   {"LOCATION", false, true},
                   {"STATUS"}});
  for (const auto& event : (*page)["items"]) {
    table.add({event_time(event, "start"), event_time(event, "end"), text_at(event, "title"),
               text_at(event, "location"), text_at(event, "status")});
  }
  if (!table.empty()) Output::write(table.text(Output::width()));
  const auto next = text_at(*page, "next_page");
  if (!next.empty()) say("there are more: --page " + next);
  return kDone;
}

std::string age_of(const Json& mark) {
  const auto seconds = mark.value("age_seconds", std::int64_t{0});
  if (seconds < 120) return std::to_string(seconds) + " s ago";
  if (seconds < 2 * 3600) return std::to_string(seconds / 60) + " min ago";
  if (seconds < 2 * 86400) return std::to_string(seconds / 3600) + " h ago";
  return std::to_string(seconds / 86400) + " days ago";
}

void show_backup(const Json& backup) {
  const Json& created = backup["last_created"];
  const Json& verified = backup["last_verified"];
  if (created.is_null() && verified.is_null()) {
    Output::line("backup     never made; see `tidemark backup create --help`");
    return;
  }
  std::string line = "backup     ";
  line += created.is_null() ? "none known" : "last made " + age_of(created);
  line += verified.is_null() ? ", never verified" : ", last verified one " + age_of(verified);
  Output::line(line);
}

void show_engine(const Json& status) {
  if (status.contains("engine")) {
    const Json& engine = status["engine"];
    Output::line("engine     inbox " + text_at(engine, "inbox") + ", outbox " +
                 text_at(engine, "outbox") + ", running " + text_at(engine, "running") +
                 ", timers " + text_at(engine, "timers"));
  }
  if (!status.contains("store")) return;
  const Json& store = status["store"];
  Output::line("store      " + format_size(store.value("disk_bytes", std::uint64_t{0})) +
               " on disk, last sequence " + text_at(store, "last_sequence"));
  const auto fault = text_at(store, "fault");
  if (!fault.empty()) Output::line("store      FAILING: " + fault);
  if (status.contains("backup")) show_backup(status["backup"]);
}

}  // namespace

int run_calendars(const Config& config, const CalendarsOptions& options) {
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    const auto body = backend.call({"GET", "/v1/calendars", query_as_of(options.as_of)});
    if (!body) return failed(body.error());
    if (options.json) {
      Output::line(*body);
      return static_cast<int>(kDone);
    }
    const auto list = parse_json(*body);
    if (!list) return failed(to_failure(list.error()));
    const auto table = calendar_table((*list)["items"]);
    if (table.empty()) {
      say("no calendar is mirrored yet; run `tidemark sync`");
      return static_cast<int>(kDone);
    }
    Output::write(table.text(Output::width()));
    show_errors((*list)["items"]);
    return static_cast<int>(kDone);
  });
}

int run_events(const Config& config, const EventsOptions& options) {
  const bool narrowed = !options.from.empty() || !options.to.empty() || options.expand;
  if (options.format == "ics" && narrowed) {
    say("--format ics gives the whole calendar; leave out --from, --to and --expand");
    return kBadUsage;
  }
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    const auto calendar = find_one(backend, options.calendar, options.as_of);
    if (!calendar) return failed(calendar.error());
    const auto id = text_at(*calendar, "id");
    const auto body =
        options.format == "ics"
            ? backend.call({"GET", "/v1/calendars/" + id + ".ics", query_as_of(options.as_of)})
            : backend.call(events_request(options, id));
    if (!body) return failed(body.error());
    if (options.format == "table") return show_events(*body);
    options.format == "ics" ? Output::write(*body) : Output::line(*body);
    return static_cast<int>(kDone);
  });
}

int run_quarantine(const Config& config, const QuarantineOptions& options) {
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    const auto calendar = find_one(backend, options.calendar);
    if (!calendar) return failed(calendar.error());
    const auto body = backend.call(
        {"GET", "/v1/calendars/" + text_at(*calendar, "id") + "/quarantine", {{"limit", "1000"}}});
    if (!body) return failed(body.error());
    if (options.json) {
      Output::line(*body);
      return static_cast<int>(kDone);
    }
    const auto list = parse_json(*body);
    if (!list) return failed(to_failure(list.error()));
    TextTable table({{"RESOURCE", false, true}, {"BYTES", true}, {"REASON", false, true}});
    for (const auto& item : (*list)["items"]) {
      table.add({text_at(item, "href"), text_at(item, "size"), text_at(item, "reason")});
    }
    if (table.empty()) {
      say("every resource of " + text_at(*calendar, "name") + " can be read");
    } else {
      Output::write(table.text(Output::width()));
    }
    return static_cast<int>(kDone);
  });
}

int run_status(const Config& config, const ListOptions& options) {
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    const auto body = backend.call({"GET", "/v1/status"});
    if (!body) return failed(body.error());
    if (options.json) {
      Output::line(*body);
      return static_cast<int>(kDone);
    }
    const auto status = parse_json(*body);
    if (!status) return failed(to_failure(status.error()));
    Output::line("tidemark   " + text_at(*status, "version") +
                 (backend.remote() ? ", serving" : ", not running"));
    Output::line("data       " + config.data_dir);
    show_engine(*status);
    TextTable accounts(
        {{"ACCOUNT"}, {"TENANT"}, {"PROVIDER"}, {"STATE"}, {"CALENDARS", true}, {"DISCOVERED"}});
    for (const auto& account : (*status)["accounts"]) {
      accounts.add({text_at(account, "id"), text_at(account, "tenant"),
                    text_at(account, "provider"), text_at(account, "state"),
                    text_at(account, "calendars"), short_time(text_at(account, "last_discovery"))});
    }
    if (!accounts.empty()) Output::write("\n" + accounts.text(Output::width()));
    const auto calendars = calendar_table((*status)["calendars"]);
    if (!calendars.empty()) Output::write("\n" + calendars.text(Output::width()));
    show_errors((*status)["accounts"]);
    show_errors((*status)["calendars"]);
    return static_cast<int>(kDone);
  });
}

}  // namespace tidemark::app
