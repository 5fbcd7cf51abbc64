// The fake's event lists against the rules of calendar sync: parameters, pages, tokens, tombstones.
#include <gmock/gmock.h>

#include "support/google/fake_google_fixture.h"

namespace tidemark::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class FakeGoogleLists : public FakeGoogleFixture {
 protected:
  void insert(int count) {
    for (int i = 0; i < count; ++i) google_.insert_event(kTeam, timed("event" + std::to_string(i)));
  }
};

// Rule 1.
TEST_F(FakeGoogleLists, RefuseRestrictionsBesideASyncToken) {
  const std::string token = sync_token();
  for (const char* name : {"iCalUID", "orderBy", "privateExtendedProperty", "q",
                           "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin"}) {
    EXPECT_EQ(list({{"syncToken", token}, {name, "2026-01-01T00:00:00Z"}}).verdict(),
              "400 syncTokenWithRequestRestrictions")
        << name;
  }
  EXPECT_EQ(list({{"syncToken", token}, {"showDeleted", "false"}}).verdict(),
            "400 syncTokenWithRequestRestrictions");
  EXPECT_EQ(list({{"syncToken", token}, {"showDeleted", "true"}}).verdict(), "200");
}

TEST_F(FakeGoogleLists, RefuseASyncTokenUnderOtherParametersOrOfAnotherCalendar) {
  google_.add_calendar(kAda, {.id = "other"});
  const std::string token = sync_token();
  EXPECT_EQ(list({{"syncToken", token}, {"singleEvents", "false"}}).verdict(), "200");
  EXPECT_EQ(list({{"syncToken", token}, {"maxResults", "7"}}).verdict(), "200");
  EXPECT_EQ(list({{"syncToken", token}, {"timeZone", "Europe/Berlin"}}).verdict(), "400 invalid");
  EXPECT_EQ(list({{"syncToken", token}}, "other").verdict(), "400 invalid");
  EXPECT_EQ(list({{"syncToken", "gibberish"}}).verdict(), "400 invalid");
}

TEST_F(FakeGoogleLists, RefuseWhatTheFakeDoesNotModel) {
  EXPECT_EQ(list({{"singleEvents", "true"}}).verdict(), "400 invalid");
  EXPECT_EQ(list({{"timeMin", "2026-01-01T00:00:00Z"}}).verdict(), "400 invalid");
  EXPECT_EQ(list({{"fields", "items"}}).verdict(), "400 invalid");
  EXPECT_EQ(list({{"maxResults", "0"}}).verdict(), "400 invalid");
}

TEST_F(FakeGoogleLists, HaveTwoHundredFiftyRowsToAPageAndAtMostTwentyFiveHundred) {
  insert(2501);
  EXPECT_EQ(list().items().size(), 250U);
  EXPECT_EQ(list({{"maxResults", "2500"}}).items().size(), 2500U);
  EXPECT_EQ(list({{"maxResults", "9999"}}).items().size(), 2500U);
}

// Rule 2.
TEST_F(FakeGoogleLists, TakeAPageTokenOnlyWithTheSameParameters) {
  insert(3);
  const std::string page = list({{"maxResults", "2"}}).text("nextPageToken");
  EXPECT_EQ(list({{"pageToken", page}}).verdict(), "400 invalid");
  EXPECT_EQ(list({{"maxResults", "3"}, {"pageToken", page}}).verdict(), "400 invalid");
  EXPECT_EQ(list({{"maxResults", "2"}, {"pageToken", page}}).items().size(), 1U);
  // Asked again after a crash: the same page.
  EXPECT_EQ(list({{"maxResults", "2"}, {"pageToken", page}}).items().size(), 1U);
}

TEST_F(FakeGoogleLists, GoOnPastShortAndEmptyPages) {
  insert(5);
  google_.set_listing({.largest_page = 2, .empty_pages_between = true});
  std::vector<std::size_t> sizes;
  Answer last;
  EXPECT_EQ(pass({{"maxResults", "4"}}, &last, &sizes).size(), 5U);
  EXPECT_THAT(sizes, ElementsAre(2, 0, 2, 0, 1, 0));
  EXPECT_NE(last.text("nextSyncToken"), "");
}

TEST_F(FakeGoogleLists, HavePagesOfAnySizeFromASeed) {
  insert(40);
  google_.set_listing({.largest_page = 5, .seed = 7});
  std::vector<std::size_t> first;
  std::vector<std::size_t> second;
  EXPECT_EQ(pass({}, nullptr, &first).size(), 40U);
  EXPECT_EQ(pass({}, nullptr, &second).size(), 40U);
  EXPECT_EQ(first, second);
}

// Rules 3 and 4: what happens between the pages of a pass is in the next one.
TEST_F(FakeGoogleLists, GiveATokenThatCoversChangesMadeDuringThePass) {
  insert(4);
  const Answer first = list({{"maxResults", "2"}});
  google_.patch_event(kTeam, "event0", {{"summary", "Changed"}});
  google_.delete_event(kTeam, "event3");
  google_.insert_event(kTeam, timed("new"));
  const Answer second = list({{"maxResults", "2"}, {"pageToken", first.text("nextPageToken")}});
  EXPECT_EQ(second.items().size(), 1U);
  EXPECT_THAT(statuses(since(second.text("nextSyncToken"))),
              UnorderedElementsAre(Pair("event0", "confirmed"), Pair("event3", "cancelled"),
                                   Pair("new", "confirmed")));
}

TEST_F(FakeGoogleLists, KeepOldSyncTokensGood) {
  insert(1);
  const std::string token = sync_token();
  google_.patch_event(kTeam, "event0", {{"summary", "Changed"}});
  EXPECT_EQ(since(token).size(), 1U);
  EXPECT_EQ(since(token).size(), 1U);
}

TEST_F(FakeGoogleLists, CanForgetTheSyncTokenOnTheLastPage) {
  google_.set_listing({.omit_next_sync_token = true});
  const Answer page = list();
  EXPECT_FALSE(page.body.contains("nextSyncToken"));
  EXPECT_FALSE(page.body.contains("nextPageToken"));
}

// Rule 5.
TEST_F(FakeGoogleLists, AnswerGoneToExpiredSyncTokens) {
  const std::string token = sync_token();
  google_.expire_sync_tokens(kTeam);
  EXPECT_EQ(list({{"syncToken", token}}).verdict(), "410 fullSyncRequired");
  EXPECT_EQ(list({{"syncToken", sync_token()}}).verdict(), "200");
}

TEST_F(FakeGoogleLists, AnswerGoneInTheMiddleOfAPass) {
  insert(3);
  google_.answer_gone_at(kAda, kTeam, 2, "updatedMinTooLongAgo");
  const google::Parameters query = {{"maxResults", "1"}};
  google::Parameters next = {{"maxResults", "1"}, {"pageToken", list(query).text("nextPageToken")}};
  EXPECT_EQ(list(next).verdict(), "410 updatedMinTooLongAgo");
  EXPECT_EQ(list(next).verdict(), "200");
  google_.answer_gone_at(kAda, kTeam, 1, "deleted");
  EXPECT_EQ(list(query).verdict(), "410 deleted");
}

TEST_F(FakeGoogleLists, AnswerGoneToTokensOfACalendarMadeAgain) {
  insert(1);
  const std::string token = sync_token();
  google_.remove_calendar(kTeam);
  google_.add_calendar(kAda, {.id = kTeam});
  EXPECT_EQ(list({{"syncToken", token}}).verdict(), "410 fullSyncRequired");
  EXPECT_TRUE(pass({}).empty());
}

TEST_F(FakeGoogleLists, NameNewEventsByIdsThatNoneEverHad) {
  const std::string first = google_.insert_event(kTeam, timed(""));
  google_.remove_calendar(kTeam);
  google_.add_calendar(kAda, {.id = kTeam});
  EXPECT_NE(google_.insert_event(kTeam, timed("")), first);
}

// Rule 7.
TEST_F(FakeGoogleLists, CanForgetPageTokens) {
  insert(2);
  const std::string page = list({{"maxResults", "1"}}).text("nextPageToken");
  google_.forget_page_tokens();
  EXPECT_EQ(list({{"maxResults", "1"}, {"pageToken", page}}).verdict(), "400 invalid");
}

// Rule 8.
TEST_F(FakeGoogleLists, ShowDeletionsOnlyWithASyncToken) {
  insert(2);
  const std::string token = sync_token();
  google_.delete_event(kTeam, "event0");
  EXPECT_THAT(statuses(pass({})), ElementsAre(Pair("event1", "confirmed")));
  const auto rows = since(token);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].at("status"), "cancelled");
  EXPECT_FALSE(rows[0].contains("summary"));
  EXPECT_FALSE(rows[0].contains("recurringEventId"));
  EXPECT_EQ(pass({{"showDeleted", "true"}}).size(), 2U);
  google_.set_listing({.bare_tombstones = true});
  EXPECT_EQ(since(token)[0], Json({{"id", "event0"}, {"status", "cancelled"}}));
}

TEST_F(FakeGoogleLists, ShowWhatCameAndWentAsADeletionOfAnUnknownId) {
  const std::string token = sync_token();
  insert(1);
  google_.delete_event(kTeam, "event0");
  EXPECT_THAT(statuses(since(token)), ElementsAre(Pair("event0", "cancelled")));
}

TEST_F(FakeGoogleLists, LetTombstonesVanishAndRefuseTokensFromBefore) {
  google_.set_listing({.tombstone_lifetime = std::chrono::hours(24)});
  insert(3);
  const std::string before = sync_token();
  google_.delete_event(kTeam, "event0");
  advance(std::chrono::hours(23));
  const std::string after = sync_token();
  EXPECT_EQ(since(before).size(), 1U);
  advance(std::chrono::hours(2));
  EXPECT_EQ(list({{"syncToken", before}}).verdict(), "410 fullSyncRequired");
  EXPECT_TRUE(since(after).empty());
  EXPECT_EQ(list({{"updatedMin", "2025-01-01T00:00:00Z"}}).verdict(), "410 updatedMinTooLongAgo");
  EXPECT_EQ(call("GET", events_path("event0")).verdict(), "404 notFound");
}

TEST_F(FakeGoogleLists, RefuseTheRestOfAPassWhoseTokenGrewTooOld) {
  google_.set_listing({.tombstone_lifetime = std::chrono::hours(24)});
  const std::string token = sync_token();
  insert(2);
  const google::Parameters query = {{"syncToken", token}, {"maxResults", "1"}};
  google::Parameters next = query;
  next["pageToken"] = list(query).text("nextPageToken");
  advance(std::chrono::hours(25));
  EXPECT_EQ(list(next).verdict(), "410 fullSyncRequired");
}

TEST_F(FakeGoogleLists, ChangeEtagUpdatedAndSequenceEvenWhenTheClockStandsStill) {
  insert(1);
  const Json before = *google_.event(kTeam, "event0");
  google_.patch_event(kTeam, "event0", {{"summary", "Changed"}});
  const Json after = *google_.event(kTeam, "event0");
  EXPECT_NE(before.at("etag"), after.at("etag"));
  EXPECT_LT(before.at("updated"), after.at("updated"));
  EXPECT_LT(before.at("sequence"), after.at("sequence"));
  EXPECT_EQ(before.at("created"), after.at("created"));
}

// Rule 12.
TEST_F(FakeGoogleLists, KeepWholeDaysAsDates) {
  google_.insert_event(kTeam, all_day_event("Fair", "2026-03-28", "2026-03-30"));
  const Json row = pass({}).at(0);
  EXPECT_EQ(row.at("start"), Json({{"date", "2026-03-28"}}));
  EXPECT_EQ(row.at("end"), Json({{"date", "2026-03-30"}}));
}

// Rule 11.
TEST_F(FakeGoogleLists, ShowAMoveAsADeletionHereAndTheSameEventThere) {
  google_.add_calendar(kAda, {.id = "other"});
  google_.insert_event(kTeam, daily("series"));
  google_.change_instance(kTeam, "series", at("2026-01-06T09:00:00Z"), {{"summary", "Odd"}});
  const std::string token = sync_token();
  const Json uid = google_.event(kTeam, "series")->at("iCalUID");
  google_.move_event(kTeam, "series", "other");
  EXPECT_THAT(statuses(since(token)),
              UnorderedElementsAre(Pair("series", "cancelled"),
                                   Pair("series_20260106T090000Z", "cancelled")));
  EXPECT_EQ(google_.event("other", "series")->at("iCalUID"), uid);
  EXPECT_EQ(list({}, "other").items().size(), 2U);
}

}  // namespace
}  // namespace tidemark::test
