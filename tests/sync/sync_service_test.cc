// The service as a process runs it: threads, a real engine and store, accounts that misbehave.
#include "sync/sync_service.h"

#include <gmock/gmock.h>

#include "support/temporary_directory.h"
#include "sync/sync_process.h"

namespace tidemark::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::size_t kWorkers = 4;

class SyncServiceTest : public testing::Test {
 protected:
  SyncServiceTest() {
    for (const char* name : {"one", "two"}) {
      auto& calendar = add_calendar(good_, name);
      for (int i = 0; i < 5; ++i) {
        calendar.put("/" + std::to_string(i), ics(name + std::to_string(i), "T"));
      }
    }
  }

  static FakeCalendar& add_calendar(FakeServer& server, const std::string& name) {
    return server.calendars.emplace("http://fake/" + name + "/", FakeCalendar(name)).first->second;
  }

  void start(bool scheduled = false) {
    process_.reset();
    process_ = std::make_unique<SyncProcess>(
        dir_ / "store", clock_, accounts_,
        std::map<std::string, FakeServer*>{{"good", &good_}, {"bad", &bad_}}, kWorkers);
    ASSERT_TRUE(process_->service->apply_configuration(scheduled).has_value());
    process_->run();
  }

  std::map<std::string, int> event_counts() {
    std::map<std::string, int> counts;
    for (const auto& event : process_->feed()) ++counts[event.type];
    return counts;
  }

  AccountStatus account(const std::string& id) {
    const auto accounts = list_accounts(*process_->store, "acme");
    for (const auto& status : *accounts) {
      if (status.id == id) return status;
    }
    return {};
  }

  TemporaryDirectory dir_;
  ManualClock clock_;
  FakeServer good_;
  FakeServer bad_;
  std::vector<AccountDefinition> accounts_{fake_account("good"), fake_account("bad")};
  std::unique_ptr<SyncProcess> process_;
};

TEST_F(SyncServiceTest, MirrorsEveryCalendarOnceAskedAndNothingBefore) {
  start();
  EXPECT_EQ(good_.discoveries, 0);
  process_->sync();
  EXPECT_EQ(event_counts()[std::string(kEventCreated)], 10);
  EXPECT_EQ(process_->calendar("one").state, "ok");
  EXPECT_EQ(process_->calendar("good/two").resources, 5U);
  EXPECT_EQ(account("good").calendars, 2U);
  const int bodies = good_.bodies_sent;
  process_->sync();
  EXPECT_EQ(good_.bodies_sent, bodies);
  EXPECT_THAT(process_->feed(), SizeIs(10));
}

TEST_F(SyncServiceTest, AFailingAccountLeavesTheOtherUnharmed) {
  bad_.discover_error = Error{Errc::unavailable, "connection refused", std::nullopt};
  start();
  process_->sync();
  EXPECT_EQ(account("bad").state, "retrying");
  EXPECT_EQ(account("bad").error_code, "unavailable");
  EXPECT_EQ(account("good").state, "ok");
  EXPECT_EQ(event_counts()[std::string(kEventCreated)], 10);
  bad_.discover_error.reset();
  add_calendar(bad_, "three").put("/x", ics("x", "X"));
  process_->sync("bad");
  EXPECT_EQ(process_->calendar("three").events, 1U);
}

TEST_F(SyncServiceTest, AWrongPasswordIsTriedOnceAndSaysWhatToDo) {
  bad_.discover_error = Error{Errc::unauthorized, "401 from the server", std::nullopt};
  start();
  process_->sync();
  EXPECT_EQ(account("bad").state, "needs_credentials");
  EXPECT_THAT(account("bad").error, HasSubstr("tidemark sync bad"));
  EXPECT_EQ(bad_.discoveries, 1);
  // Once corrected, asking is enough.
  bad_.discover_error.reset();
  add_calendar(bad_, "three").put("/x", ics("x", "X"));
  process_->sync("bad");
  EXPECT_EQ(account("bad").state, "ok");
  EXPECT_EQ(process_->calendar("three").state, "ok");
}

TEST_F(SyncServiceTest, CredentialsThatAreRevokedAreNotTriedByEveryCalendar) {
  for (int i = 0; i < 20; ++i) add_calendar(bad_, "c" + std::to_string(i));
  start();
  process_->sync();
  const int before = bad_.pulls;
  for (const auto& [id, calendar] : bad_.calendars) {
    bad_.pull_errors[id] = Error{Errc::unauthorized, "401", std::nullopt};
  }
  process_->sync("bad");
  // Two pulls of an account run at once; the others are not even tried.
  EXPECT_LE(bad_.pulls - before, 2);
  EXPECT_EQ(account("bad").state, "needs_credentials");
  EXPECT_EQ(process_->calendar("c7").state, "suspended");
  bad_.pull_errors.clear();
  process_->sync("bad");
  EXPECT_EQ(process_->calendar("c7").state, "ok");
}

TEST_F(SyncServiceTest, AnEmptiedCalendarIsBelievedOnlyAtTheSecondLook) {
  start();
  process_->sync();
  FakeCalendar& one = good_.calendars.at("http://fake/one/");
  const auto kept = one.resources;
  const int pulls = good_.pulls;
  for (const auto& [href, resource] : kept) one.erase(href);
  process_->sync("good/one");
  EXPECT_EQ(good_.pulls, pulls + 2);
  EXPECT_EQ(event_counts()[std::string(kEventDeleted)], 5);
  EXPECT_EQ(process_->calendar("one").resources, 0U);
}

TEST_F(SyncServiceTest, ARemovedCalendarDeletesItsEventsAndIsGone) {
  start();
  process_->sync();
  good_.calendars.erase("http://fake/two/");
  process_->sync();
  EXPECT_EQ(event_counts()[std::string(kEventDeleted)], 5);
  const auto calendars = list_calendars(*process_->store, "acme");
  ASSERT_THAT(*calendars, SizeIs(1));
  EXPECT_EQ(calendars->front().name, "one");
  add_calendar(good_, "two").put("/9", ics("nine", "N"));
  process_->sync();
  EXPECT_EQ(process_->calendar("two").resources, 1U);
}

TEST_F(SyncServiceTest, ACalendarThatIsNotSelectedIsNamedWhenAskedFor) {
  accounts_[0].calendars = {"one"};
  start();
  process_->sync();
  EXPECT_THAT(*list_calendars(*process_->store, "acme"), SizeIs(1));
  const auto refused = process_->service->request_sync("", "good/two", SyncRequestMode::full);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::not_found);
  EXPECT_THAT(refused.error().message, HasSubstr("good/one"));
  EXPECT_THAT(process_->service->request_sync("", "nobody", SyncRequestMode::full).error().message,
              HasSubstr("configured are: bad, good"));
  EXPECT_FALSE(process_->service->request_sync("other", "good", SyncRequestMode::full).has_value());
}

TEST_F(SyncServiceTest, AnAccountNoLongerConfiguredKeepsItsMirror) {
  start();
  process_->sync();
  accounts_.erase(accounts_.begin());
  start();
  EXPECT_EQ(account("good").error_code, "not_configured");
  EXPECT_EQ(process_->calendar("one").state, "suspended");
  EXPECT_EQ(process_->calendar("one").resources, 5U);
  EXPECT_EQ(event_counts()[std::string(kEventDeleted)], 0);
}

TEST_F(SyncServiceTest, AFullSyncFetchesEverythingAndTellsNothing) {
  start();
  process_->sync();
  const int bodies = good_.bodies_sent;
  process_->sync("", SyncRequestMode::full);
  EXPECT_EQ(good_.bodies_sent, bodies + 10);
  process_->sync("", SyncRequestMode::reconcile);
  EXPECT_EQ(good_.bodies_sent, bodies + 10);
  EXPECT_THAT(process_->feed(), SizeIs(10));
}

TEST_F(SyncServiceTest, ScheduledItPollsByItself) {
  start(true);
  EXPECT_EQ(event_counts()[std::string(kEventCreated)], 10);
  good_.calendars.at("http://fake/one/").put("/new", ics("new", "N"));
  clock_.advance(std::chrono::minutes(2));
  start(true);  // a restart finds the poll overdue
  EXPECT_EQ(event_counts()[std::string(kEventCreated)], 11);
}

TEST_F(SyncServiceTest, DamagedResourcesAreQuarantinedAndTheRestGoesOn) {
  good_.calendars.at("http://fake/one/").put("/bad", "BEGIN:VCALENDAR\r\nnonsense");
  start();
  process_->sync();
  const auto status = process_->calendar("one");
  EXPECT_EQ(status.quarantined, 1U);
  EXPECT_EQ(status.events, 5U);
  const auto kept = list_quarantined(*process_->store, status, 10);
  ASSERT_THAT(*kept, SizeIs(1));
  EXPECT_EQ(kept->front().href, "/bad");
  EXPECT_EQ(kept->front().bytes, "BEGIN:VCALENDAR\r\nnonsense");
  EXPECT_THAT(kept->front().reason, testing::Not(IsEmpty()));
}

TEST_F(SyncServiceTest, AThousandEventsArriveInManyCommitsAndOnce) {
  FakeCalendar& large = add_calendar(good_, "large");
  for (int i = 0; i < 1000; ++i) {
    large.put("/" + std::to_string(10'000 + i), ics("u" + std::to_string(i), "T"));
  }
  start();
  process_->sync("good/large");
  EXPECT_EQ(process_->calendar("large").events, 1000U);
  const auto exported = export_calendar(*process_->store, process_->calendar("large"));
  EXPECT_THAT(*exported, HasSubstr("UID:u999"));
  const auto etag = export_etag(*process_->store, process_->calendar("large"));
  process_->sync("good/large");
  EXPECT_EQ(*export_etag(*process_->store, process_->calendar("large")), *etag);
  large.put("/10000", ics("u0", "changed"));
  process_->sync("good/large");
  EXPECT_NE(*export_etag(*process_->store, process_->calendar("large")), *etag);
}

}  // namespace
}  // namespace tidemark::test
