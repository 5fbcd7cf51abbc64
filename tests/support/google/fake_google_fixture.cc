#include "support/google/fake_google_fixture.h"

#include <utility>

#include "net/url.h"

namespace tidemark::test {

std::string Answer::verdict() const {
  const std::string code = std::to_string(status);
  if (!body.is_object() || !body.contains("error")) return code;
  const Json& error = body.at("error");
  if (error.is_string()) return code + " " + error.get<std::string>();
  return code + " " + error.at("errors").at(0).at("reason").get<std::string>();
}

FakeGoogleFixture::FakeGoogleFixture() : google_([this] { return clock_.now(); }) {
  google_.add_calendar(kAda, {.id = kTeam, .summary = "Team"});
  token_ = google_.access_token(kAda);
}

Answer FakeGoogleFixture::call(const std::string& method, const std::string& path, const Json& body,
                               HttpHeaders headers) {
  HttpRequest request;
  request.method = method;
  request.url = "https://www.googleapis.com/calendar/v3" + path;
  request.headers = std::move(headers);
  if (!token_.empty()) request.headers.emplace_back("Authorization", "Bearer " + token_);
  if (!body.is_null()) request.body = dump_json(body);
  const HttpResponse response = google_.handle(request);
  return {response.status, parse_json(response.body).value_or(Json()), response.headers};
}

Answer FakeGoogleFixture::list(const google::Parameters& query, const std::string& calendar) {
  return call("GET", events_path({}, calendar) + "?" + google::write_form(query));
}

Answer FakeGoogleFixture::calendars(const google::Parameters& query) {
  return call("GET", "/users/me/calendarList?" + google::write_form(query));
}

std::vector<Json> FakeGoogleFixture::pass(google::Parameters query, Answer* last,
                                          std::vector<std::size_t>* page_sizes) {
  std::vector<Json> rows;
  for (;;) {
    Answer page = list(query);
    if (page.status != 200) {
      ADD_FAILURE() << page.verdict();
      return rows;
    }
    for (const Json& row : page.items()) rows.push_back(row);
    if (page_sizes != nullptr) page_sizes->push_back(page.items().size());
    if (page.body.contains("nextPageToken")) {
      EXPECT_FALSE(page.body.contains("nextSyncToken"));
      query["pageToken"] = page.text("nextPageToken");
      continue;
    }
    if (last != nullptr) *last = std::move(page);
    return rows;
  }
}

std::string FakeGoogleFixture::sync_token() {
  Answer last;
  pass({}, &last);
  return last.text("nextSyncToken");
}

void FakeGoogleFixture::advance(std::chrono::milliseconds by) {
  clock_.advance(by);
  token_ = google_.access_token(kAda);
}

std::map<std::string, std::string> statuses(const std::vector<Json>& rows) {
  std::map<std::string, std::string> out;
  for (const Json& row : rows) out[row.at("id")] = row.at("status");
  return out;
}

Json at(const std::string& moment) {
  return {{"dateTime", moment}};
}

Json timed(const std::string& id, const std::string& day) {
  Json event = timed_event("Event " + id, day + "T09:00:00Z", day + "T10:00:00Z");
  event["id"] = id;
  return event;
}

Json daily(const std::string& id, const std::string& rule) {
  return recurring(timed(id), rule);
}

std::string events_path(const std::string& event, const std::string& calendar) {
  return "/calendars/" + percent_encode_segment(calendar) + "/events" +
         (event.empty() ? "" : "/" + percent_encode_segment(event));
}

}  // namespace tidemark::test
