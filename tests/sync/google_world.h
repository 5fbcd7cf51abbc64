// A Google account, a Google in the process, and a process that mirrors it: real engine and store.
// The mirror must be what Google shows, and the feed must tell exactly what the mirror became.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "providers/google/google_provider.h"
#include "providers/google/series.h"
#include "support/google/google_http.h"
#include "support/temporary_directory.h"
#include "sync/sync_process.h"

namespace tidemark::test {

namespace provider = ::tidemark::google;

inline constexpr const char* kUser = "ada@example.com";

// What is mirrored, or should be, by external id.
using Mirror = std::map<std::string, Json>;

inline Json without_times(Json event) {
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
    account.settings.oauth =
        OAuthSettings{"client", Secret("hush"), Secret(refresh_token_),
                      nullptr,  std::nullopt,   std::string(provider::kReadOnlyScope)};
    account.settings.oauth->service_account = service_account_;
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
  std::optional<ServiceAccount> service_account_;  // instead of it
  std::unique_ptr<SyncProcess> process_;
};

inline Json at(const std::string& time) {
  return Json{{"dateTime", time}, {"timeZone", "UTC"}};
}

}  // namespace tidemark::test
