// calendarList and access to calendars: rule 13; refusals that are not Google's day: rules 14
// and 15.
#include <gmock/gmock.h>

#include <thread>
#include <vector>

#include "support/google/fake_google_fixture.h"
#include "support/google/google_http.h"

namespace tidemark::test {
namespace {

using ::testing::ElementsAre;

class FakeGoogleDirectory : public FakeGoogleFixture {
 protected:
  static std::vector<std::string> ids(const Answer& answer) {
    std::vector<std::string> out;
    for (const Json& row : answer.items()) out.push_back(row.at("id"));
    return out;
  }
};

TEST_F(FakeGoogleDirectory, ListsEntriesAndHiddenOnesWhenAsked) {
  google_.add_calendar(kAda, {.id = kAda, .summary = "Ada", .primary = true});
  google_.add_calendar(kAda, {.id = "hidden", .access_role = "reader", .hidden = true});
  const Answer plain = calendars();
  EXPECT_THAT(ids(plain), ElementsAre(kAda, kTeam));
  const Json& entry = plain.items().at(0);
  EXPECT_EQ(entry.at("kind"), "calendar#calendarListEntry");
  EXPECT_EQ(entry.at("summary"), "Ada");
  EXPECT_EQ(entry.at("accessRole"), "owner");
  EXPECT_EQ(entry.at("primary"), true);
  EXPECT_THAT(ids(calendars({{"showHidden", "true"}})), ElementsAre(kAda, "hidden", kTeam));
  EXPECT_EQ(list({}, "primary").verdict(), "200");
}

TEST_F(FakeGoogleDirectory, HasPagesAndATokenOnTheLast) {
  google_.add_calendar(kAda, {.id = "another"});
  const Answer first = calendars({{"maxResults", "1"}});
  EXPECT_FALSE(first.body.contains("nextSyncToken"));
  const Answer second =
      calendars({{"maxResults", "1"}, {"pageToken", first.text("nextPageToken")}});
  EXPECT_FALSE(second.body.contains("nextPageToken"));
  EXPECT_NE(second.text("nextSyncToken"), "");
}

// Rule 13.
TEST_F(FakeGoogleDirectory, ShowsCreatedHiddenAndRemovedCalendarsWithASyncToken) {
  google_.add_calendar(kAda, {.id = "shy"});
  google_.add_calendar(kAda, {.id = "lent"});
  const std::string token = calendars().text("nextSyncToken");
  EXPECT_TRUE(calendars({{"syncToken", token}}).items().empty());
  google_.add_calendar(kAda, {.id = "created"});
  google_.set_hidden(kAda, "shy", true);
  google_.withdraw_calendar(kAda, "lent");
  google_.remove_calendar(kTeam);
  const Answer changes = calendars({{"syncToken", token}});
  EXPECT_THAT(ids(changes), ElementsAre("created", "lent", "shy", kTeam));
  EXPECT_EQ(changes.items().at(1).at("deleted"), true);
  EXPECT_EQ(changes.items().at(2).at("hidden"), true);
  EXPECT_EQ(changes.items().at(3).at("deleted"), true);
  EXPECT_THAT(ids(calendars()), ElementsAre("created"));
  EXPECT_EQ(list().verdict(), "404 notFound");
  EXPECT_EQ(list({}, "lent").verdict(), "404 notFound");
}

TEST_F(FakeGoogleDirectory, ShowsReadOnlyChangesInFullListsOnlyUnlessToldOtherwise) {
  const std::string token = calendars().text("nextSyncToken");
  google_.rename_calendar(kTeam, "Renamed");
  EXPECT_TRUE(calendars({{"syncToken", token}}).items().empty());
  EXPECT_EQ(calendars().items().at(0).at("summary"), "Renamed");
  google_.set_calendar_list_options({.read_only_changes_listed = true});
  google_.rename_calendar(kTeam, "Again");
  EXPECT_EQ(calendars({{"syncToken", token}}).items().at(0).at("summary"), "Again");
}

TEST_F(FakeGoogleDirectory, RefusesStaleAndRestrictedSyncTokens) {
  const std::string token = calendars().text("nextSyncToken");
  EXPECT_EQ(calendars({{"syncToken", token}, {"showHidden", "false"}}).verdict(),
            "400 syncTokenWithRequestRestrictions");
  google_.answer_gone_at(kAda, "", 1);
  EXPECT_EQ(calendars({{"syncToken", token}}).verdict(), "410 fullSyncRequired");
  EXPECT_EQ(calendars({{"syncToken", token}}).verdict(), "200");
  google_.expire_calendar_list_token(kAda);
  EXPECT_EQ(calendars({{"syncToken", token}}).verdict(), "410 fullSyncRequired");
}

TEST_F(FakeGoogleDirectory, ForbidsOneCalendarAndKeepsItsEvents) {
  google_.insert_event(kTeam, timed("event"));
  const std::string token = sync_token();
  google_.set_forbidden(kTeam, true);
  EXPECT_EQ(list({{"syncToken", token}}).verdict(), "403 forbidden");
  EXPECT_THAT(ids(calendars()), ElementsAre(kTeam));
  google_.set_forbidden(kTeam, false);
  EXPECT_TRUE(since(token).empty());
}

// Rule 14.
TEST_F(FakeGoogleDirectory, AnswersScriptedFaultsInOrderAndCountsThem) {
  using std::chrono::seconds;
  google_.fail_next("events.list", google::with_retry_after(google::quota(), seconds(30)));
  google_.fail_next("events.list", google::quota("dailyLimitExceeded"));
  google_.fail_next("events.list", google::too_many_requests());
  google_.fail_next("events.list", google::backend_error(503), 2);
  const Answer first = list();
  EXPECT_EQ(first.verdict(), "403 rateLimitExceeded");
  EXPECT_EQ(retry_after(first.headers, clock_.now()), seconds(30));
  EXPECT_EQ(first.body["error"]["errors"][0]["domain"], "usageLimits");
  EXPECT_EQ(first.body["error"]["code"], 403);
  EXPECT_EQ(calendars().verdict(), "200");
  EXPECT_EQ(list().verdict(), "403 dailyLimitExceeded");
  EXPECT_EQ(list().verdict(), "429 rateLimitExceeded");
  EXPECT_EQ(list().verdict(), "503 backendError");
  EXPECT_EQ(list().verdict(), "503 backendError");
  EXPECT_EQ(list().verdict(), "200");
  EXPECT_EQ(google_.count("events.list"), 6);
  EXPECT_EQ(google_.requests().back().route, "events.list");
  EXPECT_EQ(google_.requests().back().status, 200);
}

TEST_F(FakeGoogleDirectory, LetsAFaultHookChangeTheWorldBetweenRequests) {
  const std::string token = sync_token();
  google_.set_fault([&](const HttpRequest&) -> std::optional<HttpResponse> {
    google_.insert_event(kTeam, timed("event" + std::to_string(google_.count("events.list"))));
    return std::nullopt;
  });
  EXPECT_EQ(since(token).size(), 1U);
  EXPECT_EQ(since(token).size(), 2U);
}

// Rule 15.
TEST_F(FakeGoogleDirectory, RefusesMissingUnknownAndExpiredTokens) {
  clock_.advance(std::chrono::hours(1));
  const Answer expired = list();
  EXPECT_EQ(expired.verdict(), "401 authError");
  EXPECT_EQ(expired.body["error"]["errors"][0]["location"], "Authorization");
  token_ = "ya29.unknown";
  EXPECT_EQ(list().verdict(), "401 authError");
  token_.clear();
  EXPECT_EQ(calendars().verdict(), "401 required");
}

TEST_F(FakeGoogleDirectory, RefusesTokensOfTooLittleScope) {
  token_ = google_.access_token(kAda, "openid email");
  EXPECT_EQ(list().verdict(), "403 insufficientPermissions");
  token_ = google_.access_token(kAda, "https://www.googleapis.com/auth/calendar.events.readonly");
  EXPECT_EQ(list().verdict(), "200");
  EXPECT_EQ(calendars().verdict(), "403 insufficientPermissions");
  EXPECT_EQ(call("DELETE", events_path("x")).verdict(), "403 insufficientPermissions");
}

TEST_F(FakeGoogleDirectory, ServesManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] {
      for (int j = 0; j < 25; ++j) {
        google_.insert_event(kTeam, timed("t" + std::to_string(i) + "n" + std::to_string(j)));
        EXPECT_EQ(list().status, 200);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pass({}).size(), 100U);
}

TEST_F(FakeGoogleDirectory, GivesBodiesToASinkInPieces) {
  FakeGoogleClient client(google_, 10);
  HttpRequest request;
  request.url = "https://calendar.example/calendar/v3/users/me/calendarList";
  request.headers = {{"Authorization", "Bearer " + token_}};
  std::string body;
  const auto taken = client.send(request, [&](std::string_view piece) -> Result<void> {
    EXPECT_LE(piece.size(), 10U);
    body += piece;
    return {};
  });
  ASSERT_TRUE(taken.has_value());
  EXPECT_EQ(taken->body, "");
  EXPECT_EQ(body, client.send(request)->body);
  EXPECT_FALSE(
      client
          .send(request,
                [](std::string_view) -> Result<void> { return fail(Errc::cancelled, "enough"); })
          .has_value());
  client.set_trouble([](const HttpRequest&) { return Error{Errc::timeout, "slow"}; });
  EXPECT_EQ(client.send(request).error().code, Errc::timeout);
}

}  // namespace
}  // namespace tidemark::test
