// Changing Google's events through the whole of syncing.
#include <gmock/gmock.h>

#include <set>

#include "sync/google_world.h"
#include "sync/write_world.h"

namespace tidemark::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = WriteRequest::Kind;

class GoogleWrite : public GoogleSync {
 protected:
  GoogleWrite() : losing_(client_) {
    allow_writes();
    http_ = &losing_;
  }

  CalendarStatus team() const { return process_->calendar("Team"); }

  Result<AcceptedWrite> ask(Kind kind, const std::string& event, Json members = Json::object(),
                            const std::string& if_match = {}, const std::string& key = {}) {
    WriteRequest request = write_of(kind, team(), event, std::move(members));
    request.if_match = if_match;
    request.idempotency_key = key;
    return process_->service->request_write(request);
  }

  WriteStatus finish(const Result<AcceptedWrite>& accepted) {
    EXPECT_TRUE(accepted.has_value()) << accepted.error().message;
    process_->run();
    const auto status = find_write(*process_->store, team(), accepted->id);
    EXPECT_TRUE(status.has_value()) << status.error().message;
    return *status;
  }

  Json item(const std::string& id) { return google_.event("team", id).value(); }

  // The next sync says nothing new: the mirror has all of it.
  void expect_no_echo() {
    const std::size_t before = told_count();
    sync();
    EXPECT_THAT(news(before), IsEmpty());
    expect_exact();
  }

  LosingClient losing_;
};

TEST_F(GoogleWrite, CreatesAndTheNextSyncTellsNothing) {
  sync();
  const auto accepted = ask(Kind::create, "", new_event("Lunch"));
  const auto status = finish(accepted);
  EXPECT_EQ(status.status, "done") << status.error;
  EXPECT_EQ(item(status.external_event_id)["summary"], "Lunch");
  std::vector<std::string> types;
  for (const auto& event : process_->feed()) {
    types.push_back(event.type);
    EXPECT_EQ(event.correlation_id, accepted->correlation_id) << event.type;
  }
  EXPECT_THAT(types, ElementsAre("calendar.event.created", "calendar.write.done"));
  expect_no_echo();
}

TEST_F(GoogleWrite, ChangesOnlyWhatIsGivenAndKeepsWhatItDoesNotKnow) {
  Json event = timed_event("Old", "2026-01-05T10:00:00Z", "2026-01-05T11:00:00Z");
  event["colorId"] = "7";
  event["extendedProperties"] = {{"private", {{"k", "v"}}}};
  event["attendees"] = Json::array({{{"email", "bob@example.com"},
                                     {"responseStatus", "accepted"},
                                     {"optional", true},
                                     {"comment", "maybe late"}}});
  const auto id = google_.insert_event("team", event);
  sync();
  const Json before = item(id);
  const auto status = finish(
      ask(Kind::update, id,
          {{"title", "New"},
           {"attendees", Json::array({{{"email", "bob@example.com"}, {"response", "declined"}},
                                      {{"email", "cy@example.com"}}})}}));
  EXPECT_EQ(status.status, "done") << status.error;
  const Json after = item(id);
  EXPECT_EQ(after["summary"], "New");
  EXPECT_EQ(after["colorId"], "7");
  EXPECT_EQ(after["extendedProperties"], before["extendedProperties"]);
  EXPECT_EQ(after["attendees"][0]["comment"], "maybe late");
  EXPECT_EQ(after["attendees"][0]["optional"], true);
  EXPECT_EQ(after["attendees"][0]["responseStatus"], "declined");
  EXPECT_EQ(after["attendees"][1]["email"], "cy@example.com");
  EXPECT_EQ(after["start"], before["start"]);
  expect_no_echo();
}

TEST_F(GoogleWrite, MovesBetweenWholeDaysAndTimes) {
  const auto id = google_.insert_event("team", all_day_event("Day", "2026-01-05", "2026-01-06"));
  sync();
  auto status =
      finish(ask(Kind::update, id,
                 {{"start", {{"date_time", "2026-01-05T09:00:00"}, {"zone", "Europe/Paris"}}},
                  {"end", {{"date_time", "2026-01-05T10:00:00"}, {"zone", "Europe/Paris"}}}}));
  EXPECT_EQ(status.status, "done") << status.error;
  EXPECT_EQ(item(id)["start"]["timeZone"], "Europe/Paris");
  EXPECT_FALSE(item(id)["start"].contains("date"));
  expect_no_echo();
  status = finish(ask(Kind::update, id,
                      {{"start", {{"date", "2026-01-07"}}}, {"end", {{"date", "2026-01-08"}}}}));
  EXPECT_EQ(status.status, "done") << status.error;
  EXPECT_EQ(item(id)["start"], (Json{{"date", "2026-01-07"}}));
  expect_no_echo();
}

TEST_F(GoogleWrite, ChangesAndDeletesInstancesOfASeries) {
  const auto series = google_.insert_event(
      "team", recurring(timed_event("Daily", "2026-01-05T10:00:00Z", "2026-01-05T10:30:00Z"),
                        "RRULE:FREQ=DAILY;COUNT=5"));
  sync();
  auto status = finish(ask(Kind::update, series + "#2026-01-06T10:00:00Z", {{"title", "Special"}}));
  EXPECT_EQ(status.status, "done") << status.error;
  EXPECT_EQ(item(series + "_20260106T100000Z")["summary"], "Special");
  expect_no_echo();
  // Again, by the name that Google gives it, now that it is an event of its own.
  status = finish(ask(Kind::update, series + "_20260106T100000Z", {{"title", "More special"}}));
  EXPECT_EQ(status.status, "done") << status.error;
  status = finish(ask(Kind::remove, series + "#2026-01-07T10:00:00Z"));
  EXPECT_EQ(status.status, "done") << status.error;
  EXPECT_EQ(item(series + "_20260107T100000Z")["status"], "cancelled");
  expect_no_echo();
  status = finish(ask(Kind::remove, series));
  EXPECT_EQ(status.status, "done") << status.error;
  EXPECT_THAT(google_.events("team"), IsEmpty());
  expect_no_echo();
}

TEST_F(GoogleWrite, ALostAnswerIsRecognisedAndTheChangeIsMadeOnce) {
  const auto id = google_.insert_event(
      "team", timed_event("Old", "2026-01-05T10:00:00Z", "2026-01-05T11:00:00Z"));
  sync();
  for (const bool create : {true, false}) {
    int lost = 0;
    losing_.lose = [&](const HttpRequest& request) {
      return changes_something(request) && lost++ == 0;
    };
    const std::size_t events = google_.events("team").size();
    const auto accepted = create ? ask(Kind::create, "", new_event("Once"))
                                 : ask(Kind::update, id, {{"title", "Once more"}});
    EXPECT_EQ(finish(accepted).status, "accepted");
    EXPECT_EQ(finish(accepted).error_code, "timeout");
    clock_.advance(std::chrono::minutes(1));
    EXPECT_EQ(finish(accepted).status, "done");
    EXPECT_EQ(google_.events("team").size(), events + (create ? 1 : 0));
    expect_no_echo();
  }
}

TEST_F(GoogleWrite, ALostAnswerThatAPullBringsFirstIsDoneAllTheSame) {
  const auto id = google_.insert_event(
      "team", timed_event("Old", "2026-01-05T10:00:00Z", "2026-01-05T11:00:00Z"));
  sync();
  int lost = 0;
  losing_.lose = [&](const HttpRequest& request) {
    return changes_something(request) && lost++ == 0;
  };
  const auto accepted = ask(Kind::update, id, {{"title", "New"}});
  EXPECT_EQ(finish(accepted).status, "accepted");
  const std::size_t before = told_count();
  sync();
  EXPECT_THAT(news(before), ElementsAre("updated \"New\""));
  clock_.advance(std::chrono::minutes(1));
  EXPECT_EQ(finish(accepted).status, "done");
  expect_no_echo();
}

TEST_F(GoogleWrite, ASeriesWhoseAnswerWasLostKeepsWhatOthersMadeOfIt) {
  sync();
  int lost = 0;
  losing_.lose = [&](const HttpRequest& request) {
    return changes_something(request) && lost++ == 0;
  };
  Json members = new_event("Series");
  members["recurrence"] = Json::array({"RRULE:FREQ=DAILY;COUNT=9"});
  const auto accepted = ask(Kind::create, "", members);
  EXPECT_EQ(finish(accepted).status, "accepted");
  const Json series = google_.events("team").at(0);
  google_.change_instance("team", series["id"], series["start"], {{"summary", "Theirs"}});
  sync();
  const std::size_t before = told_count();
  clock_.advance(std::chrono::minutes(1));
  EXPECT_EQ(finish(accepted).status, "done");
  EXPECT_THAT(news(before), ElementsAre("done \"Series\""));
  expect_no_echo();
}

TEST_F(GoogleWrite, AnInstanceOfWhatRecursNoMoreLeavesTheEvent) {
  for (const Kind kind : {Kind::remove, Kind::update}) {
    const auto id = google_.insert_event(
        "team", recurring(timed_event("Series", "2026-01-05T10:00:00Z", "2026-01-05T11:00:00Z"),
                          "RRULE:FREQ=DAILY"));
    sync();
    google_.patch_event("team", id, {{"recurrence", nullptr}});
    const std::size_t before = told_count();
    Json members = Json::object();
    if (kind == Kind::update) members["title"] = "Mine";
    const auto status = finish(ask(kind, id + "#2026-01-06T10:00:00Z", members));
    EXPECT_EQ(status.status, kind == Kind::remove ? "done" : "conflict") << status.error;
    sync();
    std::set<std::string> types;
    const auto feed = process_->feed();
    for (std::size_t i = before; i < feed.size(); ++i) types.insert(feed[i].type);
    EXPECT_TRUE(types.contains("calendar.event.updated"));
    EXPECT_FALSE(types.contains("calendar.event.deleted"));
    expect_no_echo();
  }
}

TEST_F(GoogleWrite, AForeignChangeIsAConflictWithBothVersions) {
  const auto id = google_.insert_event(
      "team", timed_event("Old", "2026-01-05T10:00:00Z", "2026-01-05T11:00:00Z"));
  sync();
  google_.patch_event("team", id, {{"summary", "Theirs"}});
  const auto status = finish(ask(Kind::update, id, {{"title", "Ours"}}));
  EXPECT_EQ(status.status, "conflict");
  EXPECT_EQ(status.ours, (Json{{"title", "Ours"}}));
  EXPECT_EQ(status.theirs["title"], "Theirs");
  EXPECT_EQ(item(id)["summary"], "Theirs");
  sync();
  // The version of before is refused at once, the one that is mirrored now is taken.
  EXPECT_EQ(finish(ask(Kind::update, id, {{"title", "Ours"}}, item(id)["etag"])).status, "done");
  const auto stale = ask(Kind::update, id, {{"title", "Again"}}, status.theirs["etag"]);
  ASSERT_FALSE(stale.has_value());
  EXPECT_EQ(stale.error().code, Errc::conflict);
}

TEST_F(GoogleWrite, ADeletedEventIsAConflictForAChangeAndDoneForADeletion) {
  const auto one = google_.insert_event(
      "team", timed_event("One", "2026-01-05T10:00:00Z", "2026-01-05T11:00:00Z"));
  const auto two = google_.insert_event(
      "team", timed_event("Two", "2026-01-05T10:00:00Z", "2026-01-05T11:00:00Z"));
  sync();
  google_.delete_event("team", one);
  google_.delete_event("team", two);
  const auto changed = finish(ask(Kind::update, one, {{"title", "Ours"}}));
  EXPECT_EQ(changed.status, "conflict");
  EXPECT_TRUE(changed.theirs.is_null());
  EXPECT_EQ(finish(ask(Kind::remove, two)).status, "done");
  sync();
  expect_exact();
}

TEST_F(GoogleWrite, AnInstanceThatWentWithItsSeriesIsNotToldAsTakenOut) {
  const auto series = google_.insert_event(
      "team", recurring(timed_event("Daily", "2026-01-05T10:00:00Z", "2026-01-05T10:30:00Z"),
                        "RRULE:FREQ=DAILY;COUNT=5"));
  google_.change_instance("team", series, at("2026-01-06T10:00:00Z"), {{"summary", "Special"}});
  sync();
  google_.delete_event("team", series);
  const std::size_t before = told_count();
  EXPECT_EQ(finish(ask(Kind::remove, series + "#2026-01-06T10:00:00Z")).status, "done");
  std::vector<std::string> types;
  for (std::size_t i = before; i < told_count(); ++i) types.push_back(process_->feed()[i].type);
  EXPECT_THAT(types, ElementsAre("calendar.event.deleted", "calendar.event.deleted",
                                 "calendar.write.done"));
  sync();
  expect_exact();
}

TEST_F(GoogleWrite, TheSameKeyIsTheSameCommand) {
  sync();
  const auto first = ask(Kind::create, "", new_event("Once"), "", "key-1");
  const auto second = ask(Kind::create, "", new_event("Once"), "", "key-1");
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(first->id, second->id);
  EXPECT_TRUE(second->duplicate);
  EXPECT_FALSE(ask(Kind::create, "", new_event("Other"), "", "key-1").has_value());
  process_->run();
  EXPECT_EQ(google_.events("team").size(), 1U);
}

TEST_F(GoogleWrite, AReadOnlyCalendarOrAccountSaysWhatToDo) {
  google_.set_access_role(kUser, "team", "reader");
  sync();
  const auto refused = ask(Kind::create, "", new_event("X"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::forbidden);
  EXPECT_THAT(refused.error().message, HasSubstr("read-only"));
}

TEST_F(GoogleWrite, WhatGoogleCannotSayFailsWithAReason) {
  sync();
  const auto status = finish(ask(
      Kind::create, "",
      {{"title", "Float"}, {"start", {{"date_time", "2026-01-05T10:00:00"}, {"zone", nullptr}}}}));
  EXPECT_EQ(status.status, "failed");
  EXPECT_THAT(status.error, HasSubstr("floating"));
}

TEST_F(GoogleWrite, GoesOnAfterACrash) {
  sync();
  google_.fail_next("events.insert", google::backend_error(503), 100);
  const auto accepted = ask(Kind::create, "", new_event("Later"));
  EXPECT_EQ(finish(accepted).status, "accepted");
  start();
  google_.set_fault({});
  for (int i = 0; i < 200 && finish(accepted).status == "accepted"; ++i) {
    clock_.advance(std::chrono::minutes(15));
  }
  const auto status = finish(accepted);
  EXPECT_TRUE(status.status == "done" || status.status == "failed");
  EXPECT_EQ(write_ends(process_->feed()).size(), 1U);
}

}  // namespace
}  // namespace tidemark::test
