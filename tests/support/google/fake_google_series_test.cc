// The fake's series, exceptions and splits against rules 9 to 11.
#include <gmock/gmock.h>

#include "support/google/fake_google_fixture.h"

namespace tidemark::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class FakeGoogleSeries : public FakeGoogleFixture {};

constexpr const char* kSecond = "2026-01-06T09:00:00Z";
constexpr const char* kSecondId = "series_20260106T090000Z";
constexpr const char* kThird = "2026-01-07T09:00:00Z";
constexpr const char* kThirdId = "series_20260107T090000Z";

// Rule 9.
TEST_F(FakeGoogleSeries, KeepCancelledInstancesInFullLists) {
  google_.insert_event(kTeam, daily("series"));
  google_.cancel_instance(kTeam, "series", at(kSecond));
  const auto rows = pass({});
  EXPECT_THAT(statuses(rows),
              UnorderedElementsAre(Pair("series", "confirmed"), Pair(kSecondId, "cancelled")));
  const Json& row = rows.at(1);
  EXPECT_EQ(row.at("recurringEventId"), "series");
  EXPECT_EQ(row.at("originalStartTime").at("dateTime"), kSecond);
  EXPECT_EQ(row.size(), 6U) << row;  // and id, status, kind, etag
}

TEST_F(FakeGoogleSeries, MayShowExceptionsBeforeTheirMasterAndOnAnotherPage) {
  google_.insert_event(kTeam, daily("series"));
  google_.cancel_instance(kTeam, "series", at(kSecond));
  google_.set_listing({.order = ListingOptions::Order::exceptions_first});
  const Answer page = list({{"maxResults", "1"}});
  EXPECT_EQ(page.items().at(0).at("id"), kSecondId);
  EXPECT_TRUE(page.body.contains("nextPageToken"));
}

TEST_F(FakeGoogleSeries, MayShowMastersFirstThoughTheyChangedLast) {
  google_.insert_event(kTeam, daily("series"));
  google_.cancel_instance(kTeam, "series", at(kSecond));
  google_.patch_event(kTeam, "series", {{"summary", "Changed"}});
  EXPECT_EQ(list().items().at(0).at("id"), kSecondId);
  google_.set_listing({.order = ListingOptions::Order::masters_first});
  EXPECT_EQ(list().items().at(0).at("id"), "series");
}

// Rule 10.
TEST_F(FakeGoogleSeries, KeyInstancesByTheirOriginalStart) {
  google_.insert_event(kTeam, daily("series"));
  const std::string id = google_.change_instance(
      kTeam, "series", {{"dateTime", "2026-01-06T10:00:00+01:00"}, {"timeZone", "Europe/Berlin"}},
      {{"start", at("2026-01-06T15:00:00Z")}, {"end", at("2026-01-06T16:00:00Z")}});
  EXPECT_EQ(id, kSecondId);
  const Json row = *google_.event(kTeam, id);
  EXPECT_EQ(row.at("originalStartTime").at("dateTime"), "2026-01-06T10:00:00+01:00");
  EXPECT_EQ(row.at("start").at("dateTime"), "2026-01-06T15:00:00Z");
  EXPECT_EQ(row.at("iCalUID"), google_.event(kTeam, "series")->at("iCalUID"));
  EXPECT_FALSE(row.contains("recurrence"));
  // The same instance, moved once more.
  EXPECT_EQ(google_.change_instance(kTeam, "series", at(kSecond), {{"summary", "Again"}}), id);
  EXPECT_EQ(pass({}).size(), 2U);
}

TEST_F(FakeGoogleSeries, NameInstancesOfWholeDaysByTheDate) {
  Json event = recurring(all_day_event("Day", "2026-01-05", "2026-01-06"), "RRULE:FREQ=WEEKLY");
  event["id"] = "days";
  google_.insert_event(kTeam, event);
  const std::string id =
      google_.change_instance(kTeam, "days", {{"date", "2026-01-12"}}, {{"summary", "Odd day"}});
  EXPECT_EQ(id, "days_20260112");
  const Json row = *google_.event(kTeam, id);
  EXPECT_EQ(row.at("start"), Json({{"date", "2026-01-12"}}));
  EXPECT_EQ(row.at("end"), Json({{"date", "2026-01-13"}}));
}

TEST_F(FakeGoogleSeries, DeleteExceptionsWithTheirMaster) {
  google_.insert_event(kTeam, daily("series"));
  google_.change_instance(kTeam, "series", at(kSecond), {{"summary", "Odd"}});
  google_.cancel_instance(kTeam, "series", at(kThird));
  const std::string token = sync_token();
  google_.delete_event(kTeam, "series");
  EXPECT_TRUE(pass({}).empty());
  const auto gone = UnorderedElementsAre(Pair("series", "cancelled"), Pair(kSecondId, "cancelled"),
                                         Pair(kThirdId, "cancelled"));
  EXPECT_THAT(statuses(since(token)), gone);
  google_.set_listing({.cascade_listed = false});
  EXPECT_THAT(statuses(since(token)), ElementsAre(Pair("series", "cancelled")));
}

// Rule 11.
TEST_F(FakeGoogleSeries, ComeBackWithTheirExceptionsWhenUndeleted) {
  google_.insert_event(kTeam, daily("series"));
  google_.change_instance(kTeam, "series", at(kSecond), {{"summary", "Odd"}});
  google_.cancel_instance(kTeam, "series", at(kThird));
  google_.delete_event(kTeam, "series");
  const std::string token = sync_token();
  google_.undelete_event(kTeam, "series");
  EXPECT_THAT(statuses(since(token)),
              UnorderedElementsAre(Pair("series", "confirmed"), Pair(kSecondId, "confirmed"),
                                   Pair(kThirdId, "cancelled")));
  EXPECT_EQ(google_.event(kTeam, kSecondId)->at("summary"), "Odd");
}

TEST_F(FakeGoogleSeries, SplitIntoAShorterMasterAndANewId) {
  google_.insert_event(kTeam, daily("series", "RRULE:FREQ=DAILY;COUNT=10"));
  google_.change_instance(kTeam, "series", at(kSecond), {{"summary", "Stays"}});
  google_.change_instance(kTeam, "series", at("2026-01-09T09:00:00Z"), {{"summary", "Goes"}});
  const std::string token = sync_token();
  const std::string rest =
      google_.split_series(kTeam, "series", at(kThird), {{"summary", "New"}}, 2);
  EXPECT_EQ(rest, "series_R20260107T090000");
  EXPECT_THAT(statuses(since(token)),
              UnorderedElementsAre(Pair("series", "confirmed"), Pair(rest, "confirmed"),
                                   Pair("series_20260109T090000Z", "cancelled")));
  EXPECT_EQ(google_.event(kTeam, "series")->at("recurrence"),
            Json({"RRULE:FREQ=DAILY;UNTIL=20260107T085959Z"}));
  const Json series = *google_.event(kTeam, rest);
  EXPECT_EQ(series.at("recurrence"), Json({"RRULE:FREQ=DAILY;COUNT=8"}));
  EXPECT_EQ(series.at("start").at("dateTime"), kThird);
  EXPECT_EQ(series.at("summary"), "New");
  EXPECT_FALSE(series.contains("recurringEventId"));
  EXPECT_NE(series.at("iCalUID"), google_.event(kTeam, "series")->at("iCalUID"));
  // An instance of the rest has both marks in its id.
  EXPECT_EQ(google_.cancel_instance(kTeam, rest, at("2026-01-08T09:00:00Z")),
            "series_R20260107T090000_20260108T090000Z");
}

TEST_F(FakeGoogleSeries, SplitWholeDaysAtTheDayBefore) {
  Json event = recurring(all_day_event("Day", "2026-01-05", "2026-01-06"),
                         "RRULE:FREQ=DAILY;UNTIL=20260131;INTERVAL=2");
  event["id"] = "days";
  google_.insert_event(kTeam, event);
  const std::string rest =
      google_.split_series(kTeam, "days", {{"date", "2026-01-11"}}, Json::object());
  EXPECT_EQ(rest, "days_R20260111");
  EXPECT_EQ(google_.event(kTeam, "days")->at("recurrence"),
            Json({"RRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20260110"}));
  EXPECT_EQ(google_.event(kTeam, rest)->at("recurrence"),
            Json({"RRULE:FREQ=DAILY;UNTIL=20260131;INTERVAL=2"}));
}

TEST_F(FakeGoogleSeries, LoseTheirExceptionsWhenTheyStopRecurring) {
  google_.insert_event(kTeam, daily("series"));
  google_.change_instance(kTeam, "series", at(kSecond), {{"summary", "Odd"}});
  const std::string token = sync_token();
  EXPECT_EQ(call("PATCH", events_path("series"), {{"recurrence", nullptr}}).verdict(), "200");
  EXPECT_THAT(statuses(since(token)),
              UnorderedElementsAre(Pair("series", "confirmed"), Pair(kSecondId, "cancelled")));
  EXPECT_EQ(call("GET", events_path(kThirdId)).verdict(), "404 notFound");
}

TEST_F(FakeGoogleSeries, MakeAnExceptionWhenAnInstanceIsWritten) {
  google_.insert_event(kTeam, daily("series"));
  const std::string token = sync_token();
  EXPECT_EQ(call("GET", events_path(kSecondId)).body.at("originalStartTime").at("dateTime"),
            kSecond);
  EXPECT_EQ(call("PATCH", events_path(kSecondId), {{"summary", "Odd"}}).verdict(), "200");
  EXPECT_EQ(call("DELETE", events_path(kThirdId)).verdict(), "204");
  EXPECT_EQ(call("DELETE", events_path(kThirdId)).verdict(), "410 deleted");
  EXPECT_THAT(statuses(since(token)),
              UnorderedElementsAre(Pair(kSecondId, "confirmed"), Pair(kThirdId, "cancelled")));
  EXPECT_EQ(call("PATCH", events_path("series_20260106"), {{"summary", "x"}}).verdict(),
            "404 notFound");
  google_.delete_event(kTeam, "series");
  EXPECT_EQ(call("PATCH", events_path(kSecondId), {{"status", "confirmed"}}).verdict(),
            "410 deleted");
}

}  // namespace
}  // namespace tidemark::test
