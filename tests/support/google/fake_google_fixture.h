// What the tests of the fake share: a clock, a user with a calendar, and short ways to ask.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "support/google/fake_google.h"
#include "support/google/google_request.h"
#include "support/manual_clock.h"

namespace tidemark::test {

inline constexpr const char* kAda = "ada@example.com";
inline constexpr const char* kTeam = "team@group.calendar.google.com";

struct Answer {
  int status = 0;
  Json body;
  HttpHeaders headers;

  // "410 fullSyncRequired", or "200".
  std::string verdict() const;
  const Json& items() const { return body.at("items"); }
  std::string text(const std::string& field) const { return body.value(field, std::string()); }
};

class FakeGoogleFixture : public ::testing::Test {
 protected:
  FakeGoogleFixture();

  // `path` below /calendar/v3.
  Answer call(const std::string& method, const std::string& path, const Json& body = {},
              HttpHeaders headers = {});
  Answer list(const google::Parameters& query = {}, const std::string& calendar = kTeam);
  Answer calendars(const google::Parameters& query = {});
  // All pages of a pass, rows in order; the last page's answer.
  std::vector<Json> pass(google::Parameters query, Answer* last = nullptr,
                         std::vector<std::size_t>* page_sizes = nullptr);
  std::string sync_token();  // of a full pass made now
  std::vector<Json> since(const std::string& token) { return pass({{"syncToken", token}}); }

  // Longer than an access token lives, so with a new one.
  void advance(std::chrono::milliseconds by);

  ManualClock clock_;
  FakeGoogle google_;
  std::string token_;
};

// By id; statuses only: {"a": "confirmed", "b": "cancelled"}.
std::map<std::string, std::string> statuses(const std::vector<Json>& rows);
Json at(const std::string& moment);  // {"dateTime": ...}
Json timed(const std::string& id, const std::string& day = "2026-01-05");
Json daily(const std::string& id, const std::string& rule = "RRULE:FREQ=DAILY");
std::string events_path(const std::string& event = {}, const std::string& calendar = kTeam);

}  // namespace tidemark::test
