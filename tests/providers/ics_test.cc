#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "providers/ics/file_scan.h"
#include "providers/ics/ics_provider.h"
#include "providers/ics/ics_url.h"
#include "providers/ics/whole_calendar.h"
#include "providers/provider_fixture.h"
#include "support/dav_server.h"
#include "support/temporary_directory.h"

namespace tidemark::test {
namespace {

using Kind = RemoteItem::Kind;
namespace fs = std::filesystem;

TEST(WholeCalendar, IsToldFromPagesAndTruncatedOnes) {
  const std::string whole = event("a");
  EXPECT_TRUE(ics::check_whole_calendar(whole));
  EXPECT_TRUE(ics::check_whole_calendar("\xEF\xBB\xBF" + whole + "\n\n"));
  EXPECT_TRUE(ics::check_whole_calendar("begin:vcalendar\nend:vcalendar"));
  for (const std::string& bad :
       {std::string(), std::string("<html>Login</html>"), whole.substr(0, whole.size() - 10),
        std::string("BEGIN:VCALENDAR\r\nX:END:VCALENDAR")}) {
    auto checked = ics::check_whole_calendar(bad);
    ASSERT_FALSE(checked) << bad;
    EXPECT_EQ(checked.error().code, Errc::protocol_error);
  }
}

class IcsUrl : public testing::Test {
 protected:
  IcsUrl() {
    AccountSettings settings = account_at(server_.url("/work.ics"));
    settings.provider = "ics";
    provider_ = ics::make_provider(settings, http_);
  }
  Result<PullResult> pull(PullMode mode, const std::string& cursor = {}) {
    mirror_.begin_pass();
    return provider_->pull({"any", mode, cursor}, mirror_, mirror_.sink());
  }
  void serve(const std::string& body, const std::string& headers = {}) {
    server_.on("GET", "/work.ics", DavReply{200, body, headers});
  }

  DavServer server_;
  CurlHttpClient http_;
  std::unique_ptr<CalendarProvider> provider_;
  MemoryResources mirror_;
};

TEST_F(IcsUrl, ComesWholeAndIsAskedForConditionallyAfterwards) {
  serve(event("a"), "ETag: \"7\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  auto first = pull(PullMode::initial);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_TRUE(first->complete_listing);
  ASSERT_EQ(mirror_.items.size(), 1U);
  EXPECT_TRUE(mirror_.items[0].many_uids);
  EXPECT_EQ(mirror_.items[0].bytes, event("a"));

  server_.on("GET", "/work.ics", [](const RawRequest& request) {
    EXPECT_EQ(request.header("if-none-match"), "\"7\"");
    EXPECT_EQ(request.header("if-modified-since"), "Sun, 06 Nov 1994 08:49:37 GMT");
    return DavReply{304};
  });
  auto second = pull(PullMode::incremental, first->cursor);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_TRUE(mirror_.items.empty());
  EXPECT_TRUE(second->last);
  EXPECT_FALSE(second->complete_listing);
  EXPECT_EQ(second->cursor, first->cursor);
}

TEST_F(IcsUrl, SaysNothingWhenAServerWithoutValidatorsSendsTheSameBytes) {
  serve(event("a"));
  auto first = pull(PullMode::initial);
  auto second = pull(PullMode::incremental, first->cursor);
  ASSERT_TRUE(second);
  EXPECT_TRUE(mirror_.items.empty());
  EXPECT_FALSE(second->complete_listing);
  serve(event("a", "Changed"));
  auto third = pull(PullMode::incremental, second->cursor);
  ASSERT_TRUE(third);
  EXPECT_EQ(mirror_.items.size(), 1U);
  EXPECT_TRUE(third->complete_listing);
}

TEST_F(IcsUrl, SendsEverythingInAReconcileWithoutConditions) {
  serve(event("a"), "ETag: \"7\"\r\n");
  ASSERT_TRUE(pull(PullMode::initial));
  ASSERT_TRUE(pull(PullMode::reconcile));
  EXPECT_EQ(mirror_.items.size(), 1U);
  EXPECT_TRUE(server_.requests().back().header("if-none-match").empty());
}

TEST_F(IcsUrl, TakesBackWhatAnInterruptedAttemptHasShown) {
  serve(event("a"), "ETag: \"7\"\r\n");
  const auto first = pull(PullMode::initial);
  mirror_.begin_pass();
  // An attempt that was killed had another content to show; now the server is as it was.
  mirror_.apply({.kind = Kind::body, .href = "calendar.ics#b"});
  mirror_.items.clear();
  const auto again =
      provider_->pull({"any", PullMode::incremental, first->cursor}, mirror_, mirror_.sink());
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->complete_listing);
  EXPECT_TRUE(server_.requests().back().header("if-none-match").empty());
  ASSERT_EQ(mirror_.items.size(), 2U);
  EXPECT_EQ(mirror_.items[0].kind, Kind::deleted);
  EXPECT_EQ(mirror_.items[0].href, "calendar.ics#b");
  EXPECT_EQ(mirror_.items[1].kind, Kind::body);
}

TEST_F(IcsUrl, KeepsTheMirrorWhenALoginPageOrHalfACalendarComes) {
  serve(event("a"));
  auto first = pull(PullMode::initial);
  const std::string whole = event("a");
  for (const std::string& body : {std::string("<html>Login</html>"), whole.substr(0, 60)}) {
    serve(body, "Content-Type: text/html\r\n");
    auto second = pull(PullMode::incremental, first->cursor);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::protocol_error);
    EXPECT_NE(second.error().message.find("text/html"), std::string::npos);
    EXPECT_TRUE(mirror_.items.empty());
  }
}

TEST_F(IcsUrl, TellsRefusalsApart) {
  const std::pair<int, Errc> cases[] = {{401, Errc::unauthorized}, {403, Errc::forbidden},
                                        {404, Errc::not_found},    {410, Errc::not_found},
                                        {503, Errc::unavailable},  {304, Errc::protocol_error}};
  for (const auto& [status, code] : cases) {
    server_.on("GET", "/work.ics", DavReply{status});
    EXPECT_EQ(pull(PullMode::initial).error().code, code) << status;
  }
}

TEST_F(IcsUrl, FollowsRedirects) {
  server_.on("GET", "/work.ics", DavReply{303, "", "Location: /there.ics\r\n"});
  server_.on("GET", "/there.ics", DavReply{200, event("a")});
  EXPECT_TRUE(pull(PullMode::initial));
}

TEST_F(IcsUrl, NamesItsCalendarWithoutTheSecretOfItsQuery) {
  CurlHttpClient http;
  AccountSettings settings = account_at("webcal://cal.example/private/Team%20A.ics?token=hush");
  auto found = ics::make_provider(settings, http)->discover({});
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->calendars.size(), 1U);
  EXPECT_EQ(found->calendars[0].name, "Team A");
  EXPECT_TRUE(found->calendars[0].id.starts_with("http://cal.example/private/Team%20A.ics?"));
  EXPECT_EQ(found->calendars[0].id.find("hush"), std::string::npos);
}

TEST(IcsUrlScheme, ReadsWebcalAsHttp) {
  EXPECT_EQ(ics::http_url("webcal://a/b"), "http://a/b");
  EXPECT_EQ(ics::http_url("WEBCALS://a/b"), "https://a/b");
  EXPECT_EQ(ics::http_url("https://a/b"), "https://a/b");
}

class IcsFiles : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& bytes) {
    fs::create_directories((directory_.path() / name).parent_path());
    std::ofstream(directory_ / name, std::ios::binary) << bytes;
  }
  std::unique_ptr<CalendarProvider> provider(const std::string& path) {
    AccountSettings settings;
    settings.id = "files";
    settings.path = path;
    return ics::make_provider(settings, http_);
  }
  // The mirror holds a file's events as "<href>#<uid>", as the sync machines split them.
  Result<PullResult> pull(PullMode mode, const std::string& cursor = {}) {
    mirror_.begin_pass();
    const auto sink = [this](std::vector<RemoteItem>&& group) -> Result<void> {
      for (RemoteItem& item : group) {
        if (item.kind == Kind::body) item.href += "#uid";
        mirror_.apply(std::move(item));
      }
      return {};
    };
    auto result = provider(directory_.path())->pull({"any", mode, cursor}, mirror_, sink);
    if (result && result->complete_listing) mirror_.sweep();
    return result;
  }

  TemporaryDirectory directory_;
  CurlHttpClient http_;
  MemoryResources mirror_;
};

TEST_F(IcsFiles, AreFoundInAllFoldersButHiddenOnes) {
  write("a.ics", event("a"));
  write("deep/er/B.ICS", event("b"));
  write(".hidden.ics", event("c"));
  write(".git/d.ics", event("d"));
  write("note.txt", "text");
  auto result = pull(PullMode::initial);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->complete_listing);
  EXPECT_EQ(mirror_.hrefs(Kind::body),
            (std::vector<std::string>{"a.ics#uid", "deep/er/B.ICS#uid"}));
}

TEST_F(IcsFiles, AreReadAgainOnlyWhenTheyChanged) {
  write("a.ics", event("a"));
  write("b.ics", event("b"));
  write("c.ics", event("c"));
  auto first = pull(PullMode::initial);
  auto second = pull(PullMode::incremental, first->cursor);
  ASSERT_TRUE(second);
  EXPECT_TRUE(mirror_.items.empty());
  EXPECT_FALSE(second->complete_listing);

  write("a.ics", event("a", "Changed title"));
  fs::remove(directory_ / "b.ics");
  auto third = pull(PullMode::incremental, second->cursor);
  ASSERT_TRUE(third);
  EXPECT_TRUE(third->complete_listing);
  EXPECT_EQ(mirror_.hrefs(Kind::body), std::vector<std::string>{"a.ics#uid"});
  EXPECT_EQ(mirror_.hrefs(Kind::unchanged), std::vector<std::string>{"c.ics#uid"});
  EXPECT_EQ(mirror_.count(), 2U);
}

TEST_F(IcsFiles, TakeBackWhatAnInterruptedAttemptHasShown) {
  write("a.ics", event("a"));
  write("b.ics", event("b"));
  const auto first = pull(PullMode::initial);
  mirror_.begin_pass();
  // An attempt that was killed has shown a file that is gone by now, and a UID that moved away.
  for (const char* href : {"gone.ics#c", "a.ics#d", "a.ics#uid", "b.ics#uid"}) {
    mirror_.apply({.kind = Kind::body, .href = href});
  }
  mirror_.items.clear();
  const auto files = provider(directory_.path());
  ASSERT_TRUE(files->pull({"any", PullMode::incremental, first->cursor}, mirror_, mirror_.sink()));
  EXPECT_EQ(mirror_.hrefs(Kind::deleted), std::vector<std::string>{"gone.ics#c"});
  EXPECT_EQ(mirror_.hrefs(Kind::unchanged),
            (std::vector<std::string>{"a.ics#d", "a.ics#uid", "b.ics#uid"}))
      << "a file that is as it was has what it had";

  write("a.ics", event("a", "Changed"));
  mirror_.items.clear();
  const auto last =
      files->pull({"any", PullMode::incremental, first->cursor}, mirror_, mirror_.sink());
  ASSERT_TRUE(last);
  EXPECT_TRUE(last->complete_listing);
  EXPECT_EQ(mirror_.hrefs(Kind::deleted),
            (std::vector<std::string>{"a.ics#d", "a.ics#uid", "gone.ics#c"}));
  EXPECT_EQ(mirror_.hrefs(Kind::body), std::vector<std::string>{"a.ics"});
}

TEST_F(IcsFiles, ThatCannotBeUsedAreNamedAndKeepTheirEvents) {
  write("a.ics", event("a"));
  write("b.ics", event("b"));
  fs::create_symlink("nowhere", directory_ / "dangling.ics");
  auto first = pull(PullMode::initial);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_NE(mirror_.failed["dangling.ics"].find("No such file"), std::string::npos);
  EXPECT_EQ(mirror_.count(), 2U);

  write("a.ics", event("a").substr(0, 50));
  auto second = pull(PullMode::incremental, first->cursor);
  ASSERT_TRUE(second);
  EXPECT_NE(mirror_.failed["a.ics"].find("cut off"), std::string::npos);
  EXPECT_TRUE(mirror_.resources.contains("a.ics#uid"));
  auto third = pull(PullMode::incremental, second->cursor);
  EXPECT_TRUE(mirror_.items.empty());
}

TEST_F(IcsFiles, EndAtLoopsOfSymbolicLinks) {
  write("sub/a.ics", event("a"));
  fs::create_directory_symlink(directory_.path(), directory_ / "sub/up");
  auto result = pull(PullMode::initial);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(mirror_.count(), 1U);
}

TEST_F(IcsFiles, AreNotReadWhenTheyAreNoFiles) {
  ASSERT_EQ(mkfifo((directory_ / "pipe.ics").c_str(), 0600), 0);
  ASSERT_TRUE(pull(PullMode::initial));
  EXPECT_NE(mirror_.failed["pipe.ics"].find("regular"), std::string::npos);
}

TEST_F(IcsFiles, HaveHrefsWithoutNumberSigns) {
  write("a#b%.ics", event("a"));
  ASSERT_TRUE(pull(PullMode::initial));
  EXPECT_EQ(mirror_.hrefs(Kind::body), std::vector<std::string>{"a%23b%25.ics#uid"});
}

TEST_F(IcsFiles, AreNotFoundWhenTheirFolderHasVanished) {
  auto gone = provider(directory_ / "gone");
  EXPECT_EQ(gone->discover({}).error().code, Errc::not_found);
  EXPECT_EQ(gone->pull({"any", PullMode::initial, {}}, mirror_, mirror_.sink()).error().code,
            Errc::not_found);
}

TEST_F(IcsFiles, MayBeOneFileThatMustBeWhole) {
  write("one.ics", event("a"));
  auto one = provider(directory_ / "one.ics");
  auto found = one->discover({});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->calendars.at(0).name, "one");
  ASSERT_TRUE(one->pull({"any", PullMode::initial, {}}, mirror_, mirror_.sink()));
  EXPECT_EQ(mirror_.hrefs(Kind::body), std::vector<std::string>{"one.ics"});
  write("one.ics", event("a").substr(0, 50));
  auto cut = one->pull({"any", PullMode::initial, {}}, mirror_, mirror_.sink());
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, Errc::protocol_error);
}

TEST_F(IcsFiles, HaveLimitsInNumberDepthAndSize) {
  for (int i = 0; i < 5; ++i) write("d/" + std::to_string(i) + ".ics", event("a"));
  EXPECT_EQ(ics::scan_files(directory_.path(), {.files = 4}).error().code, Errc::limit_exceeded);
  EXPECT_EQ(ics::scan_files(directory_.path(), {.entries = 4}).error().code, Errc::limit_exceeded);
  EXPECT_EQ(ics::scan_files(directory_.path(), {.depth = 0}).error().code, Errc::limit_exceeded);
  EXPECT_EQ(ics::read_file(directory_ / "d/0.ics", 10).error().code, Errc::limit_exceeded);
}

}  // namespace
}  // namespace tidemark::test
