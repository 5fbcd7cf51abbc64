// Random edits on the server, random pages, random failures, random crashes, against a model: the
// mirror equals the server, and the feed, replayed, gives the same events without a repetition.
#include <gmock/gmock.h>

#include <cstdlib>
#include <map>
#include <random>

#include "support/temporary_directory.h"
#include "sync/icalendar/icalendar.h"
#include "sync/sync_process.h"

namespace tidemark::test {
namespace {

constexpr const char* kRemote = "http://fake/cal/";

class World {
 public:
  explicit World(unsigned seed) : random_(seed) {
    server_.calendars.emplace(kRemote, FakeCalendar("Cal"));
    server_.random = &random_;
    server_.before_item = [this] { return disturb(); };
    // Never emptied: a calendar that comes and goes has tests of its own.
    calendar().put("/keep", ics("uid-keep", "m-keep"));
    start();
  }

  void run_rounds(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      edit_some(8);
      crash_percent_ = pick(3) == 0 ? 4 : 0;
      error_percent_ = pick(3) == 0 ? 3 : 0;
      if (pick(8) == 0) calendar().expire_tokens();
      request();
      check_feed();
    }
    settle();
  }

 private:
  FakeCalendar& calendar() { return server_.calendars.at(kRemote); }
  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }

  void start() {
    process_.reset();
    crashed_ = false;
    process_ = std::make_unique<SyncProcess>(
        dir_ / "store", clock_, std::vector<AccountDefinition>{fake_account("work")},
        std::map<std::string, FakeServer*>{{"work", &server_}}, 0);
    ASSERT_TRUE(process_->service->apply_configuration(false).has_value());
  }

  // Called by the provider before each item: the server changes meanwhile, fails, or we die.
  Result<void> disturb() {
    if (pick(100) < 5) edit();
    if (pick(100) < error_percent_) return fail(Errc::unavailable, "disturbed");
    if (pick(100) < crash_percent_) {
      crashed_ = true;
      return fail(Errc::cancelled, "crashed");
    }
    return {};
  }

  void request() {
    const SyncRequestMode modes[] = {SyncRequestMode::incremental, SyncRequestMode::incremental,
                                     SyncRequestMode::reconcile, SyncRequestMode::full};
    ASSERT_TRUE(process_->service->request_sync("", "", modes[pick(4)]).has_value());
    while (process_->engine->run_one_batch()) {
      // Dies between any two commits, too.
      if (crashed_ || (crash_percent_ > 0 && pick(100) < crash_percent_)) start();
    }
  }

  void settle() {
    server_.before_item = nullptr;
    if (crashed_) start();
    process_->sync();  // ends what was interrupted
    process_->sync();  // and sees what has changed since it began
    const auto status = process_->calendar("Cal");
    EXPECT_EQ(status.state, "ok") << status.error;
    EXPECT_EQ(status.pending, 0U);
    check_mirror(status);
    check_feed();
    EXPECT_EQ(feed_state_, server_events());
    EXPECT_EQ(status.resources, calendar().resources.size());
    EXPECT_EQ(status.events, server_events().size());
  }

  void edit_some(unsigned most) {
    for (unsigned i = pick(most); i > 0; --i) edit();
  }

  std::string some_href() {
    auto& resources = calendar().resources;
    auto found = resources.begin();
    std::advance(found, pick(static_cast<unsigned>(resources.size())));
    return found->first == "/keep" ? "" : found->first;
  }

  void edit() {
    const std::string number = std::to_string(++edits_);
    const std::string href = some_href();
    switch (href.empty() ? 0 : pick(6)) {
      case 0:
      case 1: return calendar().put("/r" + number, plain("uid-" + number, number));
      case 2: return calendar().put(href, plain(uid_of(href), number));
      case 3: return calendar().erase(href);
      case 4: {  // renamed
        const std::string bytes = calendar().resources.at(href).bytes;
        calendar().erase(href);
        return calendar().put("/m" + number, bytes);
      }
      case 5: return calendar().put(href, recurring(uid_of(href), number));
      default: return;
    }
  }

  std::string uid_of(const std::string& href) {
    const std::string& bytes = calendar().resources.at(href).bytes;
    const auto at = bytes.find("UID:") + 4;
    return bytes.substr(at, bytes.find("\r\n", at) - at);
  }

  std::string plain(const std::string& uid, const std::string& number) {
    return ics(uid, "m-" + number);
  }

  // A series with some overrides, some of its days excluded.
  std::string recurring(const std::string& uid, const std::string& number) {
    std::string lines = "RRULE:FREQ=DAILY;COUNT=5\r\n";
    std::string overrides;
    for (int day = 16; day < 21; ++day) {
      const std::string at = "202512" + std::to_string(day) + "T120000Z";
      const unsigned choice = pick(4);
      if (choice == 0) lines += "EXDATE:" + at + "\r\n";
      if (choice == 1) {
        overrides += "BEGIN:VEVENT\r\nUID:" + uid +
                     "\r\nDTSTAMP:20251201T000000Z\r\nRECURRENCE-ID:" + at + "\r\nDTSTART:" + at +
                     "\r\nSUMMARY:ov-" + number + "\r\nEND:VEVENT\r\n";
      }
    }
    std::string bytes = ics(uid, "m-" + number, "20251216T120000Z", lines);
    bytes.insert(bytes.find("END:VCALENDAR"), overrides);
    return bytes;
  }

  std::map<std::string, std::string> server_events() {
    std::map<std::string, std::string> events;
    for (const auto& [href, resource] : calendar().resources) {
      const auto parsed = icalendar::parse_resource(resource.bytes, {href, resource.etag});
      EXPECT_TRUE(parsed.has_value());
      for (const auto& event : *parsed) events[event.external_event_id] = event.source_hash;
    }
    return events;
  }

  void check_mirror(const CalendarStatus& status) {
    std::map<std::string, std::string> mirrored;
    std::map<std::string, std::string> expected;
    for (const auto& [href, resource] : calendar().resources) {
      expected[href] = resource.etag + "\n" + resource.bytes;
    }
    ASSERT_TRUE(for_each_resource(*process_->store, status, [&](auto href, auto etag, auto bytes) {
                  mirrored[std::string(href)] = std::string(etag) + "\n" + std::string(bytes);
                  return true;
                }).has_value());
    EXPECT_EQ(mirrored, expected);
  }

  // Applies what is new in the feed to what a reader of it knows.
  void check_feed() {
    for (;;) {
      const auto page = read_feed(*process_->store, {.after = feed_position_, .limit = 100});
      ASSERT_TRUE(page.has_value());
      for (const auto& item : page->items) apply(item.event);
      feed_position_ = page->next;
      if (!page->more) return;
    }
  }

  void apply(const Event& told) {
    const Json& event = told.payload["event"];
    const std::string id = event["external_event_id"];
    const std::string hash = event["source_hash"];
    if (told.type == kEventCreated) {
      EXPECT_TRUE(feed_state_.emplace(id, hash).second) << "created twice: " << id;
      return;
    }
    if (told.type == kEventDeleted) {
      EXPECT_EQ(feed_state_.erase(id), 1U) << "deleted, but not there: " << id;
      return;
    }
    EXPECT_FALSE(told.payload["changed"].empty());
    std::string before = id;
    if (told.payload.contains("previous_external_event_id")) {
      before = told.payload["previous_external_event_id"];
      EXPECT_FALSE(feed_state_.contains(id)) << "moved onto another: " << id;
    }
    const auto found = feed_state_.find(before);
    ASSERT_NE(found, feed_state_.end()) << "updated, but not there: " << before;
    EXPECT_TRUE(before != id || found->second != hash) << "no change: " << id;
    feed_state_.erase(found);
    // An instance that reverted to its master is no override any more.
    const bool reverted =
        !event["recurrence_id"].is_null() && event["title"].get<std::string>().starts_with("m-");
    if (!reverted) feed_state_[id] = hash;
  }

  std::mt19937 random_;
  TemporaryDirectory dir_;
  ManualClock clock_;
  FakeServer server_;
  std::unique_ptr<SyncProcess> process_;
  std::map<std::string, std::string> feed_state_;  // external id -> content hash
  Position feed_position_{};
  unsigned crash_percent_ = 0;
  unsigned error_percent_ = 0;
  bool crashed_ = false;
  int edits_ = 0;
};

class SyncModel : public testing::TestWithParam<unsigned> {};

TEST_P(SyncModel, MirrorEqualsServerAndFeedEqualsMirrorWhateverHappens) {
  SCOPED_TRACE("repeat with --gtest_filter='*Whatever*/" + std::to_string(GetParam()) + "'");
  World world(GetParam());
  world.run_rounds(12);
}

unsigned seeds() {
  const char* wanted = std::getenv("TIDEMARK_SYNC_SEEDS");
  return wanted == nullptr ? 8U : static_cast<unsigned>(std::atoi(wanted));
}

INSTANTIATE_TEST_SUITE_P(Seeds, SyncModel, testing::Range(0U, seeds()));

}  // namespace
}  // namespace tidemark::test
