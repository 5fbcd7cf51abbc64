// The CalDAV provider against real servers: what they are known to do differently is in each test.
#include <gtest/gtest.h>

#include "net/url.h"
#include "providers/provider_fixture.h"

namespace tidemark::test {
namespace {

using Kind = RemoteItem::Kind;

class CalDavServers : public testing::TestWithParam<DavProcess::Kind> {
 protected:
  void SetUp() override {
    server_ = std::make_unique<DavProcess>(DavProcess::Options{GetParam(), {}});
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

  // The mirror equals the server, resource by resource.
  void expect_mirror_equals_server() {
    MemoryResources fresh;
    auto all = fresh.run_pass(*provider_, calendar_, PullMode::initial);
    ASSERT_TRUE(all) << all.error().message;
    ASSERT_EQ(fresh.count(), mirror_.count());
    for (const auto& [href, resource] : fresh.resources) {
      ASSERT_TRUE(mirror_.resources.contains(href)) << href;
      EXPECT_EQ(resource.bytes, mirror_.resources[href].bytes) << href;
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

INSTANTIATE_TEST_SUITE_P(Real, CalDavServers,
                         testing::Values(DavProcess::Kind::radicale, DavProcess::Kind::xandikos),
                         [](const auto& info) {
                           return info.param == DavProcess::Kind::radicale ? "Radicale"
                                                                           : "Xandikos";
                         });

}  // namespace
}  // namespace tidemark::test
