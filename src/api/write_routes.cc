// Changing events: commands that are accepted at once and carried out by the calendar's machine.
#include <chrono>

#include "api/handlers.h"
#include "api/problem.h"
#include "base/text.h"
#include "sync/event_changes.h"
#include "sync/writes.h"

namespace tidemark {
namespace {

constexpr std::size_t kMaxKeyBytes = 255;

ServerResponse problem(int status, const Error& error) {
  return problem_response(Problem{status, std::string(name(error.code)), error.message});
}

Result<std::string> header_of(const Call& call, std::string_view name, std::size_t most) {
  auto value = find_header(call.request().headers, name).value_or("");
  if (value.size() > most || !is_valid_utf8(value)) {
    return fail(Errc::invalid_argument,
                std::string(name) + " has at most " + std::to_string(most) + " bytes of UTF-8");
  }
  return value;
}

Result<WriteRequest> read_request(const Call& call, const CalendarStatus& calendar,
                                  WriteRequest::Kind kind) {
  WriteRequest request{kind, calendar.tenant, calendar.account, calendar.id};
  TM_ASSIGN(request.idempotency_key, header_of(call, "Idempotency-Key", kMaxKeyBytes));
  TM_ASSIGN(request.if_match, header_of(call, "If-Match", 1024));
  if (kind != WriteRequest::Kind::create) request.event = call.capture("event");
  if (kind != WriteRequest::Kind::remove) {
    TM_ASSIGN(request.members, json_object(call.request()));
  }
  return request;
}

Result<ServerResponse> accept(const ApiParts& parts, const Call& call, WriteRequest::Kind kind) {
  TM_ASSIGN(const auto calendar, find_calendar(parts.store, call.tenant(), call.capture("id")));
  if (call.request().body.size() > sync::kMaxEventBytes) {
    return problem_response(413, "an event has at most " + format_size(sync::kMaxEventBytes));
  }
  TM_ASSIGN(const auto request, read_request(call, calendar, kind));
  const auto accepted = parts.sync.request_write(request);
  if (!accepted) {
    switch (accepted.error().code) {
      case Errc::forbidden: return problem(403, accepted.error());
      case Errc::conflict: return problem(412, accepted.error());
      case Errc::overloaded: return problem(429, accepted.error());
      default: return fail(accepted.error());
    }
  }
  auto response = json_response({{"id", accepted->id},
                                 {"status", "accepted"},
                                 {"duplicate", accepted->duplicate},
                                 {"correlation_id", accepted->correlation_id}},
                                202);
  response.headers.emplace_back("Location",
                                "/v1/calendars/" + calendar.id + "/writes/" + accepted->id);
  return response;
}

}  // namespace

Result<ServerResponse> post_event(const ApiParts& parts, const Call& call) {
  return accept(parts, call, WriteRequest::Kind::create);
}

Result<ServerResponse> put_event(const ApiParts& parts, const Call& call) {
  return accept(parts, call, WriteRequest::Kind::update);
}

Result<ServerResponse> delete_event(const ApiParts& parts, const Call& call) {
  return accept(parts, call, WriteRequest::Kind::remove);
}

Result<ServerResponse> get_write(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto calendar, find_calendar(parts.store, call.tenant(), call.capture("id")));
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(call.integer("wait", 0));
  for (;;) {
    // Taken first, so that a record which arrives while we look ends the wait at once.
    const Sequence seen = parts.store.last_sequence();
    TM_ASSIGN(const auto status, find_write(parts.store, calendar, call.capture("write")));
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (status.ended() || left.count() <= 0 || !parts.not_ready().empty()) {
      return json_response(to_json(status));
    }
    parts.engine.wait_for_record(seen, left);
  }
}

Result<ServerResponse> get_writes(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto calendar, find_calendar(parts.store, call.tenant(), call.capture("id")));
  const auto limit = static_cast<std::size_t>(call.integer("limit", 100));
  TM_ASSIGN(const auto writes, list_writes(parts.store, calendar, limit));
  Json items = Json::array();
  for (const auto& write : writes) items.push_back(to_json(write));
  return list_response(std::move(items));
}

}  // namespace tidemark
