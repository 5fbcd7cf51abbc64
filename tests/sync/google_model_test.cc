// Google's calendars under edits, faults and restarts at random, from a seed each.
#include <gmock/gmock.h>

#include <cstdlib>
#include <random>
#include <string>

#include "sync/google_world.h"

namespace tidemark::test {
namespace {

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
