// Calendar rules 1 to 15 of Google through the whole of syncing.
#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <string>

#include "sync/google_world.h"

namespace tidemark::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(GoogleSync, MirrorsAndFollowsChanges) {
  add_events(3);
  const auto series = google_.insert_event(
      "team", recurring(timed_event("Daily", "2026-01-05T10:00:00Z", "2026-01-05T10:30:00Z"),
                        "RRULE:FREQ=DAILY;COUNT=5"));
  sync();
  expect_exact();
  const std::size_t before = told_count();
  EXPECT_EQ(before, 4U);
  google_.change_instance("team", series, at("2026-01-06T10:00:00Z"), {{"summary", "Moved"}});
  google_.cancel_instance("team", series, at("2026-01-07T10:00:00Z"));
  sync();
  expect_exact();
  EXPECT_THAT(news(before), ElementsAre("created \"Moved\"", "updated \"Daily\""));
  const int lists = google_.count("events.list");
  sync();
  EXPECT_EQ(google_.count("events.list"), lists + 1);
  EXPECT_EQ(told_count(), before + 2);
}

TEST_F(GoogleSync, Rule1AsksForEverythingOnceAndThenWithItsTokenOnly) {
  add_events(1);
  sync();
  sync();
  std::vector<std::string> urls;
  for (const auto& request : google_.requests()) {
    if (request.route == "events.list") urls.push_back(request.url);
  }
  ASSERT_THAT(urls, SizeIs(2));
  EXPECT_THAT(urls[0], HasSubstr("maxResults=2500"));
  EXPECT_THAT(urls[0], HasSubstr("singleEvents=false"));
  for (const char* forbidden :
       {"timeMin", "timeMax", "updatedMin", "orderBy", "q=", "showDeleted"}) {
    EXPECT_THAT(urls[0], testing::Not(HasSubstr(forbidden)));
  }
  EXPECT_EQ(urls[1].find(urls[0]), 0U) << "the same query, and the token";
  EXPECT_THAT(urls[1], HasSubstr("syncToken="));
}

TEST_F(GoogleSync, Rule2And3PagesMayBeShortOrEmptyAndEachIsCommitted) {
  add_events(40);
  google_.set_listing({.largest_page = 10, .empty_pages_between = true});
  int pages = 0;
  google_.set_fault([&](const HttpRequest& request) -> std::optional<HttpResponse> {
    if (request.url.find("/events") == std::string::npos) return std::nullopt;
    // What the pages before brought is in the store when the next one is asked for.
    if (pages > 0) {
      EXPECT_EQ(mirrored("Team").size(), static_cast<std::size_t>((pages + 1) / 2 * 10));
    }
    ++pages;
    return std::nullopt;
  });
  sync();
  EXPECT_EQ(pages, 8);
  google_.set_fault({});
  expect_exact();
}

TEST_F(GoogleSync, Rule4ALastPageWithoutASyncTokenIsAnErrorAndTheOldTokenStays) {
  add_events(2);
  sync();
  const std::string cursor = process_->calendar("Team").cursor;
  add_events(1);
  google_.set_listing({.omit_next_sync_token = true});
  sync();
  EXPECT_EQ(process_->calendar("Team").error_code, "protocol_error");
  EXPECT_EQ(process_->calendar("Team").cursor, cursor);
  google_.set_listing({});
  sync();
  EXPECT_NE(process_->calendar("Team").cursor, cursor);
  expect_exact();
}

TEST_F(GoogleSync, Rule5And6AStaleTokenReconcilesAndTellsOnlyWhatDiffers) {
  add_events(30);
  sync();
  const std::size_t before = told_count();
  const auto events = google_.events("team");
  google_.patch_event("team", events[3]["id"], {{"summary", "Changed"}});
  google_.delete_event("team", events[4]["id"]);
  google_.expire_sync_tokens("team");
  google_.set_listing({.largest_page = 10});
  bool shown = true;
  google_.set_fault([&](const HttpRequest&) -> std::optional<HttpResponse> {
    shown = shown && mirrored("Team").size() >= 29;  // the old mirror stays visible throughout
    return std::nullopt;
  });
  sync();
  google_.set_fault({});
  EXPECT_TRUE(shown);
  EXPECT_THAT(news(before),
              ElementsAre("deleted " + events[4]["summary"].dump(), "updated \"Changed\""));
  expect_exact();
}

TEST_F(GoogleSync, Rule5A410OnPageThreeOfAReconcileBeginsAnewAndEndsExact) {
  add_events(40);
  sync();
  const std::size_t before = told_count();
  google_.set_listing({.largest_page = 10});
  const Json gone = google_.events("team")[0];
  google_.delete_event("team", gone["id"]);
  google_.answer_gone_at(kUser, "team", 3);
  sync(SyncRequestMode::reconcile);
  EXPECT_THAT(news(before), ElementsAre("deleted " + gone["summary"].dump()));
  expect_exact();
}

TEST_F(GoogleSync, Rule5ACalendarThatWasDeletedIsNoResync) {
  add_events(2);
  sync();
  google_.answer_gone_at(kUser, "team", 1, "deleted");
  sync();
  // It was not: discovery still lists it.
  sync();
  expect_exact();
  EXPECT_EQ(told_count(), 2U);
}

TEST_F(GoogleSync, Rule6ASeriesOverSeveralPagesOfAReconcileLosesNothingInBetween) {
  const auto series = google_.insert_event(
      "team", recurring(timed_event("Daily", "2026-01-05T10:00:00Z", "2026-01-05T10:30:00Z"),
                        "RRULE:FREQ=DAILY;COUNT=20"));
  for (int day = 6; day < 12; ++day) {
    const Json when =
        at((day < 10 ? "2026-01-0" : "2026-01-") + std::to_string(day) + "T10:00:00Z");
    if (day % 2 == 0) {
      google_.change_instance("team", series, when, {{"summary", "D" + std::to_string(day)}});
    } else {
      google_.cancel_instance("team", series, when);
    }
  }
  sync();
  expect_exact();
  const std::size_t before = told_count();
  google_.set_listing({.largest_page = 2});
  sync(SyncRequestMode::reconcile);
  EXPECT_EQ(told_count(), before);
  expect_exact();
}

TEST_F(GoogleSync, Rule6AFullPassKeepsASeriesTogetherToo) {
  const auto series = google_.insert_event(
      "team", recurring(timed_event("Daily", "2026-01-05T10:00:00Z", "2026-01-05T10:30:00Z"),
                        "RRULE:FREQ=DAILY;COUNT=5"));
  google_.change_instance("team", series, at("2026-01-06T10:00:00Z"), {{"summary", "Moved"}});
  google_.cancel_instance("team", series, at("2026-01-07T10:00:00Z"));
  sync();
  const std::size_t before = told_count();
  google_.set_listing({.order = ListingOptions::Order::exceptions_first, .largest_page = 1});
  sync(SyncRequestMode::full);
  EXPECT_EQ(told_count(), before) << "nothing has changed";
  expect_exact();
}

TEST_F(GoogleSync, Rule6PartsOfASeriesThatAFullListingDoesNotNameAreGone) {
  const auto series = google_.insert_event(
      "team", recurring(timed_event("Daily", "2026-01-05T10:00:00Z", "2026-01-05T10:30:00Z"),
                        "RRULE:FREQ=DAILY"));
  google_.change_instance("team", series, at("2026-01-06T10:00:00Z"), {{"summary", "Stays"}});
  google_.change_instance("team", series, at("2026-01-12T10:00:00Z"), {{"summary", "Goes"}});
  sync();
  google_.split_series("team", series, at("2026-01-10T10:00:00Z"), {{"summary", "Later"}});
  google_.set_listing({.tombstone_lifetime = std::chrono::hours(24)});
  clock_.advance(std::chrono::hours(48));
  google_.expire_sync_tokens("team");
  sync();
  expect_exact();
}

TEST_F(GoogleSync, Rule7ARefusedPageTokenRestartsThePass) {
  add_events(40);
  google_.set_listing({.largest_page = 10});
  int pages = 0;
  google_.set_fault([&](const HttpRequest& request) -> std::optional<HttpResponse> {
    const bool list = request.url.find("/events") != std::string::npos;
    if (list && ++pages == 3) google_.forget_page_tokens();
    return std::nullopt;
  });
  sync();
  EXPECT_EQ(pages, 7) << "two pages, one refusal, four pages";
  google_.set_fault({});
  expect_exact();
  EXPECT_EQ(told_count(), 40U) << "repeats are no news";
}

TEST_F(GoogleSync, Rule8TombstonesWithOnlyAnId) {
  add_events(2);
  sync();
  const std::size_t before = told_count();
  google_.set_listing({.bare_tombstones = true});
  const Json known = google_.events("team")[0];
  google_.delete_event("team", known["id"]);
  const auto gone = google_.insert_event(
      "team", timed_event("Never seen", "2026-01-05T09:00:00Z", "2026-01-05T09:15:00Z"));
  google_.delete_event("team", gone);
  sync();
  EXPECT_THAT(news(before), ElementsAre("deleted " + known["summary"].dump()));
  expect_exact();
}

TEST_F(GoogleSync, Rule8TombstonesVanishAndTheReconcileFindsThem) {
  add_events(3);
  sync();
  google_.delete_event("team", google_.events("team")[0]["id"]);
  google_.set_listing({.tombstone_lifetime = std::chrono::hours(24)});
  clock_.advance(std::chrono::hours(48));
  sync();
  expect_exact();
}

TEST_F(GoogleSync, Rule9CancelledInstancesBeforeTheirMasterOnAnotherPage) {
  const auto series = google_.insert_event(
      "team", recurring(timed_event("Daily", "2026-01-05T10:00:00Z", "2026-01-05T10:30:00Z"),
                        "RRULE:FREQ=DAILY;COUNT=5"));
  google_.cancel_instance("team", series, at("2026-01-07T10:00:00Z"));
  google_.change_instance("team", series, at("2026-01-08T10:00:00Z"), {{"summary", "Changed"}});
  google_.set_listing({.order = ListingOptions::Order::exceptions_first, .largest_page = 1});
  sync();
  expect_exact();
  EXPECT_THAT(mirrored("Team"), SizeIs(2));
  EXPECT_EQ(told_count(), 2U);
}

TEST_F(GoogleSync, Rule10DeletingAMasterTakesItsInstancesWhateverPageNamesThem) {
  for (const bool listed : {true, false}) {
    const auto series = google_.insert_event(
        "team", recurring(timed_event("Daily", "2026-01-05T10:00:00Z", "2026-01-05T10:30:00Z"),
                          "RRULE:FREQ=DAILY;COUNT=5"));
    google_.change_instance("team", series, at("2026-01-06T10:00:00Z"), {{"summary", "One"}});
    google_.change_instance("team", series, at("2026-01-07T10:00:00Z"), {{"summary", "Two"}});
    sync();
    expect_exact();
    const std::size_t before = told_count();
    google_.set_listing({.order = ListingOptions::Order::masters_first,
                         .largest_page = 1,
                         .cascade_listed = listed});
    google_.delete_event("team", series);
    sync();
    EXPECT_THAT(news(before),
                ElementsAre("deleted \"Daily\"", "deleted \"One\"", "deleted \"Two\""));
    expect_exact();
    EXPECT_EQ(process_->calendar("Team").resources, 0U);
  }
}

TEST_F(GoogleSync, Rule10OfADeletedSeriesThatWasNeverMirroredNothingIsKept) {
  sync();
  const auto series = google_.insert_event(
      "team", recurring(timed_event("Daily", "2026-01-05T10:00:00Z", "2026-01-05T10:30:00Z"),
                        "RRULE:FREQ=DAILY;COUNT=5"));
  google_.change_instance("team", series, at("2026-01-06T10:00:00Z"), {{"summary", "One"}});
  google_.delete_event("team", series);
  google_.set_listing(
      {.order = ListingOptions::Order::masters_first, .largest_page = 1, .cascade_listed = true});
  sync();
  expect_exact();
  EXPECT_EQ(process_->calendar("Team").resources, 0U);
}

// Its last instances' tombstones come on the same page, and the mirror still has the series.
TEST_F(GoogleSync, Rule10ASeriesThatRecursNoMoreIsNotPutBackByItsInstances) {
  const auto series = google_.insert_event(
      "team", recurring(timed_event("Daily", "2026-01-05T10:00:00Z", "2026-01-05T10:30:00Z"),
                        "RRULE:FREQ=DAILY;COUNT=5"));
  google_.change_instance("team", series, at("2026-01-06T10:00:00Z"), {{"summary", "Moved"}});
  sync();
  google_.patch_event("team", series, {{"summary", "Once"}, {"recurrence", nullptr}});
  sync();
  expect_exact();
}

TEST_F(GoogleSync, Rule10AMovedInstanceIsTheSameInstance) {
  const auto series = google_.insert_event(
      "team", recurring(timed_event("Daily", "2026-01-05T10:00:00Z", "2026-01-05T10:30:00Z"),
                        "RRULE:FREQ=DAILY;COUNT=5"));
  sync();
  for (const char* hour : {"11", "12", "10"}) {
    const std::string time = std::string("2026-01-06T") + hour;
    google_.change_instance("team", series, at("2026-01-06T10:00:00Z"),
                            {{"start", at(time + ":00:00Z")}, {"end", at(time + ":30:00Z")}});
    sync();
    expect_exact();
    EXPECT_THAT(mirrored("Team"), SizeIs(2)) << hour;
  }
}

TEST_F(GoogleSync, Rule11SplitsMovesAndUndeletes) {
  google_.add_calendar(kUser, {.id = "other", .summary = "Other"});
  add_events(2);
  const auto series = google_.insert_event(
      "team", recurring(timed_event("Daily", "2026-01-05T10:00:00Z", "2026-01-05T10:30:00Z"),
                        "RRULE:FREQ=DAILY"));
  sync();
  google_.split_series("team", series, at("2026-01-10T10:00:00Z"), {{"summary", "Later"}});
  const std::string moved = google_.events("team")[0]["id"];
  google_.move_event("team", moved, "other");
  const std::string back = google_.events("team")[0]["id"];
  google_.delete_event("team", back);
  sync();
  expect_exact();
  expect_exact("Other", "other");
  EXPECT_THAT(mirrored("Other"), SizeIs(1));
  google_.undelete_event("team", back);
  sync();
  expect_exact();
  EXPECT_TRUE(mirrored("Team").contains(back));
}

TEST_F(GoogleSync, Rule11TwoEventsMayHaveOneICalUid) {
  Json one = timed_event("One", "2026-01-05T09:00:00Z", "2026-01-05T09:15:00Z");
  one["iCalUID"] = "shared@example.com";
  Json other = one;
  other["summary"] = "Other";
  google_.insert_event("team", one);
  const auto id = google_.insert_event("team", other);
  sync();
  expect_exact();
  EXPECT_THAT(mirrored("Team"), SizeIs(2));
  google_.delete_event("team", id);
  sync();
  expect_exact();
  EXPECT_THAT(mirrored("Team"), SizeIs(1));
}

TEST_F(GoogleSync, Rule13CalendarsComeGoAndAreForbidden) {
  add_events(1);
  google_.add_calendar(kUser, {.id = "other", .summary = "Other"});
  sync();
  EXPECT_EQ(google_.count("calendarList.list"), 1);
  google_.set_forbidden("other", true);
  google_.insert_event("other",
                       timed_event("Unseen", "2026-01-05T09:00:00Z", "2026-01-05T09:15:00Z"));
  sync();
  EXPECT_EQ(process_->calendar("Other").error_code, "forbidden");
  EXPECT_EQ(process_->calendar("Team").state, "ok") << "the other calendar is unharmed";
  google_.set_forbidden("other", false);
  google_.withdraw_calendar(kUser, "team");
  sync();
  sync();
  EXPECT_FALSE(find_calendar(*process_->store, "", "Team").has_value());
  EXPECT_THAT(told()["Team"], IsEmpty());
  expect_exact("Other", "other");
  // A renaming by somebody else is not in the list's changes: it is seen within a day.
  google_.rename_calendar("other", "Renamed");
  clock_.advance(std::chrono::hours(25));
  sync();
  EXPECT_TRUE(find_calendar(*process_->store, "", "Renamed").has_value());
}

// A whole list leaves them out, a list of changes tells of them.
TEST_F(GoogleSync, Rule13AHiddenCalendarIsNotMirroredHoweverItIsHeardOf) {
  google_.add_calendar(kUser, {.id = "other", .summary = "Other"});
  sync();
  google_.set_hidden(kUser, "other", true);
  sync();
  sync();
  EXPECT_FALSE(find_calendar(*process_->store, "", "Other").has_value());
  google_.set_hidden(kUser, "other", false);
  sync();
  EXPECT_TRUE(find_calendar(*process_->store, "", "Other").has_value());
}

TEST_F(GoogleSync, Rule13AStaleListTokenListsAnew) {
  sync();
  google_.add_calendar(kUser, {.id = "other", .summary = "Other"});
  google_.expire_calendar_list_token(kUser);
  sync();
  EXPECT_TRUE(find_calendar(*process_->store, "", "Other").has_value());
  EXPECT_TRUE(find_calendar(*process_->store, "", "Team").has_value());
}

TEST_F(GoogleSync, Rule14QuotasHoldBackAndThenItGoesOn) {
  add_events(1);
  google_.fail_next("events.list", google::quota("userRateLimitExceeded"));
  sync();
  EXPECT_EQ(process_->calendar("Team").state, "retrying");
  const int asked = google_.count("events.list");
  sync();
  EXPECT_EQ(google_.count("events.list"), asked) << "too early: nobody is asked";
  clock_.advance(std::chrono::minutes(2));
  sync();
  expect_exact();
}

TEST_F(GoogleSync, Rule15FiftyCalendarsAndARevokedTokenAreOneRefresh) {
  for (int i = 0; i < 50; ++i) {
    const std::string id = "c" + std::to_string(i);
    google_.add_calendar(kUser, {.id = id, .summary = id});
  }
  sync();
  EXPECT_EQ(google_.refreshes(), 1);
  const std::string cursor = process_->calendar("Team").cursor;
  google_.with_oauth([](auto& oauth, WallTime) { oauth.revoke_user(kUser); });
  google_.clear_counts();
  sync();
  EXPECT_EQ(google_.refreshes(), 1);
  const auto accounts = list_accounts(*process_->store, "acme");
  EXPECT_EQ(accounts->front().state, "needs_credentials");
  EXPECT_THAT(accounts->front().error, HasSubstr("needs re-authorization"));
  EXPECT_EQ(process_->calendar("Team").cursor, cursor) << "the cursor is kept";
  // Somebody authorizes it again, and it goes on where it was.
  google_.with_oauth([&](auto& oauth, WallTime now) {
    refresh_token_ =
        oauth.issue_refresh_token(kUser, "client", std::string(provider::kReadOnlyScope), now);
  });
  add_events(1);
  clock_.advance(std::chrono::minutes(5));
  start();
  sync();
  expect_exact();
}

std::string pem_of(EVP_PKEY* key, bool with_private) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  if (with_private) {
    PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  } else {
    PEM_write_bio_PUBKEY(out.get(), key);
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

TEST_F(GoogleSync, AServiceAccountActsForItsSubject) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(2048), &EVP_PKEY_free);
  const std::string email = "bot@project.example.com";
  google_.with_oauth([&](auto& oauth, WallTime) {
    oauth.add_service_account({email, pem_of(key.get(), false), {kUser}});
  });
  service_account_ = ServiceAccount{email, "key-1", Secret(pem_of(key.get(), true)), kUser};
  add_events(2);
  sync();
  expect_exact();
  EXPECT_EQ(google_.refreshes(), 0);
  EXPECT_EQ(google_.token_requests("urn:ietf:params:oauth:grant-type:jwt-bearer"), 1);
}

}  // namespace
}  // namespace tidemark::test
