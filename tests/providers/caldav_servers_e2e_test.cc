// The CalDAV provider against real servers: what they are known to do differently is in each test.
#include <gtest/gtest.h>

#include <thread>

#include "net/url.h"
#include "providers/provider_fixture.h"

namespace tidemark::test {
namespace {

using Kind = RemoteItem::Kind;

constexpr std::chrono::hours kTokenAge{1};

std::string without_cr(std::string text) {
  std::erase(text, '\r');
  return text;
}

class CalDavServers : public testing::TestWithParam<DavProcess::Kind> {
 protected:
  void SetUp() override {
    server_ = std::make_unique<DavProcess>(DavProcess::Options{GetParam(), kTokenAge});
    ASSERT_TRUE(server_->started());
    server_->make_calendar("cal");
    calendar_ = server_->calendar_url("cal");
    provider_ = make_provider(server_->origin() + "/");
  }

  std::unique_ptr<CalendarProvider> make_provider(const std::string& url) {
    AccountSettings settings = account_at(url);
    settings.credentials = server_->credentials();
    return caldav::make_provider(settings, http_);
  }

  std::string url_of(const std::string& name) const {
    return calendar_ + percent_encode_segment(name) + ".ics";
  }

  void put(const std::string& name, const std::string& title = "Meeting") {
    server_->put(url_of(name), event(name, title));
  }

  PullResult pass(PullMode mode, const std::string& cursor = {}) {
    auto result = mirror_.run_pass(*provider_, calendar_, mode, cursor);
    if (!result) {
      ADD_FAILURE() << result.error().message;
      return {};
    }
    return *result;
  }

  // The mirror equals the server, resource by resource, but for line ends: inside XML a CRLF
  // becomes LF (XML 1.0, 2.11), by GET, the way for names a report cannot find, it stays.
  void expect_mirror_equals_server() {
    MemoryResources fresh;
    auto all = fresh.run_pass(*provider_, calendar_, PullMode::initial);
    ASSERT_TRUE(all) << all.error().message;
    ASSERT_EQ(fresh.count(), mirror_.count());
    for (const auto& [href, resource] : fresh.resources) {
      ASSERT_TRUE(mirror_.resources.contains(href)) << href;
      EXPECT_EQ(without_cr(resource.bytes), without_cr(mirror_.resources[href].bytes)) << href;
      EXPECT_EQ(resource.etag, mirror_.resources[href].etag) << href;
    }
  }

  std::string href(const std::string& name) const {
    return calendar_.substr(server_->origin().size()) + name;
  }

  CurlHttpClient http_;
  std::unique_ptr<DavProcess> server_;
  std::unique_ptr<CalendarProvider> provider_;
  std::string calendar_;
  MemoryResources mirror_;
};

TEST_P(CalDavServers, AreDiscoveredFromAnyOfTheirUrls) {
  for (const std::string& url :
       {server_->origin(), server_->origin() + "/", server_->origin() + "/alice/",
        server_->origin() + "/alice", calendar_, calendar_.substr(0, calendar_.size() - 1)}) {
    auto found = make_provider(url)->discover({});
    ASSERT_TRUE(found) << url << ": " << found.error().message;
    const auto cal = std::find_if(found->calendars.begin(), found->calendars.end(),
                                  [&](const RemoteCalendar& one) { return one.id == calendar_; });
    ASSERT_NE(cal, found->calendars.end()) << url;
    EXPECT_EQ(cal->name, "cal") << url;
    EXPECT_FALSE(cal->read_only) << url;
    auto again = make_provider(url)->discover(found->hint);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->calendars, found->calendars) << url;
  }
}

TEST_P(CalDavServers, AreMirroredInitiallyAndThenByTheirChangesOnly) {
  for (int i = 0; i < 60; ++i) put("event " + std::to_string(i));
  const PullResult initial = pass(PullMode::initial);
  EXPECT_TRUE(initial.complete_listing);
  EXPECT_EQ(mirror_.count(), 60U);

  const PullResult nothing = pass(PullMode::incremental, initial.cursor);
  EXPECT_TRUE(mirror_.items.empty());
  EXPECT_EQ(mirror_.pulls, 1);
  EXPECT_FALSE(nothing.complete_listing);

  for (int i = 0; i < 5; ++i) put("event " + std::to_string(i), "Moved");
  for (int i = 60; i < 63; ++i) put("event " + std::to_string(i));
  for (int i = 10; i < 12; ++i) server_->remove(url_of("event " + std::to_string(i)));
  const PullResult changed = pass(PullMode::incremental, nothing.cursor);
  EXPECT_EQ(mirror_.hrefs(Kind::body).size(), 8U);
  EXPECT_EQ(mirror_.hrefs(Kind::deleted),
            (std::vector<std::string>{href("event 10.ics"), href("event 11.ics")}));
  EXPECT_FALSE(changed.suspicious);
  expect_mirror_equals_server();
}

TEST_P(CalDavServers, ReportADeletedAndRecreatedCalendarAsAStaleCursor) {
  put("one");
  put("two");
  const PullResult initial = pass(PullMode::initial);
  server_->remove(calendar_);
  auto gone = mirror_.run_pass(*provider_, calendar_, PullMode::incremental, initial.cursor);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Errc::not_found) << gone.error().message;

  server_->make_calendar("cal");
  put("three");
  auto stale = mirror_.run_pass(*provider_, calendar_, PullMode::incremental, initial.cursor);
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, Errc::stale_cursor) << stale.error().message;
  const PullResult reconciled = pass(PullMode::reconcile);
  EXPECT_TRUE(reconciled.complete_listing);
  EXPECT_EQ(mirror_.count(), 1U);
  expect_mirror_equals_server();
}

TEST_P(CalDavServers, ResumeAnInterruptedListingWithoutFetchingWhatIsThere) {
  for (int i = 0; i < 30; ++i) put("event-" + std::to_string(i));
  pass(PullMode::initial);
  // As after a crash in the middle: half of the bodies were stored, their pass has no cursor yet.
  for (int i = 0; i < 15; ++i) mirror_.resources.erase(href("event-" + std::to_string(i) + ".ics"));
  mirror_.items.clear();
  auto resumed = mirror_.continue_pass(*provider_, calendar_, PullMode::initial);
  ASSERT_TRUE(resumed) << resumed.error().message;
  EXPECT_TRUE(resumed->complete_listing);
  EXPECT_EQ(mirror_.hrefs(Kind::unchanged).size(), 15U);
  EXPECT_EQ(mirror_.hrefs(Kind::body).size(), 15U);
  expect_mirror_equals_server();
}

TEST_P(CalDavServers, SayARenameAsADeletionAndABody) {
  for (int i = 0; i < 3; ++i) put("event-" + std::to_string(i));
  const PullResult initial = pass(PullMode::initial);
  if (GetParam() == DavProcess::Kind::radicale) {
    server_->move(url_of("event-1"), url_of("renamed"));
  } else {
    server_->remove(url_of("event-1"));
    server_->put(url_of("renamed"), event("event-1"));
  }
  pass(PullMode::incremental, initial.cursor);
  EXPECT_EQ(mirror_.hrefs(Kind::deleted), std::vector<std::string>{href("event-1.ics")});
  EXPECT_EQ(mirror_.hrefs(Kind::body), std::vector<std::string>{href("renamed.ics")});
  expect_mirror_equals_server();
}

TEST_P(CalDavServers, MayHoldNamesOfAllKinds) {
  const std::vector<std::string> names{"100% sure", "a@b", "a+b", "caf\u00e9 #1", "what?"};
  for (const std::string& name : names) server_->put(url_of(name), event(name));
  const PullResult initial = pass(PullMode::initial);
  for (const std::string& name : names) {
    EXPECT_TRUE(mirror_.resources.contains(href(name + ".ics"))) << name;
  }
  for (const std::string& name : names) server_->put(url_of(name), event(name, "Changed"));
  pass(PullMode::incremental, initial.cursor);
  EXPECT_EQ(mirror_.hrefs(Kind::body).size(), names.size());
  expect_mirror_equals_server();
}

TEST_P(CalDavServers, ArePulledByManyThreadsAtATime) {
  for (int i = 0; i < 20; ++i) put("event-" + std::to_string(i));
  std::vector<MemoryResources> mirrors(6);
  std::vector<std::thread> threads;
  for (MemoryResources& mirror : mirrors) {
    threads.emplace_back([&] {
      auto first = mirror.run_pass(*provider_, calendar_, PullMode::initial);
      ASSERT_TRUE(first) << first.error().message;
      auto second = mirror.run_pass(*provider_, calendar_, PullMode::incremental, first->cursor);
      ASSERT_TRUE(second) << second.error().message;
      EXPECT_TRUE(mirror.items.empty());
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const MemoryResources& mirror : mirrors) EXPECT_EQ(mirror.count(), 20U);
}

class Radicale : public CalDavServers {};

TEST_P(Radicale, IsSaidToBeUnauthorizedWithAWrongPassword) {
  AccountSettings settings = account_at(server_->origin());
  settings.credentials = Credentials{"alice", Secret("wrong-word")};
  auto found = caldav::make_provider(settings, http_)->discover({});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::unauthorized) << found.error().message;
  EXPECT_EQ(found.error().message.find("wrong-word"), std::string::npos);
}

TEST_P(Radicale, RefusesAnExpiredTokenAndIsReconciled) {
  for (int i = 0; i < 3; ++i) put("event-" + std::to_string(i));
  const PullResult initial = pass(PullMode::initial);
  server_->age_sync_tokens(2 * kTokenAge);
  server_->remove(url_of("event-0"));
  put("event-1", "Changed");
  // Radicale forgets old tokens when it hands out a new one.
  MemoryResources other;
  ASSERT_TRUE(other.run_pass(*provider_, calendar_, PullMode::initial));
  auto stale = mirror_.run_pass(*provider_, calendar_, PullMode::incremental, initial.cursor);
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, Errc::stale_cursor) << stale.error().message;
  EXPECT_TRUE(pass(PullMode::reconcile).complete_listing);
  EXPECT_EQ(mirror_.count(), 2U);
  expect_mirror_equals_server();
}

INSTANTIATE_TEST_SUITE_P(Real, CalDavServers,
                         testing::Values(DavProcess::Kind::radicale, DavProcess::Kind::xandikos),
                         [](const auto& info) {
                           return info.param == DavProcess::Kind::radicale ? "Radicale"
                                                                           : "Xandikos";
                         });
INSTANTIATE_TEST_SUITE_P(Real, Radicale, testing::Values(DavProcess::Kind::radicale),
                         [](const auto&) { return "Radicale"; });

}  // namespace
}  // namespace tidemark::test
