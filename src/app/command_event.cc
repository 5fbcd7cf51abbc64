// event create, event update, event delete, event writes.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/output.h"
#include "app/write_commands.h"
#include "base/text.h"
#include "sync/event_changes.h"

namespace tidemark::app {
namespace {

constexpr std::chrono::seconds kSettle{10};  // until the machines have heard of the configuration

ApiFailure misuse(const std::string& message) {
  return {std::string(name(Errc::invalid_argument)), message, kBadUsage};
}

ApiResult<Json> read_members(const std::string& file) {
  if (file.empty()) return Json::object();
  std::ifstream in;
  if (file != "-") in.open(file, std::ios::binary);
  std::istream& source = file == "-" ? std::cin : in;
  std::string text(sync::kMaxEventBytes + 1, '\0');
  source.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(source.gcount()));
  if (source.bad() || (file != "-" && !in.is_open())) {
    return tl::unexpected(misuse("--from-file: cannot read " + file));
  }
  auto members = parse_json(text);
  if (!members) return tl::unexpected(misuse("--from-file: " + members.error().message));
  if (!members->is_object()) return tl::unexpected(misuse("--from-file: must be a JSON object"));
  return std::move(*members);
}

// A date, a time in the zone given, or one in UTC; the API says what is wrong with it.
Json time_json(const std::string& text, const std::string& zone) {
  if (text.find('T') == std::string::npos) return {{"date", text}};
  if (text.ends_with('Z')) {
    return {{"date_time", text.substr(0, text.size() - 1)}, {"zone", "UTC"}};
  }
  return {{"date_time", text}, {"zone", zone.empty() ? Json(nullptr) : Json(zone)}};
}

ApiResult<Json> members_of(const EventWriteOptions& options) {
  auto members = read_members(options.from_file);
  if (!members) return members;
  const auto add = [&](const char* name, const std::optional<std::string>& value) {
    if (value) (*members)[name] = value->empty() ? Json(nullptr) : Json(*value);
  };
  add("title", options.title);
  add("description", options.description);
  add("location", options.location);
  add("status", options.status);
  if (options.start) (*members)["start"] = time_json(*options.start, options.zone);
  if (options.end) (*members)["end"] = time_json(*options.end, options.zone);
  if (!options.attendees.empty()) {
    Json list = Json::array();
    for (const auto& email : options.attendees) list.push_back({{"email", email}});
    (*members)["attendees"] = std::move(list);
  }
  if (!options.recurrence.empty()) (*members)["recurrence"] = options.recurrence;
  return members;
}

ApiResult<std::string> calendar_id(Backend& backend, const std::string& name) {
  const auto list = backend.call_json({"GET", "/v1/calendars", {{"name", name}}});
  if (!list) return tl::unexpected(list.error());
  return text_at((*list)["items"].at(0), "id");
}

ApiResult<Json> wait_for(Backend& backend, const std::string& path, std::uint64_t seconds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  for (;;) {
    auto status = backend.call_json({"GET", path, {{"wait", "1"}}});
    if (!status || !text_at(*status, "finished_at").empty()) return status;
    if (interrupted() || std::chrono::steady_clock::now() >= deadline) return status;
  }
}

int exit_code_of_write(const Json& write) {
  const auto status = text_at(write, "status");
  if (status == "done") return kDone;
  const auto code = text_at(write, "error_code");
  return code.empty() ? kFailed : exit_code_of_name(code);
}

void show(const Json& write) {
  const auto status = text_at(write, "status");
  const auto event = text_at(write, "external_event_id");
  if (status == "done") {
    say(text_at(write, "id") + ": done");
    if (!event.empty()) Output::line(event);
    return;
  }
  std::string message = text_at(write, "id") + ": " + status;
  if (const auto error = text_at(write, "error"); !error.empty()) message += ": " + error;
  if (status == "conflict" && !write.value("theirs", Json()).is_null()) {
    message += "\nThe server's version: " + dump_json(write["theirs"]);
  }
  if (status == "accepted" || status == "sending") {
    message += "\nIt is kept, and `tidemark serve` goes on trying for 24 hours.";
  }
  say(message);
}

int write_with(Backend& backend, const EventWriteOptions& options, const std::string& method,
               const Json* members) {
  if (Runtime* here = backend.runtime()) {
    if (auto started = here->start(); !started) return failed(to_failure(started.error()));
    here->engine().wait_until_idle(kSettle);
  }
  const auto calendar = calendar_id(backend, options.calendar);
  if (!calendar) return failed(calendar.error());
  ApiRequest request{method, "/v1/calendars/" + *calendar + "/events"};
  request.segment = options.event;
  if (members != nullptr) request.body = dump_json(*members);
  if (!options.if_match.empty()) request.headers.emplace_back("If-Match", options.if_match);
  if (!options.idempotency_key.empty()) {
    request.headers.emplace_back("Idempotency-Key", options.idempotency_key);
  }
  const auto accepted = backend.call_json(request);
  if (!accepted) return failed(accepted.error());
  const auto write = wait_for(
      backend, "/v1/calendars/" + *calendar + "/writes/" + text_at(*accepted, "id"), options.wait);
  if (!write) return failed(write.error());
  options.json ? void(Output::line(dump_json(*write))) : show(*write);
  return exit_code_of_write(*write);
}

int run(const Config& config, const EventWriteOptions& options, const std::string& method) {
  std::optional<Json> members;
  if (method != "DELETE") {
    auto read = members_of(options);
    if (!read) return failed(read.error());
    members = std::move(*read);
  }
  catch_interrupts();
  return with_backend(config, Runtime::Purpose::sync, [&](Backend& backend) {
    return write_with(backend, options, method, members ? &*members : nullptr);
  });
}

}  // namespace

int run_event_create(const Config& config, const EventWriteOptions& options) {
  return run(config, options, "POST");
}

int run_event_update(const Config& config, const EventWriteOptions& options) {
  return run(config, options, "PUT");
}

int run_event_delete(const Config& config, const EventWriteOptions& options) {
  return run(config, options, "DELETE");
}

int run_event_writes(const Config& config, const EventWritesOptions& options) {
  return with_backend(config, Runtime::Purpose::read, [&](Backend& backend) {
    const auto calendar = calendar_id(backend, options.calendar);
    if (!calendar) return failed(calendar.error());
    const auto list = backend.call_json({"GET",
                                         "/v1/calendars/" + *calendar + "/writes",
                                         {{"limit", std::to_string(options.limit)}}});
    if (!list) return failed(list.error());
    if (options.json) {
      Output::line(dump_json(*list));
      return static_cast<int>(kDone);
    }
    TextTable table({{"WRITE"}, {"KIND"}, {"STATUS"}, {"ACCEPTED"}, {"EVENT", false, true}});
    for (const auto& write : (*list)["items"]) {
      table.add({text_at(write, "id"), text_at(write, "kind"), text_at(write, "status"),
                 short_time(text_at(write, "accepted_at")), text_at(write, "external_event_id")});
    }
    if (!table.empty()) Output::write(table.text(Output::width()));
    return static_cast<int>(kDone);
  });
}

}  // namespace tidemark::app
