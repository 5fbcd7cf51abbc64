// 500 random edits on both sides at once, with lost answers, refused requests, syncs and crashes
// in between. At the end both sides are equal, and every command that was accepted has ended once:
// as done, and then the server has had it, or as a conflict or a failure.
#include <gmock/gmock.h>

#include <cstdlib>
#include <random>
#include <set>

#include "providers/calendar_writer.h"
#include "sync/google_world.h"
#include "sync/icalendar/icalendar.h"
#include "sync/write_world.h"

namespace tidemark::test {
namespace {

using Kind = WriteRequest::Kind;

constexpr int kEdits = 500;

struct Command {
  Kind kind = Kind::create;
  std::string title;  // unique; empty: a deletion
};

// What both models ask of their commands at the end.
void expect_each_ended_once(const std::map<std::string, Command>& commands,
                            const std::vector<Event>& feed, const std::set<std::string>& history) {
  const auto ends = write_ends(feed);
  int done = 0;
  int conflicts = 0;
  for (const auto& [id, command] : commands) {
    const auto end = ends.find(id);
    if (end == ends.end()) {
      ADD_FAILURE() << id << " (" << command.title << ") never ended";
      continue;
    }
    const bool is_done = end->second.type == "calendar.write.done";
    done += is_done ? 1 : 0;
    conflicts += end->second.type == "calendar.write.conflict" ? 1 : 0;
    if (!command.title.empty()) {
      // Not on the server and called done would be a lost edit.
      EXPECT_TRUE(!is_done || history.contains(command.title)) << command.title;
    }
  }
  EXPECT_EQ(ends.size(), commands.size());
  EXPECT_GT(done, static_cast<int>(commands.size()) / 4);
  EXPECT_GT(conflicts, 0);
  std::printf("%zu commands: %d done, %d conflicts\n", commands.size(), done, conflicts);
}

class GoogleWriteModel : public GoogleSync, public testing::WithParamInterface<std::uint32_t> {
 protected:
  GoogleWriteModel() : GoogleSync(GetParam()), random_(GetParam()), losing_(client_) {
    allow_writes();
    http_ = &losing_;
    google_.insert_event("team",
                         timed_event("keep", "2026-01-05T10:00:00Z", "2026-01-05T11:00:00Z"));
  }

  std::uint32_t below(std::uint32_t limit) { return random_() % limit; }
  std::string title(const char* whose) { return whose + std::to_string(++titles_); }
  std::string day() { return "2026-01-" + std::to_string(10 + below(5)) + "T10:00:00Z"; }

  std::optional<Json> any(bool series) {
    std::vector<Json> found;
    for (const Json& event : google_.events("team")) {
      if (event.contains("recurringEventId") || event["status"] == "cancelled") continue;
      if (event.contains("recurrence") == series && event["summary"] != "keep") {
        found.push_back(event);
      }
    }
    if (found.empty()) return std::nullopt;
    return found[below(static_cast<std::uint32_t>(found.size()))];
  }

  void edit_there() {
    const std::string name = title("theirs");
    switch (below(6)) {
      case 0:
        google_.insert_event("team",
                             timed_event(name, "2026-01-05T10:00:00Z", "2026-01-05T11:00:00Z"));
        return;
      case 1:
        google_.insert_event(
            "team", recurring(timed_event(name, "2026-01-05T10:00:00Z", "2026-01-05T10:30:00Z"),
                              "RRULE:FREQ=DAILY"));
        return;
      case 2:
      case 3:
        if (const auto event = any(below(2) == 0)) {
          google_.patch_event("team", (*event)["id"], {{"summary", name}});
        }
        return;
      case 4:
        if (const auto event = any(true)) {
          google_.change_instance("team", (*event)["id"], at(day()), {{"summary", name}});
        }
        return;
      default:
        if (const auto event = any(below(2) == 0)) google_.delete_event("team", (*event)["id"]);
    }
  }

  // Of what the mirror shows, which may be old.
  std::optional<CalendarEvent> mirrored_event(bool series) {
    const auto page = query_events(*process_->store, process_->calendar("Team"), {.limit = 1000});
    std::vector<CalendarEvent> found;
    for (const auto& event : page->events) {
      if (event.title != "keep" && event.recurrence.empty() != series) found.push_back(event);
    }
    if (found.empty()) return std::nullopt;
    return found[below(static_cast<std::uint32_t>(found.size()))];
  }

  void edit_here() {
    const std::string name = title("ours");
    std::string instance = day();
    Kind kind = Kind::update;
    std::string event;
    Json members{{"title", name}};
    const std::uint32_t choice = below(7);
    if (choice <= 1) {
      kind = Kind::create;
      members = new_event(name);
      if (choice == 1) members["recurrence"] = Json::array({"RRULE:FREQ=DAILY"});
    } else {
      const bool series = choice >= 4;
      const auto chosen = mirrored_event(series);
      if (!chosen) return;
      event = chosen->external_event_id;
      if (choice == 5) event += "#" + instance;
      if (choice == 3 || choice == 6) kind = Kind::remove;
      if (choice == 6 && below(2) == 0) event += "#" + instance;
    }
    WriteRequest request = write_of(kind, process_->calendar("Team"), event, members);
    if (kind == Kind::remove) request.members = Json::object();
    const auto accepted = process_->service->request_write(request);
    if (!accepted) {
      EXPECT_EQ(accepted.error().code, Errc::not_found) << accepted.error().message;
      return;
    }
    commands_[accepted->id] = {kind, kind == Kind::remove ? std::string() : name};
  }

  void keep_history() {
    for (const Json& event : google_.events("team")) {
      if (event.contains("summary")) history_.insert(event["summary"]);
    }
  }

  std::mt19937 random_;
  LosingClient losing_;
  int titles_ = 0;
  std::map<std::string, Command> commands_;
  std::set<std::string> history_;
};

TEST_P(GoogleWriteModel, BothSidesEndEqualAndNothingIsLostSilently) {
  sync();
  std::uint32_t trouble = 0;
  losing_.lose = [&](const HttpRequest& request) {
    keep_history();
    return below(100) < trouble && request.url.find("/token") == std::string::npos;
  };
  google_.set_fault([&](const HttpRequest& request) -> std::optional<HttpResponse> {
    if (changes_something(request) && request.url.find("/events/") != std::string::npos) {
      EXPECT_TRUE(find_header(request.headers, "If-Match").has_value()) << request.url;
    }
    if (below(100) >= trouble) return std::nullopt;
    return google::backend_error(below(2) == 0 ? 503 : 500);
  });
  int edits = 0;
  while (edits < kEdits) {
    trouble = below(3) == 0 ? 15 : 0;
    for (std::uint32_t i = 1 + below(6); i > 0; --i, ++edits) {
      below(2) == 0 ? edit_there() : edit_here();
    }
    if (below(3) == 0) {
      ASSERT_TRUE(
          process_->service
              ->request_sync(
                  "", "", below(5) == 0 ? SyncRequestMode::reconcile : SyncRequestMode::incremental)
              .has_value());
    }
    for (std::uint32_t steps = below(30); steps > 0 && process_->engine->run_one_batch(); --steps) {
    }
    if (below(6) == 0) start();  // a crash between two of its commits
    clock_.advance(std::chrono::seconds(below(90)));
  }
  trouble = 0;
  // A quota gate or a backoff may hold things up; a day is longer than both.
  for (int i = 0; i < 30; ++i) {
    clock_.advance(std::chrono::minutes(20));
    process_->run();
    sync();
  }
  sync(SyncRequestMode::reconcile);
  keep_history();
  EXPECT_EQ(process_->calendar("Team").writes_waiting, 0U);
  expect_exact();
  expect_each_ended_once(commands_, process_->feed(), history_);
}

// The calendar server in the process, and what a CalDAV writer does with it.
class WritingProvider final : public FakeProvider, public CalendarWriter {
 public:
  WritingProvider(FakeServer& server, std::function<bool()> loses, std::set<std::string>& history)
      : FakeProvider(server), server_(server), loses_(std::move(loses)), history_(history) {}

  CalendarWriter* writer() override { return this; }
  bool wants_icalendar() const override { return true; }

  Result<WriteOutcome> write(const WriteOrder& order) override {
    const std::lock_guard lock(server_.mutex);
    if (loses_()) return fail(Errc::unavailable, "the server said no");
    FakeCalendar& calendar = server_.calendars.at(order.calendar_id);
    const bool creates = order.kind == WriteOrder::Kind::create;
    const std::string href = creates ? "/" + new_event_name(order.key) : order.href;
    const auto found = calendar.resources.find(href);
    const bool there = found != calendar.resources.end();
    const bool is_base = creates ? !there : there && found->second.etag == order.base_etag;
    if (is_base && order.icalendar.empty()) calendar.erase(href);
    if (is_base && !order.icalendar.empty()) {
      calendar.put(href, order.icalendar);
      const auto events = icalendar::parse_resource(order.icalendar, {href, {}});
      for (const auto& event : events.value()) history_.insert(event.title);
    }
    if (loses_()) return fail(Errc::timeout, "the answer was lost");
    const auto now = calendar.resources.find(href);
    WriteOutcome outcome{!is_base, {.kind = RemoteItem::Kind::deleted, .href = href}};
    if (now != calendar.resources.end()) {
      outcome.item.kind = RemoteItem::Kind::body;
      outcome.item.etag = now->second.etag;
      outcome.item.bytes = now->second.bytes;
    }
    return outcome;
  }

 private:
  FakeServer& server_;
  std::function<bool()> loses_;
  std::set<std::string>& history_;
};

class ResourceWriteModel : public testing::TestWithParam<std::uint32_t> {
 protected:
  static constexpr const char* kRemote = "http://fake/cal/";

  ResourceWriteModel() : random_(GetParam()) {
    server_.calendars.emplace(kRemote, FakeCalendar("Cal"));
    server_.random = &random_;
    calendar().put("/keep", ics("uid-keep", "keep"));
    start();
  }

  FakeCalendar& calendar() { return server_.calendars.at(kRemote); }
  std::uint32_t below(std::uint32_t limit) { return random_() % limit; }
  std::string title(const char* whose) { return whose + std::to_string(++titles_); }
  std::string day() { return "2025-12-" + std::to_string(17 + below(4)) + "T12:00:00Z"; }

  void start() {
    process_.reset();
    AccountDefinition account = fake_account("work");
    account.settings.write = true;
    process_ = std::make_unique<SyncProcess>(
        dir_ / "store", clock_, std::vector<AccountDefinition>{account},
        [this](const AccountSettings&, HttpClient&) {
          return std::make_unique<WritingProvider>(
              server_, [this] { return below(100) < trouble_; }, history_);
        },
        0);
    ASSERT_TRUE(process_->service->apply_configuration(false).has_value());
    process_->run();
  }

  std::string some_href() {
    auto found = calendar().resources.begin();
    std::advance(found, below(static_cast<std::uint32_t>(calendar().resources.size())));
    return found->first == "/keep" ? std::string() : found->first;
  }

  void edit_there() {
    const std::string name = title("theirs");
    const std::string href = some_href();
    const std::string more = below(2) == 0 ? "RRULE:FREQ=DAILY;COUNT=9\r\nX-KEEP:me\r\n" : "";
    if (href.empty() || below(4) == 0) {
      calendar().put("/f" + name, ics("uid-" + name, name, "20251216T120000Z", more));
    } else if (below(4) == 0) {
      calendar().erase(href);
    } else {
      const std::string uid = href.starts_with("/f") ? "uid-" + href.substr(2) : href.substr(1);
      calendar().put(href, ics(uid, name, "20251216T120000Z", more));
    }
  }

  void edit_here() {
    const std::string name = title("ours");
    const auto page = query_events(*process_->store, process_->calendar("Cal"), {.limit = 1000});
    std::vector<CalendarEvent> events;
    for (const auto& event : page->events) {
      if (event.title != "keep") events.push_back(event);
    }
    WriteRequest request = write_of(Kind::create, process_->calendar("Cal"), "", new_event(name));
    if (below(3) == 0) request.members["recurrence"] = Json::array({"RRULE:FREQ=DAILY;COUNT=9"});
    if (below(3) == 0) {
      request.members["start"] = at_utc("2025-12-16T12:00:00");
      request.members["end"] = at_utc("2025-12-16T13:00:00");
    }
    if (!events.empty() && below(4) != 0) {
      const auto& event = events[below(static_cast<std::uint32_t>(events.size()))];
      request.kind = below(4) == 0 ? Kind::remove : Kind::update;
      request.event = event.external_event_id;
      if (!event.recurrence.empty() && below(2) == 0) request.event += "#" + day();
      request.members = Json{{"title", name}};
    }
    if (request.kind == Kind::remove) request.members = Json::object();
    const auto accepted = process_->service->request_write(request);
    if (!accepted) {
      EXPECT_EQ(accepted.error().code, Errc::not_found) << accepted.error().message;
      return;
    }
    commands_[accepted->id] = {request.kind, request.kind == Kind::remove ? std::string() : name};
  }

  std::map<std::string, Json> there() {
    std::map<std::string, Json> events;
    for (const auto& [href, resource] : calendar().resources) {
      const auto parsed = icalendar::parse_resource(resource.bytes, {href, resource.etag});
      EXPECT_TRUE(parsed.has_value()) << resource.bytes;
      for (const auto& event : parsed.value()) {
        events[event.external_event_id] = without_times(to_json(event));
      }
    }
    return events;
  }

  std::map<std::string, Json> here() {
    std::map<std::string, Json> events;
    const auto page = query_events(*process_->store, process_->calendar("Cal"), {.limit = 1000});
    for (const auto& event : page->events) {
      events[event.external_event_id] = without_times(to_json(event));
    }
    return events;
  }

  TemporaryDirectory dir_;
  ManualClock clock_;
  std::mt19937 random_;
  FakeServer server_;
  std::uint32_t trouble_ = 0;
  int titles_ = 0;
  std::map<std::string, Command> commands_;
  std::set<std::string> history_;
  std::unique_ptr<SyncProcess> process_;
};

TEST_P(ResourceWriteModel, BothSidesEndEqualAndNothingIsLostSilently) {
  process_->sync();
  for (int edits = 0; edits < kEdits;) {
    trouble_ = below(3) == 0 ? 15 : 0;
    for (std::uint32_t i = 1 + below(6); i > 0; --i, ++edits) {
      below(2) == 0 ? edit_there() : edit_here();
    }
    if (below(3) == 0) {
      ASSERT_TRUE(
          process_->service
              ->request_sync(
                  "", "", below(5) == 0 ? SyncRequestMode::reconcile : SyncRequestMode::incremental)
              .has_value());
    }
    for (std::uint32_t steps = below(30); steps > 0 && process_->engine->run_one_batch(); --steps) {
    }
    if (below(6) == 0) start();
    clock_.advance(std::chrono::seconds(below(90)));
  }
  trouble_ = 0;
  for (int i = 0; i < 20; ++i) {
    clock_.advance(std::chrono::minutes(20));
    process_->run();
    process_->sync();
  }
  EXPECT_EQ(process_->calendar("Cal").writes_waiting, 0U);
  EXPECT_EQ(here(), there());
  expect_each_ended_once(commands_, process_->feed(), history_);
  // Whoever only reads the feed believes the same. An instance that is no event of its own any more
  // was told as its series has it, and may come back.
  std::map<std::string, Json> told;
  for (const auto& event : process_->feed()) {
    if (!event.type.starts_with("calendar.event.")) continue;
    const Json payload = event.payload;
    const std::string id = payload["event"]["external_event_id"];
    const bool instance = id.find('#') != std::string::npos;
    EXPECT_TRUE(instance || (event.type == kEventCreated) == !told.contains(id))
        << event.type << " " << id;
    told[id] = without_times(payload["event"]);
    if (event.type == kEventDeleted) told.erase(id);
  }
  const auto mirror = here();
  std::erase_if(told, [&](const auto& entry) {
    return entry.first.find('#') != std::string::npos && !mirror.contains(entry.first);
  });
  EXPECT_EQ(told, mirror);
}

std::uint32_t seeds() {
  const char* wanted = std::getenv("TIDEMARK_SYNC_SEEDS");
  return wanted == nullptr ? 3 : static_cast<std::uint32_t>(std::atoi(wanted));
}

INSTANTIATE_TEST_SUITE_P(Seeds, GoogleWriteModel, testing::Range(1U, seeds() + 1));
INSTANTIATE_TEST_SUITE_P(Seeds, ResourceWriteModel, testing::Range(1U, seeds() + 1));

}  // namespace
}  // namespace tidemark::test
