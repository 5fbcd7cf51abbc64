// What tests of writing share: asking for changes, waiting for their ends, and losing answers.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "sync/sync_process.h"
#include "sync/writes.h"

namespace tidemark::test {

// Passes requests on; whether the answer then is lost is the test's to say.
class LosingClient final : public HttpClient {
 public:
  explicit LosingClient(HttpClient& below) : below_(below) {}

  Result<HttpResponse> send(const HttpRequest& request, const BodySink& sink) override {
    auto response = below_.send(request, sink);
    if (lose && lose(request)) return fail(Errc::timeout, "the answer was lost");
    return response;
  }

  std::function<bool(const HttpRequest&)> lose;

 private:
  HttpClient& below_;
};

inline bool changes_something(const HttpRequest& request) {
  return request.method != "GET" && request.url.find("/token") == std::string::npos;
}

inline WriteRequest write_of(WriteRequest::Kind kind, const CalendarStatus& calendar,
                             const std::string& event = {}, Json members = Json::object()) {
  WriteRequest request{kind, calendar.tenant, calendar.account, calendar.id};
  request.event = event;
  request.members = std::move(members);
  return request;
}

inline Json at_utc(const std::string& time) {
  return Json{{"date_time", time}, {"zone", "UTC"}};
}

inline Json new_event(const std::string& title, const std::string& start = "2026-01-05T10:00:00",
                      const std::string& end = "2026-01-05T11:00:00") {
  return Json{{"title", title}, {"start", at_utc(start)}, {"end", at_utc(end)}};
}

// What the feed says of commands, by id; a second word about one is a failure.
inline std::map<std::string, Event> write_ends(const std::vector<Event>& feed) {
  std::map<std::string, Event> ends;
  for (const auto& event : feed) {
    if (!event.type.starts_with("calendar.write.")) continue;
    const std::string id = event.payload["write"];
    EXPECT_TRUE(ends.emplace(id, event).second) << id << " ended twice";
  }
  return ends;
}

}  // namespace tidemark::test
