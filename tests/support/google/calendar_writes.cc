// Single events: events.get, insert, update, patch and delete.
#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "support/google/calendar_api.h"
#include "support/google/event_times.h"
#include "support/google/google_error.h"

namespace tidemark::test::google {
namespace {

// "base32hex" in lower case: RFC 2938 section 3.1.2.
bool is_client_id(const std::string& id) {
  return id.size() >= 5 && id.size() <= 1024 && std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'v') || (c >= '0' && c <= '9');
         });
}

std::optional<HttpResponse> recurrence_refusal(const Json& event) {
  const auto found = event.find("recurrence");
  if (found == event.end()) return std::nullopt;
  const bool lines = found->is_array() && !found->empty() &&
                     std::all_of(found->begin(), found->end(), [](const Json& line) {
                       const std::string text = line.is_string() ? line.get<std::string>() : "";
                       return text.rfind("RRULE:", 0) == 0 || text.rfind("EXRULE:", 0) == 0 ||
                              text.rfind("RDATE", 0) == 0 || text.rfind("EXDATE", 0) == 0;
                     });
  if (!lines) return bad_request("invalid", "Invalid recurrence rule.");
  if (!is_all_day(event["start"]) && !event["start"].contains("timeZone")) {
    return bad_request("required", "Missing time zone definition for start time.");
  }
  return std::nullopt;
}

std::optional<HttpResponse> event_refusal(const Json& event) {
  if (!event.contains("start")) return bad_request("required", "Missing start time.");
  if (!event.contains("end")) return bad_request("required", "Missing end time.");
  const auto start = instant(event["start"]);
  const auto end = instant(event["end"]);
  if (!start) return bad_request("invalid", "Invalid start time.");
  if (!end) return bad_request("invalid", "Invalid end time.");
  if (is_all_day(event["start"]) != is_all_day(event["end"])) {
    return bad_request("invalid",
                       "Start and end times must either both be date or both be dateTime.");
  }
  // A day's end is exclusive, so an event of one day ends on the next.
  if (*end < *start || (*end == *start && is_all_day(event["start"]))) {
    return error_response(
        {400, "timeRangeEmpty", "The specified time range is empty.", "calendar"});
  }
  const auto is_text = [](const Json& object, const char* field) {
    return !object.contains(field) || object.at(field).is_string();
  };
  if (!is_text(event, "iCalUID") || !is_text(event["start"], "timeZone") ||
      !is_text(event["end"], "timeZone")) {
    return bad_request("invalid", "Invalid value for: iCalUID or timeZone");
  }
  const Json status = event.value("status", Json("confirmed"));
  if (status != "confirmed" && status != "tentative" && status != "cancelled") {
    return bad_request("invalid", "Invalid value for: status");
  }
  return recurrence_refusal(event);
}

// What a whole event in a request says: nulls and read-only fields mean nothing.
Json meant(const Json& body) {
  Json event = Json::object();
  event.merge_patch(body);
  for (const char* field : {"kind", "etag", "created", "updated", "htmlLink", "creator", "sequence",
                            "recurringEventId", "originalStartTime"}) {
    event.erase(field);
  }
  return event;
}

bool is_cancelled(const Json& event) {
  return event.value("status", Json()) == "cancelled";
}

std::optional<HttpResponse> precondition_refusal(const Request& request, const Json& event) {
  const auto wanted = find_header(request.headers, "If-Match");
  if (!wanted || *wanted == "*" || *wanted == event.at("etag")) return std::nullopt;
  return precondition_failed();
}

// As it is now, changed before or not; nothing when there is no such event.
std::optional<Json> current(const EventStore& events, const std::string& id) {
  const EventRow* row = events.find(id);
  return row == nullptr ? events.instance(id) : std::optional<Json>(whole(*row));
}

HttpResponse answer(const Json& event) {
  HttpResponse response = json_response(200, event);
  response.headers.emplace_back("ETag", event.at("etag").get<std::string>());
  return response;
}

}  // namespace

HttpResponse CalendarApi::get(const Request& request, Calendar& calendar) {
  const auto event = current(calendar.events, request.path[5]);
  if (!event) return not_found();
  const auto known = find_header(request.headers, "If-None-Match");
  if (known && *known == event->at("etag")) return {304, {{"ETag", *known}}, {}};
  return answer(*event);
}

HttpResponse CalendarApi::insert(const Request& request, Calendar& calendar) {
  const auto body = request.json();
  if (!body) return bad_request("parseError", "Parse Error");
  Json event = meant(*body);
  const Json wanted = event.value("id", Json());
  if (!wanted.is_null() && (!wanted.is_string() || !is_client_id(wanted.get<std::string>()))) {
    return bad_request("invalid", "Invalid resource id value.");
  }
  const std::string id = wanted.is_null() ? std::string() : wanted.get<std::string>();
  if (calendar.events.find(id) != nullptr) {
    return error_response({409, "duplicate", "The requested identifier already exists."});
  }
  if (auto refused = event_refusal(event)) return *refused;
  if (is_cancelled(event)) return bad_request("invalid", "Invalid value for: status");
  const std::string key = calendar.events.insert(std::move(event), id, now_);
  state_.touched(calendar, now_);
  return answer(whole(*calendar.events.find(key)));
}

HttpResponse CalendarApi::change(const Request& request, Calendar& calendar) {
  const std::string& id = request.path[5];
  EventStore& events = calendar.events;
  const auto before = current(events, id);
  if (!before) return not_found();
  const auto body = request.json();
  if (!body) return bad_request("parseError", "Parse Error");
  if (auto refused = precondition_refusal(request, *before)) return *refused;
  Json after = request.method == "PATCH" ? *before : meant(*body);
  if (request.method == "PATCH") after.merge_patch(*body);
  if (auto refused = event_refusal(after)) return *refused;

  const EventRow* row = events.find(id);
  const bool tombstone = row != nullptr && row->state != RowState::live;
  // An instance does not come back without its series.
  const bool lost = tombstone && is_exception(row->event) && !events.instance(id).has_value();
  if (lost || (tombstone && is_cancelled(after))) return gone("deleted");
  if (is_cancelled(after)) {
    events.remove(id, now_);
  } else {
    if (tombstone) events.restore(id, now_);
    events.write(id, std::move(after), now_);
  }
  state_.touched(calendar, now_);
  return answer(whole(*events.find(id)));
}

HttpResponse CalendarApi::remove(const Request& request, Calendar& calendar) {
  const std::string& id = request.path[5];
  const auto event = current(calendar.events, id);
  if (!event) return not_found();
  if (is_cancelled(*event)) return gone("deleted");
  if (auto refused = precondition_refusal(request, *event)) return *refused;
  calendar.events.remove(id, now_);
  state_.touched(calendar, now_);
  return {204, {}, {}};
}

}  // namespace tidemark::test::google
