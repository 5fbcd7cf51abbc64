// Calendar rule 16 through the whole of syncing: channels are made, renewed and stopped, and what
// they tell becomes one incremental run.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <string>

#include "store/store.h"
#include "support/google/google_error.h"
#include "sync/google_world.h"
#include "sync/watch_machine.h"

namespace tidemark::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* kAddress = "https://tidemark.example.org/hooks/google";

class GooglePush : public GoogleSync {
 protected:
  explicit GooglePush(std::uint32_t seed = 1) : GoogleSync(seed) {
    push_ = {kAddress, Secret(std::string(32, 'k'))};
    scheduled_ = true;
    schedule_.poll = schedule_.discover = hours(24);
    schedule_.reconcile = hours(24 * 365);
    google_.set_fault([this](const HttpRequest& request) { return meet(request); });
  }

  void start() {
    crashed_ = false;
    GoogleSync::start();
  }

  // What happens to a request before Google sees it.
  std::optional<HttpResponse> meet(const HttpRequest& request) {
    look();
    if (crashed_) return google::backend_error(503);
    return trouble_ ? trouble_(request) : std::nullopt;
  }
  static bool is_watch(const HttpRequest& request) {
    return request.url.find("/events/watch") != std::string::npos;
  }
  // The process dies now: the next start() goes on from what is durable, and nothing that this one
  // still does reaches Google but the request that is on its way.
  void crash() {
    store_ = "crashed-" + std::to_string(++crashes_);
    EXPECT_TRUE(process_->store->checkpoint(dir_ / store_).has_value());
    crashed_ = true;
  }

  std::size_t live() { return google_.live_channels("team").size(); }
  void look() {
    const std::size_t channels = live();
    most_ = std::max(most_, channels);
    least_ = std::min(least_, channels);
  }

  // Time passes, timer by timer. Channels only end by themselves at their own time, which is a
  // timer's, so the moments before each timer and after it are all there is to look at.
  void pass(milliseconds time) {
    const WallTime end = clock_.now() + time;
    for (;;) {
      const auto due = process_->engine->next_timer();
      if (crashed_) return;
      if (!due || *due > end) break;
      if (*due > clock_.now()) {
        clock_.advance(*due - clock_.now() - milliseconds(1));
        look();
        clock_.advance(milliseconds(1));
      }
      process_->run();
      look();
    }
    clock_.advance(end - clock_.now());
    look();
  }

  static std::string header(const HttpRequest& push, const char* name) {
    return find_header(push.headers, name).value_or("");
  }
  static PushNotice notice_of(const HttpRequest& push) {
    return {header(push, "X-Goog-Channel-ID"), header(push, "X-Goog-Channel-Token"),
            header(push, "X-Goog-Resource-ID"), header(push, "X-Goog-Resource-State")};
  }
  PushOutcome take(const PushNotice& notice) {
    const auto outcome = process_->service->take_push(notice);
    EXPECT_TRUE(outcome.has_value()) << (outcome ? "" : outcome.error().message);
    return outcome.value_or(PushOutcome::malformed);
  }
  // What Google has to tell, in order.
  std::vector<PushOutcome> deliver() {
    std::vector<PushOutcome> outcomes;
    for (const auto& push : google_.take_pushes()) outcomes.push_back(take(notice_of(push)));
    process_->run();
    return outcomes;
  }
  // One of the watched calendar's, as Google would send it.
  PushNotice exists() {
    google_.take_pushes();
    add_events(1);
    const auto pushes = google_.take_pushes();
    EXPECT_FALSE(pushes.empty());
    return pushes.empty() ? PushNotice{} : notice_of(pushes.front());
  }

  bool has_watch() const {
    const auto instances = list_instances(*process_->store, std::string(sync::kWatchKind) + "/");
    return instances && !instances->empty();
  }
  CalendarStatus team() const { return process_->calendar("Team"); }

  std::function<std::optional<HttpResponse>(const HttpRequest&)> trouble_;
  bool crashed_ = false;
  bool crash_at_watch_ = false;
  int crashes_ = 0;
  std::size_t most_ = 0;
  std::size_t least_ = 99;  // since it was last set
};

TEST_F(GooglePush, SixtyDaysAreWatchedWithoutAGapAndNothingIsLeftBehind) {
  add_events(1);
  start();
  ASSERT_EQ(live(), 1U);
  EXPECT_EQ(google_.live_channels("team")[0].address, kAddress);
  ASSERT_TRUE(team().watched_until.has_value());
  EXPECT_EQ(*team().watched_until, google_.live_channels("team")[0].expiration);
  least_ = 1;
  for (int day = 0; day < 60; ++day) {
    pass(hours(24));
    if (day % 5 == 3) start();
    EXPECT_EQ(least_, 1U) << "day " << day;
    EXPECT_LE(most_, 2U) << "day " << day;
  }
  EXPECT_EQ(most_, 2U) << "they overlap";
  const int watches = google_.count("events.watch");
  EXPECT_GE(watches, 9);
  EXPECT_LE(watches, 11);
  google_.withdraw_calendar(kUser, "team");
  pass(hours(72));
  EXPECT_EQ(live(), 0U);
  EXPECT_FALSE(has_watch());
}

TEST_F(GooglePush, CountsWhatIsMadeAndRenewed) {
  start();
  pass(hours(24 * 10));
  const std::string metrics = process_->metrics.render();
  EXPECT_THAT(metrics, HasSubstr("calendar_watch_created_total{provider=\"google\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("calendar_watch_renewed_total{provider=\"google\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("calendar_sync_full_total{provider=\"google\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("calendar_sync_incremental_total{provider=\"google\"} "));
}

TEST_F(GooglePush, StopsWhenTheCalendarIsNotSelectedAnyMore) {
  start();
  EXPECT_EQ(live(), 1U);
  selected_ = {"other"};
  start();
  EXPECT_EQ(live(), 0U);
  EXPECT_FALSE(has_watch());
  EXPECT_FALSE(team().watched_until.has_value());
  selected_ = {"*"};
  start();
  EXPECT_EQ(live(), 1U);
}

TEST_F(GooglePush, StopsWhenThereIsNoPublicAddressAnyMore) {
  start();
  push_ = {};
  start();
  EXPECT_EQ(live(), 0U);
  EXPECT_FALSE(has_watch());
}

TEST_F(GooglePush, WithoutAnAddressNothingIsWatched) {
  push_ = {};
  add_events(1);
  start();
  pass(hours(25));
  EXPECT_EQ(google_.count("events.watch"), 0);
  expect_exact();
}

TEST_F(GooglePush, ACommandThatOnlySyncsWatchesNothingNewAndStopsNothing) {
  scheduled_ = false;
  start();
  sync();
  EXPECT_EQ(live(), 0U);
  scheduled_ = true;
  start();
  EXPECT_EQ(live(), 1U);
  scheduled_ = false;
  start();
  sync();
  EXPECT_EQ(live(), 1U);
}

// Without its credentials nothing can be stopped, and what comes is not listened to.
TEST_F(GooglePush, AnUnconfiguredAccountsChannelEndsWithItsTime) {
  start();
  const PushNotice notice = exists();
  configured_ = false;
  start();
  EXPECT_EQ(live(), 1U);
  EXPECT_EQ(take(notice), PushOutcome::unknown_channel);
  pass(hours(24 * 7));
  EXPECT_EQ(live(), 0U);
  EXPECT_FALSE(has_watch());
}

TEST_F(GooglePush, AnotherAddressIsTakenOverWithAnOverlap) {
  start();
  least_ = 99;
  push_.address = "https://elsewhere.example.org/hooks/google";
  start();
  EXPECT_EQ(live(), 2U);
  pass(minutes(2));
  ASSERT_EQ(live(), 1U);
  EXPECT_EQ(google_.live_channels("team")[0].address, push_.address);
  EXPECT_GE(least_, 1U);
}

TEST_F(GooglePush, ANotificationIsAnIncrementalRunSoonAfterIt) {
  add_events(2);
  start();
  const int lists = google_.count("events.list");
  EXPECT_THAT(deliver(), testing::ElementsAre(PushOutcome::sync));
  pass(seconds(1));
  EXPECT_EQ(google_.count("events.list"), lists) << "sync is no news";
  google_.patch_event("team", google_.events("team")[0]["id"], {{"summary", "Changed"}});
  EXPECT_THAT(deliver(), testing::ElementsAre(PushOutcome::accepted));
  EXPECT_EQ(google_.count("events.list"), lists) << "there may be more";
  pass(milliseconds(15));
  EXPECT_EQ(google_.count("events.list"), lists + 1);
  expect_exact();
}

TEST_F(GooglePush, ABurstOfAHundredIsExactlyOneRun) {
  start();
  deliver();
  const int lists = google_.count("events.list");
  add_events(100);
  EXPECT_THAT(deliver(), SizeIs(100));
  pass(seconds(1));
  EXPECT_EQ(google_.count("events.list"), lists + 1);
  EXPECT_EQ(told_count(), 100U);
  expect_exact();
}

TEST_F(GooglePush, ANotificationSurvivesARestart) {
  start();
  deliver();
  add_events(1);
  for (const auto& push : google_.take_pushes()) take(notice_of(push));
  start();
  pass(milliseconds(100));
  expect_exact();
  EXPECT_EQ(told_count(), 1U);
}

TEST_F(GooglePush, LostNotificationsAreCoveredByPolling) {
  start();
  add_events(3);
  google_.take_pushes();
  pass(hours(23));
  pass(hours(4));
  EXPECT_EQ(told_count(), 3U);
  expect_exact();
}

TEST_F(GooglePush, WhatIsForgedIsRefusedCountedAndSchedulesNothing) {
  start();
  const PushNotice good = exists();
  const Sequence before = process_->store->last_sequence();
  const auto forged = [&](auto change) {
    PushNotice notice = good;
    change(notice);
    return take(notice);
  };
  EXPECT_EQ(
      forged([](auto& n) { n.channel = "01ARZ3NDEKTSV4RRFFQ69G5FAV-cal_0123456789abcdef0123"; }),
      PushOutcome::unknown_channel);
  EXPECT_EQ(forged([](auto& n) { n.channel[3] = n.channel[3] == '0' ? '1' : '0'; }),
            PushOutcome::unknown_channel);
  EXPECT_EQ(forged([](auto& n) { n.token = ""; }), PushOutcome::wrong_token);
  EXPECT_EQ(forged([](auto& n) { n.token.back() = n.token.back() == 'A' ? 'B' : 'A'; }),
            PushOutcome::wrong_token);
  EXPECT_EQ(forged([](auto& n) { n.resource += "x"; }), PushOutcome::wrong_resource);
  EXPECT_EQ(forged([](auto& n) { n.channel = ""; }), PushOutcome::malformed);
  EXPECT_EQ(forged([](auto& n) { n.channel.append(100, 'x'); }), PushOutcome::malformed);
  EXPECT_EQ(forged([](auto& n) { n.state = "add"; }), PushOutcome::malformed);
  process_->run();
  EXPECT_EQ(process_->store->last_sequence(), before);
  const std::string metrics = process_->metrics.render();
  for (const char* line : {"{outcome=\"unknown_channel\"} 2", "{outcome=\"wrong_token\"} 2",
                           "{outcome=\"wrong_resource\"} 1", "{outcome=\"malformed\"} 3"}) {
    EXPECT_THAT(metrics, HasSubstr(std::string("calendar_push_notifications_total") + line));
  }
  EXPECT_EQ(take(good), PushOutcome::accepted);
}

TEST_F(GooglePush, NoTokenIsStored) {
  start();
  const std::string token = exists().token;
  ASSERT_EQ(token.size(), 43U);
  process_.reset();
  for (const auto& file : std::filesystem::recursive_directory_iterator(dir_ / store_)) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    EXPECT_EQ(bytes.find(token), std::string::npos) << file.path();
  }
}

TEST_F(GooglePush, AStoppedChannelIsUnknown) {
  start();
  const PushNotice notice = exists();
  selected_ = {"other"};
  start();
  EXPECT_EQ(take(notice), PushOutcome::unknown_channel);
}

TEST_F(GooglePush, AFailingWatchRecovers) {
  google_.fail_next("events.watch", google::backend_error(), 3);
  start();
  EXPECT_EQ(live(), 0U);
  EXPECT_THAT(team().watch_error, HasSubstr("500"));
  EXPECT_EQ(team().state, "ok") << "polling goes on";
  pass(minutes(1));
  EXPECT_EQ(live(), 1U);
  EXPECT_EQ(team().watch_error, "");
}

TEST_F(GooglePush, ACalendarThatCannotBeWatchedIsNotAskedAgainForADay) {
  google_.fail_next("events.watch",
                    google::bad_request("pushNotSupportedForRequestedResource", "No push here"));
  start();
  pass(hours(20));
  EXPECT_EQ(google_.count("events.watch"), 1);
  EXPECT_THAT(team().watch_error, HasSubstr("No push here"));
  pass(hours(8));
  EXPECT_EQ(live(), 1U);
}

TEST_F(GooglePush, AnAddressThatGoogleRefusesIsNotTakenForRefusedCredentials) {
  google_.fail_next("events.watch",
                    google::error_response({401, "push.webhookUrlUnauthorized", "Not verified"}));
  start();
  EXPECT_EQ(google_.refreshes(), 1);
  EXPECT_THAT(team().watch_error, HasSubstr("public_url"));
  EXPECT_EQ(list_accounts(*process_->store, "acme")->front().state, "ok");
  pass(minutes(2));
  EXPECT_EQ(live(), 1U);
}

TEST_F(GooglePush, RefusedCredentialsStopItUntilTheyWorkAgain) {
  start();
  google_.with_oauth([](auto& oauth, WallTime) { oauth.revoke_user(kUser); });
  pass(hours(24 * 8));
  EXPECT_EQ(live(), 0U) << "it could not be renewed";
  google_.with_oauth([&](auto& oauth, WallTime now) {
    refresh_token_ =
        oauth.issue_refresh_token(kUser, "client", std::string(provider::kReadOnlyScope), now);
  });
  start();
  sync();
  EXPECT_EQ(live(), 1U);
}

// The process dies after Google has made the channel and before that is known.
TEST_F(GooglePush, ACrashBetweenTheChannelAndItsAnswerLeavesNoMoreThanTwo) {
  trouble_ = [this](const HttpRequest& request) -> std::optional<HttpResponse> {
    if (is_watch(request) && std::exchange(crash_at_watch_, false)) crash();
    return std::nullopt;
  };
  crash_at_watch_ = true;
  start();
  ASSERT_EQ(live(), 1U);
  const std::string lost = google_.live_channels("team")[0].id;
  start();
  pass(minutes(3));
  ASSERT_EQ(live(), 1U);
  EXPECT_NE(google_.live_channels("team")[0].id, lost);
  // The same at a renewal.
  least_ = 99;
  crash_at_watch_ = true;
  pass(hours(24 * 7));
  ASSERT_TRUE(crashed_);
  start();
  pass(minutes(3));
  EXPECT_EQ(live(), 1U);
  EXPECT_GE(least_, 1U);
  // And when it is not to be watched any more.
  push_.address = "https://elsewhere.example.org/hooks/google";
  crash_at_watch_ = true;
  start();
  ASSERT_TRUE(crashed_);
  push_.address.clear();
  start();
  pass(minutes(10));
  EXPECT_EQ(live(), 0U);
  EXPECT_FALSE(has_watch());
  EXPECT_LE(most_, 2U);
}

TEST_F(GooglePush, AChannelWhoseAnswerIsLostIsListenedToByItsToken) {
  trouble_ = [this](const HttpRequest& request) -> std::optional<HttpResponse> {
    if (!is_watch(request)) return std::nullopt;
    trouble_ = {};
    google_.handle(request);
    return google::backend_error(503);
  };
  start();
  ASSERT_EQ(live(), 1U);
  add_events(1);
  EXPECT_THAT(deliver(), testing::ElementsAre(PushOutcome::sync, PushOutcome::accepted));
}

// Lost answers, crashes, restarts and changes of mind in any order: never more than two channels,
// one when all is well again, and none in the end.
class GooglePushChaos : public GooglePush, public testing::WithParamInterface<std::uint32_t> {
 protected:
  bool chance(unsigned percent) { return random_() % 100 < percent; }

  std::optional<HttpResponse> disturb(const HttpRequest& request) {
    const bool ours = is_watch(request) || request.url.find("/channels/stop") != std::string::npos;
    if (!ours) return std::nullopt;
    if (chance(20)) return google::backend_error(503);
    if (chance(10)) crash();
    if (crashed_ || !chance(20)) return std::nullopt;
    const auto trouble = std::exchange(trouble_, {});
    google_.handle(request);
    trouble_ = trouble;
    return google::backend_error(503);
  }

  std::mt19937 random_{GetParam()};
};

TEST_P(GooglePushChaos, NeverMakesMoreThanTwoChannelsAndLeavesNone) {
  trouble_ = [this](const HttpRequest& request) { return disturb(request); };
  start();
  for (int i = 0; i < 60; ++i) {
    if (chance(25)) selected_ = {chance(50) ? "*" : "other"};
    if (chance(15)) push_.address = chance(50) ? kAddress : "https://b.example.org/hooks/google";
    if (crashed_ || chance(40)) start();
    pass(minutes(random_() % (chance(50) ? 10 : 4000)));
    ASSERT_LE(most_, 2U) << "step " << i;
  }
  trouble_ = {};
  selected_ = {"*"};
  start();
  // Two lost ones in a row stay until the first ends.
  pass(hours(24 * 8));
  EXPECT_EQ(live(), 1U);
  selected_ = {"other"};
  start();
  pass(hours(9));
  EXPECT_EQ(live(), 0U);
  EXPECT_FALSE(has_watch());
  EXPECT_LE(most_, 2U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, GooglePushChaos, testing::Range<std::uint32_t>(1, 5));

}  // namespace
}  // namespace tidemark::test
