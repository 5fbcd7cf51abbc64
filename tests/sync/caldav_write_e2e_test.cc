// Changing events on a real CalDAV server through the whole of syncing.
#include <gmock/gmock.h>

#include "net/curl_client.h"
#include "providers/caldav/caldav_provider.h"
#include "support/dav_process.h"
#include "support/temporary_directory.h"
#include "sync/write_world.h"

namespace tidemark::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = WriteRequest::Kind;

class CalDavWrite : public testing::TestWithParam<DavProcess::Kind> {
 protected:
  void SetUp() override {
    server_ = std::make_unique<DavProcess>(DavProcess::Options{GetParam(), std::nullopt});
    ASSERT_TRUE(server_->started());
    server_->make_calendar("cal");
    put("old", "SUMMARY:Old\r\nX-KEEP;A=\"b;c\":me\r\n");
    AccountDefinition account = fake_account("work");
    account.settings.provider = "caldav";
    account.settings.url = server_->origin() + "/";
    account.settings.credentials = server_->credentials();
    account.settings.write = true;
    process_ = std::make_unique<SyncProcess>(
        dir_ / "store", clock_, std::vector<AccountDefinition>{account},
        [this](const AccountSettings& settings, HttpClient&) {
          return caldav::make_provider(settings, losing_);
        },
        0);
    ASSERT_TRUE(process_->service->apply_configuration(false).has_value());
    process_->sync();
  }

  void put(const std::string& name, const std::string& lines) {
    server_->put(server_->calendar_url("cal") + name + ".ics",
                 "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:" +
                     name + "\r\nDTSTAMP:20251201T000000Z\r\nDTSTART:20251216T120000Z\r\n" + lines +
                     "END:VEVENT\r\nEND:VCALENDAR\r\n");
  }

  // The resource as the server has it; empty: it has none.
  std::string get(const std::string& href) {
    HttpRequest request;
    request.url = server_->origin() + href;
    request.credentials = server_->credentials();
    std::string body;
    const auto response = http_.send(request, [&](std::string_view piece) -> Result<void> {
      body += piece;
      return {};
    });
    EXPECT_TRUE(response.has_value());
    return body;
  }

  CalendarStatus cal() const { return process_->calendar("cal"); }
  std::string href(const std::string& name) const {
    return server_->calendar_url("cal").substr(server_->origin().size()) + name + ".ics";
  }

  Result<AcceptedWrite> ask(Kind kind, const std::string& event, Json members = Json::object()) {
    return process_->service->request_write(write_of(kind, cal(), event, std::move(members)));
  }
  WriteStatus finish(const Result<AcceptedWrite>& accepted) {
    EXPECT_TRUE(accepted.has_value()) << accepted.error().message;
    if (!accepted) return {};
    process_->run();
    return find_write(*process_->store, cal(), accepted->id).value();
  }
  std::vector<std::string> news(std::size_t before) const {
    std::vector<std::string> types;
    const auto feed = process_->feed();
    for (std::size_t i = before; i < feed.size(); ++i) types.push_back(feed[i].type);
    return types;
  }
  void expect_no_echo() {
    const std::size_t before = process_->feed().size();
    process_->sync();
    EXPECT_THAT(news(before), IsEmpty());
  }

  TemporaryDirectory dir_;
  ManualClock clock_;
  CurlHttpClient http_;
  LosingClient losing_{http_};
  std::unique_ptr<DavProcess> server_;
  std::unique_ptr<SyncProcess> process_;
};

TEST_P(CalDavWrite, CreatesChangesAndDeletes) {
  const std::size_t before = process_->feed().size();
  auto members = new_event("Lunch");
  members["recurrence"] = Json::array({"RRULE:FREQ=DAILY;COUNT=4"});
  members["attendees"] = Json::array({{{"email", "bob@example.com"}, {"name", "Bob"}}});
  const auto created = finish(ask(Kind::create, "", members));
  ASSERT_EQ(created.status, "done") << created.error;
  EXPECT_THAT(news(before), ElementsAre("calendar.event.created", "calendar.write.done"));
  const std::string event = created.external_event_id;
  EXPECT_THAT(get(event), HasSubstr("SUMMARY:Lunch"));
  expect_no_echo();

  EXPECT_EQ(finish(ask(Kind::update, event, {{"title", "Late lunch"}})).status, "done");
  EXPECT_THAT(get(event), HasSubstr("SUMMARY:Late lunch"));
  expect_no_echo();

  const std::string instance = event + "#2026-01-06T10:00:00Z";
  EXPECT_EQ(finish(ask(Kind::update, instance, {{"location", "Roof"}})).status, "done");
  EXPECT_THAT(get(event), HasSubstr("RECURRENCE-ID"));
  expect_no_echo();
  EXPECT_EQ(finish(ask(Kind::remove, instance)).status, "done");
  EXPECT_THAT(get(event), HasSubstr("EXDATE"));
  expect_no_echo();

  EXPECT_EQ(finish(ask(Kind::remove, event)).status, "done");
  EXPECT_EQ(get(event), "");
  expect_no_echo();
}

TEST_P(CalDavWrite, KeepsWhatItDoesNotKnow) {
  const auto status = finish(ask(Kind::update, href("old"), {{"title", "New"}}));
  ASSERT_EQ(status.status, "done") << status.error;
  EXPECT_THAT(get(href("old")), HasSubstr("X-KEEP;A=\"b;c\":me"));
  EXPECT_THAT(get(href("old")), HasSubstr("SUMMARY:New"));
  EXPECT_THAT(get(href("old")), HasSubstr("SEQUENCE:1"));
  expect_no_echo();
}

TEST_P(CalDavWrite, MeetsAForeignChangeAsAConflict) {
  put("old", "SUMMARY:Theirs\r\n");
  const auto status = finish(ask(Kind::update, href("old"), {{"title", "Ours"}}));
  EXPECT_EQ(status.status, "conflict");
  EXPECT_EQ(status.theirs["title"], "Theirs");
  EXPECT_THAT(get(href("old")), HasSubstr("SUMMARY:Theirs"));
  const auto removed = finish(ask(Kind::remove, href("old")));
  EXPECT_EQ(removed.status, "conflict");
  process_->sync();
  EXPECT_EQ(finish(ask(Kind::update, href("old"), {{"title", "Ours"}})).status, "done");
}

TEST_P(CalDavWrite, MeetsADeletionAsAConflict) {
  server_->remove(server_->origin() + href("old"));
  const auto status = finish(ask(Kind::update, href("old"), {{"title", "Ours"}}));
  EXPECT_EQ(status.status, "conflict");
  EXPECT_TRUE(status.theirs.is_null());
}

TEST_P(CalDavWrite, RecognisesItsOwnChangeAfterALostAnswer) {
  for (const bool create : {true, false}) {
    int lost = 0;
    losing_.lose = [&](const HttpRequest& request) {
      return (request.method == "PUT" || request.method == "DELETE") && lost++ == 0;
    };
    const auto accepted = create ? ask(Kind::create, "", new_event("Once"))
                                 : ask(Kind::update, href("old"), {{"title", "Once"}});
    EXPECT_EQ(finish(accepted).status, "accepted");
    clock_.advance(std::chrono::minutes(1));
    const auto status = finish(accepted);
    EXPECT_EQ(status.status, "done") << status.error;
    expect_no_echo();
  }
  int lost = 0;
  losing_.lose = [&](const HttpRequest& request) {
    return request.method == "DELETE" && lost++ == 0;
  };
  const auto accepted = ask(Kind::remove, href("old"));
  EXPECT_EQ(finish(accepted).status, "accepted");
  clock_.advance(std::chrono::minutes(1));
  EXPECT_EQ(finish(accepted).status, "done");
  expect_no_echo();
}

TEST_P(CalDavWrite, WhatWaitsBehindALostAnswerFollowsItUnlessOthersHadAHand) {
  for (const bool foreign : {false, true}) {
    put("old", "SUMMARY:Old\r\n");
    process_->sync();
    int lost = 0;
    losing_.lose = [&](const HttpRequest& request) {
      return request.method == "PUT" && lost++ == 0;
    };
    const auto first = ask(Kind::update, href("old"), {{"title", "First"}});
    const auto second = ask(Kind::update, href("old"), {{"location", "Second"}});
    EXPECT_EQ(finish(first).status, "accepted");
    if (foreign) {
      std::string theirs = get(href("old"));
      theirs.insert(theirs.find("SUMMARY:"), "DESCRIPTION:Theirs\r\n");
      server_->put(server_->calendar_url("cal") + "old.ics", theirs);
    }
    clock_.advance(std::chrono::minutes(1));
    EXPECT_EQ(finish(first).status, "done");
    EXPECT_EQ(finish(second).status, foreign ? "conflict" : "done");
    EXPECT_THAT(get(href("old")), HasSubstr(foreign ? "DESCRIPTION:Theirs" : "LOCATION:Second"));
  }
}

// A sync token of Xandikos' names the calendar's content: it is the same again.
TEST_P(CalDavWrite, SeesWhatWasPutBackAsItHadBeen) {
  const auto mirrored = [this] {
    std::vector<std::string> titles;
    const auto page = query_events(*process_->store, cal(), {});
    EXPECT_TRUE(page.has_value());
    if (page) {
      for (const auto& event : page->events) titles.push_back(event.title);
    }
    return titles;
  };
  const std::string resource = server_->calendar_url("cal") + "old.ics";
  const std::string before = get(href("old"));
  EXPECT_EQ(finish(ask(Kind::update, href("old"), {{"title", "New"}})).status, "done");
  server_->put(resource, before);
  process_->sync();
  EXPECT_THAT(mirrored(), ElementsAre("Old"));

  EXPECT_EQ(finish(ask(Kind::remove, href("old"))).status, "done");
  EXPECT_THAT(mirrored(), IsEmpty());
  server_->put(resource, before);
  process_->sync();
  EXPECT_THAT(mirrored(), ElementsAre("Old"));

  const auto created = finish(ask(Kind::create, "", new_event("Lunch")));
  ASSERT_EQ(created.status, "done") << created.error;
  server_->remove(server_->origin() + created.external_event_id);
  process_->sync();
  EXPECT_THAT(mirrored(), ElementsAre("Old"));
  EXPECT_EQ(cal().pending, 0U);
  expect_no_echo();
}

INSTANTIATE_TEST_SUITE_P(Servers, CalDavWrite,
                         testing::Values(DavProcess::Kind::radicale, DavProcess::Kind::xandikos),
                         [](const auto& info) {
                           return info.param == DavProcess::Kind::radicale ? "radicale"
                                                                           : "xandikos";
                         });

}  // namespace
}  // namespace tidemark::test
