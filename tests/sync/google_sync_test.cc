// Google's calendars through the whole of syncing: real engine and store, a Google in the process.
// The mirror must be what Google shows, and the feed must tell exactly what the mirror became.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <string>

#include "base/text.h"
#include "providers/google/google_provider.h"
#include "providers/google/series.h"
#include "support/google/google_http.h"
#include "support/temporary_directory.h"
#include "sync/sync_process.h"

namespace tidemark::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

namespace provider = ::tidemark::google;

constexpr const char* kUser = "ada@example.com";

// What is mirrored, or should be, by external id.
using Mirror = std::map<std::string, Json>;

Json without_times(Json event) {
  event.erase("etag");
  event.erase("updated_at");
  event.erase("source_hash");
  return event;
}

class GoogleSync : public testing::Test {
 protected:
  explicit GoogleSync(std::uint32_t seed = 1)
      : google_([this] { return clock_.now(); }, seed), client_(google_) {
    google_.with_oauth([&](auto& oauth, WallTime now) {
      oauth.add_client({.id = "client", .secret = "hush"});
      oauth.add_user(kUser);
      refresh_token_ =
          oauth.issue_refresh_token(kUser, "client", std::string(provider::kReadOnlyScope), now);
    });
    google_.add_calendar(kUser, {.id = "team", .summary = "Team"});
  }

  AccountDefinition account() const {
    AccountDefinition account;
    account.settings.tenant = "acme";
    account.settings.id = "work";
    account.settings.provider = "google";
    account.settings.oauth = OAuthSettings{"client", Secret("hush"), Secret(refresh_token_),
                                           std::nullopt, std::string(provider::kReadOnlyScope)};
    account.schedule.confirm_after = std::chrono::seconds(0);
    return account;
  }

  void start() {
    process_.reset();
    process_ = std::make_unique<SyncProcess>(
        dir_ / "store", clock_, std::vector<AccountDefinition>{account()},
        [this](const AccountSettings& settings, HttpClient&) {
          return provider::make_provider(
              settings, client_, {.now = [this] { return clock_.now(); }, .projects = &gates_});
        },
        0);
    ASSERT_TRUE(process_->service->apply_configuration(false).has_value());
    process_->run();
  }

  void sync(SyncRequestMode mode = SyncRequestMode::incremental) {
    if (!process_) start();
    process_->sync("", mode);
  }

  Mirror mirrored(const std::string& calendar) const {
    Mirror mirror;
    EventQuery query;
    for (;;) {
      const auto page = query_events(*process_->store, process_->calendar(calendar), query);
      EXPECT_TRUE(page.has_value()) << (page ? "" : page.error().message);
      if (!page) return mirror;
      for (const auto& event : page->events) {
        mirror[event.external_event_id] = without_times(to_json(event));
      }
      if (page->next_page.empty()) return mirror;
      query.page = page->next_page;
    }
  }

  // From what Google shows of the calendar now.
  Mirror truth(const std::string& calendar) {
    std::map<std::string, provider::Series> series;
    for (const Json& item : google_.events(calendar)) {
      auto key = provider::read_key(item);
      EXPECT_TRUE(key.has_value()) << item;
      if (!key) continue;
      const std::string id = key->series();
      series[id].put({std::move(*key), item.dump(), item});
    }
    Mirror mirror;
    for (const auto& [id, one] : series) {
      const auto events = one.events();
      EXPECT_TRUE(events.has_value()) << id;
      for (const auto& event : *events) {
        mirror[event.external_event_id] = without_times(to_json(event));
      }
    }
    return mirror;
  }

  // What somebody who only reads the feed believes; each event must fit what they believed before.
  std::map<std::string, Mirror> told() const {
    std::map<std::string, Mirror> calendars;
    for (const auto& event : process_->feed()) {
      if (!event.type.starts_with("calendar.event.")) continue;
      const Json payload = event.payload;
      Mirror& mirror = calendars[payload["calendar"]["name"]];
      const std::string id = payload["event"]["external_event_id"];
      const bool known = mirror.contains(id);
      EXPECT_EQ(event.type == kEventCreated, !known) << event.type << " " << id;
      if (event.type == kEventUpdated) {
        EXPECT_NE(mirror[id], without_times(payload["event"])) << "nothing changed in " << id;
      }
      mirror[id] = without_times(payload["event"]);
      if (event.type == kEventDeleted) mirror.erase(id);
    }
    return calendars;
  }

  void expect_exact(const std::string& calendar = "Team", const std::string& id = "team") {
    const Mirror mirror = mirrored(calendar);
    EXPECT_EQ(mirror, truth(id));
    EXPECT_EQ(told()[calendar], mirror);
  }

  std::vector<std::string> news(std::size_t before) const {
    std::vector<std::string> list;
    const auto feed = process_->feed();
    for (std::size_t i = before; i < feed.size(); ++i) {
      const Json event = Json(feed[i].payload)["event"];
      list.push_back(feed[i].type.substr(15) + " " + event["title"].dump());
    }
    std::sort(list.begin(), list.end());
    return list;
  }
  std::size_t told_count() const { return process_->feed().size(); }

  void add_events(int count) {
    for (int i = 0; i < count; ++i) {
      google_.insert_event("team", timed_event("E" + std::to_string(i), "2026-01-05T09:00:00Z",
                                               "2026-01-05T09:15:00Z"));
    }
  }

  TemporaryDirectory dir_;
  ManualClock clock_;
  FakeGoogle google_;
  FakeGoogleClient client_;
  provider::QuotaGates gates_;
  std::string refresh_token_;
  std::unique_ptr<SyncProcess> process_;
};

Json at(const std::string& time) {
  return Json{{"dateTime", time}, {"timeZone", "UTC"}};
}

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

// Edits, faults and crashes in any order; when they cease, everything settles.
class GoogleModel : public GoogleSync, public testing::WithParamInterface<std::uint32_t> {
 protected:
  GoogleModel() : GoogleSync(GetParam()), random_(GetParam()) {
    google_.add_calendar(kUser, {.id = "other", .summary = "Other"});
  }

  std::uint32_t below(std::uint32_t limit) { return random_() % limit; }
  std::string day(int hour = 10) {
    const std::uint32_t number = 5 + below(20);
    return "2026-01-" + std::string(number < 10 ? "0" : "") + std::to_string(number) + "T" +
           std::to_string(hour) + ":00:00Z";
  }

  std::optional<std::string> any(const std::function<bool(const Json&)>& wanted) {
    std::vector<std::string> ids;
    for (const Json& event : google_.events("team")) {
      if (wanted(event)) ids.push_back(event["id"]);
    }
    if (ids.empty()) return std::nullopt;
    return ids[below(static_cast<std::uint32_t>(ids.size()))];
  }
  static bool is_series(const Json& event) { return event.contains("recurrence"); }
  static bool is_whole(const Json& event) {
    return !event.contains("recurringEventId") && event["status"] != "cancelled";
  }

  void edit() {
    const std::string title = "T" + std::to_string(++titles_);
    switch (below(10)) {
      case 0:
      case 1: {
        google_.insert_event("team", timed_event(title, day(), day(11)));
        return;
      }
      case 2: {
        google_.insert_event(
            "team", recurring(timed_event(title, "2026-01-05T10:00:00Z", "2026-01-05T10:30:00Z"),
                              "RRULE:FREQ=DAILY"));
        return;
      }
      case 3:
        if (const auto id = any(is_whole)) google_.patch_event("team", *id, {{"summary", title}});
        return;
      case 4:
        if (const auto id = any(is_whole)) {
          google_.delete_event("team", *id);
          deleted_.push_back(*id);
        }
        return;
      case 5:
      case 6:
        if (const auto id = any(is_series)) {
          google_.change_instance("team", *id, at(day()), {{"summary", title}});
        }
        return;
      case 7:
        if (const auto id = any(is_series)) google_.cancel_instance("team", *id, at(day()));
        return;
      case 8:
        if (const auto id = any(is_series)) {
          google_.split_series("team", *id,
                               at("2026-01-2" + std::to_string(below(5)) + "T10:00:00Z"),
                               {{"summary", title}});
        }
        return;
      default:
        if (!deleted_.empty()) {
          google_.undelete_event("team", deleted_.back());
          deleted_.pop_back();
        }
    }
  }

  void trouble() {
    switch (below(8)) {
      case 0: google_.expire_sync_tokens("team"); return;
      case 1: google_.answer_gone_at(kUser, "team", 1 + static_cast<int>(below(4))); return;
      case 2: google_.forget_page_tokens(); return;
      case 3: google_.fail_next("events.list", google::backend_error(503)); return;
      case 4: google_.fail_next("events.list", google::quota()); return;
      case 5:
        google_.with_oauth([](auto& oauth, WallTime) { oauth.expire_access_tokens(); });
        return;
      case 6: {
        ListingOptions options;
        options.order = static_cast<ListingOptions::Order>(below(3));
        options.seed = random_();
        options.largest_page = 1 + below(6);
        options.empty_pages_between = below(2) == 0;
        options.bare_tombstones = below(2) == 0;
        options.cascade_listed = below(2) == 0;
        google_.set_listing(options);
        return;
      }
      default: start();  // a crash between two of its steps, and a start
    }
  }

  std::mt19937 random_;
  int titles_ = 0;
  std::vector<std::string> deleted_;
};

TEST_P(GoogleModel, SettlesExactly) {
  start();
  // Edits and crashes also come between two requests of one pass.
  google_.set_fault([&](const HttpRequest&) -> std::optional<HttpResponse> {
    if (below(4) == 0) edit();
    return std::nullopt;
  });
  for (int round = 0; round < 60; ++round) {
    for (std::uint32_t i = below(4); i > 0; --i) edit();
    if (below(3) == 0) trouble();
    if (below(2) == 0) {
      ASSERT_TRUE(
          process_->service
              ->request_sync(
                  "", "", below(6) == 0 ? SyncRequestMode::reconcile : SyncRequestMode::incremental)
              .has_value());
      for (std::uint32_t steps = below(40); steps > 0 && process_->engine->run_one_batch();
           --steps) {
      }
      if (below(3) == 0) {
        google_.set_fault({});
        start();
        google_.set_fault([&](const HttpRequest&) -> std::optional<HttpResponse> {
          if (below(4) == 0) edit();
          return std::nullopt;
        });
      }
    }
    clock_.advance(std::chrono::minutes(below(3)));
  }
  google_.set_fault({});
  for (int i = 0; i < 4; ++i) {
    clock_.advance(std::chrono::minutes(10));
    sync();
  }
  sync(SyncRequestMode::reconcile);
  EXPECT_EQ(process_->calendar("Team").state, "ok") << process_->calendar("Team").error;
  expect_exact();
}

std::uint32_t seeds() {
  const char* wanted = std::getenv("TIDEMARK_SYNC_SEEDS");
  return wanted == nullptr ? 8 : static_cast<std::uint32_t>(std::atoi(wanted));
}

INSTANTIATE_TEST_SUITE_P(Seeds, GoogleModel, testing::Range(1U, seeds() + 1));

}  // namespace
}  // namespace tidemark::test
