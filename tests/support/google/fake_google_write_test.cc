// The fake's single events: get, insert, update, patch and delete.
#include <gmock/gmock.h>

#include "support/google/fake_google_fixture.h"

namespace tidemark::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

class FakeGoogleWrites : public FakeGoogleFixture {
 protected:
  Answer insert(const Json& event) { return call("POST", events_path(), event); }
};

TEST_F(FakeGoogleWrites, AddTheFieldsOfAnEventResource) {
  const Answer made = insert(timed_event("New", "2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z"));
  ASSERT_EQ(made.verdict(), "200");
  const std::string id = made.text("id");
  EXPECT_EQ(made.text("kind"), "calendar#event");
  EXPECT_EQ(made.text("status"), "confirmed");
  EXPECT_EQ(made.text("iCalUID"), id + "@google.com");
  EXPECT_EQ(made.body.at("organizer").at("email"), kAda);
  EXPECT_EQ(made.body.at("sequence"), 0);
  EXPECT_EQ(made.text("etag").front(), '"');
  EXPECT_EQ(call("GET", events_path(id)).body, made.body);
  EXPECT_EQ(call("GET", events_path(id), {}, {{"If-None-Match", made.text("etag")}}).verdict(),
            "304");
}

TEST_F(FakeGoogleWrites, TakeAnIdOfTheCallersOnce) {
  EXPECT_EQ(insert(timed("mine1")).text("id"), "mine1");
  EXPECT_EQ(insert(timed("mine1")).verdict(), "409 duplicate");
  EXPECT_EQ(call("DELETE", events_path("mine1")).verdict(), "204");
  EXPECT_EQ(insert(timed("mine1")).verdict(), "409 duplicate");
  EXPECT_EQ(insert(timed("Not-base32hex")).verdict(), "400 invalid");
}

TEST_F(FakeGoogleWrites, RefuseEventsThatAreNone) {
  Json event = timed("event");
  event.erase("end");
  EXPECT_EQ(insert(event).verdict(), "400 required");
  event["end"] = {{"date", "2026-01-06"}};
  EXPECT_EQ(insert(event).verdict(), "400 invalid");
  event["end"] = at("2026-01-05T08:00:00Z");
  EXPECT_EQ(insert(event).verdict(), "400 timeRangeEmpty");
  event["end"] = at("no time");
  EXPECT_EQ(insert(event).verdict(), "400 invalid");
  EXPECT_EQ(insert(all_day_event("Day", "2026-01-05", "2026-01-05")).verdict(),
            "400 timeRangeEmpty");
  EXPECT_EQ(insert(daily("event", "FREQ=DAILY")).verdict(), "400 invalid");
  event = daily("event");
  event["start"].erase("timeZone");
  EXPECT_EQ(insert(event).verdict(), "400 required");
  event = timed("event");
  event["iCalUID"] = 5;
  EXPECT_EQ(insert(event).verdict(), "400 invalid");
  EXPECT_EQ(insert(Json::array()).verdict(), "400 parseError");
}

TEST_F(FakeGoogleWrites, ChangeOnlyWhatAPatchNames) {
  google_.insert_event(kTeam, timed("event"));
  const Answer changed = call("PATCH", events_path("event"),
                              {{"location", "Room 2"},
                               {"start", {{"dateTime", nullptr}, {"date", "2026-01-05"}}},
                               {"end", {{"dateTime", nullptr}, {"date", "2026-01-06"}}},
                               {"summary", nullptr},
                               {"iCalUID", "other"}});
  ASSERT_EQ(changed.verdict(), "200");
  EXPECT_FALSE(changed.body.contains("summary"));
  EXPECT_EQ(changed.text("location"), "Room 2");
  EXPECT_EQ(changed.text("iCalUID"), "event@google.com");
  EXPECT_EQ(changed.body.at("end").at("date"), "2026-01-06");
}

TEST_F(FakeGoogleWrites, ReplaceEverythingWithAPut) {
  Json event = timed("event");
  event["location"] = "Room 2";
  google_.insert_event(kTeam, event);
  const Answer put = call("PUT", events_path("event"), timed("event"));
  ASSERT_EQ(put.verdict(), "200");
  EXPECT_FALSE(put.body.contains("location"));
  EXPECT_EQ(put.body.at("created"), google_.event(kTeam, "event")->at("created"));
  EXPECT_EQ(call("PUT", events_path("event"), {{"summary", "x"}}).verdict(), "400 required");
  EXPECT_EQ(call("PUT", events_path("nowhere"), timed("event")).verdict(), "404 notFound");
}

TEST_F(FakeGoogleWrites, HonourIfMatch) {
  google_.insert_event(kTeam, timed("event"));
  const std::string etag = google_.event(kTeam, "event")->at("etag");
  google_.patch_event(kTeam, "event", {{"summary", "Theirs"}});
  const HttpHeaders stale = {{"If-Match", etag}};
  EXPECT_EQ(call("PATCH", events_path("event"), {{"summary", "Ours"}}, stale).verdict(),
            "412 conditionNotMet");
  EXPECT_EQ(call("DELETE", events_path("event"), {}, stale).verdict(), "412 conditionNotMet");
  const HttpHeaders fresh = {{"If-Match", google_.event(kTeam, "event")->at("etag")}};
  EXPECT_EQ(call("PATCH", events_path("event"), {{"summary", "Ours"}}, fresh).verdict(), "200");
}

TEST_F(FakeGoogleWrites, AnswerGoneToASecondDeletion) {
  google_.insert_event(kTeam, timed("event"));
  EXPECT_EQ(call("DELETE", events_path("event")).verdict(), "204");
  EXPECT_EQ(call("DELETE", events_path("event")).verdict(), "410 deleted");
  EXPECT_EQ(call("DELETE", events_path("nowhere")).verdict(), "404 notFound");
  EXPECT_EQ(call("GET", events_path("event")).text("status"), "cancelled");
}

// Rule 11.
TEST_F(FakeGoogleWrites, UndeleteByConfirming) {
  google_.insert_event(kTeam, timed("event"));
  const std::string token = sync_token();
  EXPECT_EQ(call("PATCH", events_path("event"), {{"status", "cancelled"}}).verdict(), "200");
  EXPECT_THAT(statuses(since(token)), ElementsAre(Pair("event", "cancelled")));
  EXPECT_EQ(call("PATCH", events_path("event"), {{"summary", "x"}}).verdict(), "410 deleted");
  EXPECT_EQ(call("PATCH", events_path("event"), {{"status", "confirmed"}}).verdict(), "200");
  EXPECT_THAT(statuses(since(token)), ElementsAre(Pair("event", "confirmed")));
  EXPECT_EQ(google_.event(kTeam, "event")->at("summary"), "Event event");
}

TEST_F(FakeGoogleWrites, RefuseReaders) {
  google_.insert_event(kTeam, timed("event"));
  google_.set_access_role(kAda, kTeam, "reader");
  EXPECT_EQ(insert(timed("other")).verdict(), "403 requiredAccessLevel");
  EXPECT_EQ(call("DELETE", events_path("event")).verdict(), "403 requiredAccessLevel");
  EXPECT_EQ(call("GET", events_path("event")).verdict(), "200");
  google_.set_access_role(kAda, kTeam, "writer");
  EXPECT_EQ(call("DELETE", events_path("event")).verdict(), "204");
}

}  // namespace
}  // namespace tidemark::test
