// The real binary, run as a user runs it.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>

#include "app/program.h"
#include "net/curl_client.h"

namespace tidemark::app::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(Program, ListsItsExitCodesAndAnExampleForEachCommand) {
  const auto help = run({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* part : {"0  done", "1  failed", "2  bad usage", "3  store refused",
                           "4  upstream", "5  verification"}) {
    EXPECT_THAT(help.out, HasSubstr(part));
  }
  for (const auto& words : std::vector<std::vector<std::string>>{{"serve"},
                                                                 {"sync"},
                                                                 {"calendars"},
                                                                 {"events"},
                                                                 {"calendar", "quarantine"},
                                                                 {"event", "create"},
                                                                 {"event", "update"},
                                                                 {"event", "delete"},
                                                                 {"event", "writes"},
                                                                 {"feed"},
                                                                 {"audit", "list"},
                                                                 {"audit", "show"},
                                                                 {"status"},
                                                                 {"config", "check"},
                                                                 {"config", "show"},
                                                                 {"key", "create"},
                                                                 {"key", "list"},
                                                                 {"key", "revoke"}}) {
    auto arguments = words;
    arguments.emplace_back("--help");
    EXPECT_THAT(run(arguments).out, HasSubstr("Example: tidemark " + words[0])) << words[0];
  }
  EXPECT_THAT(run({"--version"}).out, StartsWith("tidemark "));
}

TEST_F(Program, ExitsWith2OnBadUsage) {
  for (const auto& words :
       std::vector<std::vector<std::string>>{{},
                                             {"snyc"},
                                             {"sync", "--fully"},
                                             {"sync", "--full", "--reconcile"},
                                             {"events"},
                                             {"events", "home", "--format", "xml"},
                                             {"feed", "--limit", "many"}}) {
    const auto done = run(words);
    EXPECT_EQ(done.code, 2) << done.err;
    EXPECT_THAT(done.out, IsEmpty());
  }
}

TEST_F(Program, ExitsWith2OnABadConfigurationAndOpensNothing) {
  write("tidemark.toml", "data_dri = \"x\"\n[server]\nlisten = 3\n");
  for (const char* name : {"sync", "serve", "status", "calendars"}) {
    const auto done = run({name});
    EXPECT_EQ(done.code, 2);
    EXPECT_THAT(done.err, AllOf(HasSubstr("tidemark.toml:1:1: data_dri"),
                                HasSubstr("tidemark.toml:3:1: server.listen")));
  }
  EXPECT_EQ(run({"config", "check"}).code, 2);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "data"));
}

TEST_F(Program, ChecksAndShowsTheConfiguration) {
  variables_.push_back("TIDEMARK_LOG_LEVEL=error");
  EXPECT_THAT(run({"config", "check"}).out, HasSubstr("ok, 1 account"));
  EXPECT_THAT(run({"config", "show"}).out,
              AllOf(HasSubstr("TIDEMARK_LOG_LEVEL"), HasSubstr("tidemark.toml:2:1")));
  bool found = false;
  const Json shown = json({"config", "show", "--json"});
  for (const auto& item : shown["items"]) {
    found = found || (item["key"] == "log.level" && item["origin"] == "TIDEMARK_LOG_LEVEL");
  }
  EXPECT_TRUE(found);
}

TEST_F(Program, SaysThatThereIsNothingBeforeTheFirstSync) {
  const auto done = run({"calendars"});
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.err, HasSubstr("tidemark sync"));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "data"));
}

TEST_F(Program, MirrorsAFolderAndShowsIt) {
  const auto synced = run({"sync"});
  EXPECT_EQ(synced.code, 0) << synced.err;
  EXPECT_THAT(synced.out, AllOf(HasSubstr("CREATED"), HasSubstr("files/home")));
  const Json again = json({"sync", "--json"});
  EXPECT_EQ(again["calendars"][0]["created"], 0);
  EXPECT_EQ(again["calendars"][0]["state"], "ok");

  EXPECT_EQ(json({"calendars", "--json"})["items"][0]["events"], 2);
  EXPECT_EQ(json({"events", "files/home", "--json"})["items"].size(), 2U);
  EXPECT_THAT(run({"events", "home"}).out,
              AllOf(HasSubstr("First"), HasSubstr("2026-01-05 09:00")));
  EXPECT_THAT(run({"events", "home", "--format", "ics"}).out, StartsWith("BEGIN:VCALENDAR"));
  EXPECT_THAT(run({"feed"}).out, AllOf(HasSubstr("created"), HasSubstr("files/home")));
  EXPECT_THAT(run({"audit", "list"}).out, HasSubstr("SEQUENCE"));
  EXPECT_EQ(json({"audit", "show", "1", "--json"})["sequence"], 1);
  EXPECT_THAT(run({"status"}).out, AllOf(HasSubstr("not running"), HasSubstr("files")));
  EXPECT_EQ(json({"status", "--json"})["accounts"][0]["state"], "ok");
}

TEST_F(Program, CountsWhatASyncChanged) {
  ASSERT_EQ(run({"sync"}).code, 0);
  write_event("one", "First, moved");
  write_event("three", "Third");
  std::filesystem::remove(directory_ / "home/two.ics");
  const Json calendar = json({"sync", "files/home", "--json"})["calendars"][0];
  EXPECT_EQ(calendar["created"], 1);
  EXPECT_EQ(calendar["updated"], 1);
  EXPECT_EQ(calendar["deleted"], 1);
}

TEST_F(Program, ListsWhatCannotBeRead) {
  write("home/broken.ics", "this is no calendar");
  EXPECT_EQ(run({"sync"}).code, 0);
  const Json list = json({"calendar", "quarantine", "home", "--json"});
  ASSERT_EQ(list["items"].size(), 1U);
  EXPECT_FALSE(list["items"][0]["reason"].get<std::string>().empty());
  EXPECT_THAT(run({"calendar", "quarantine", "home"}).out, HasSubstr("broken.ics"));
}

TEST_F(Program, ExitsWith1WhenAskedForWhatIsNotThere) {
  ASSERT_EQ(run({"sync"}).code, 0);
  EXPECT_EQ(run({"events", "nothing"}).code, 1);
  EXPECT_EQ(run({"audit", "show", "99999"}).code, 1);
  EXPECT_EQ(run({"sync", "nobody"}).code, 1);
  EXPECT_EQ(run({"feed", "--follow"}).code, 1);
  EXPECT_EQ(run({"events", "home", "--from", "yesterday"}).code, 2);
}

TEST_F(Program, ExitsWith4WhenAnUpstreamFailsAndSyncsTheOthers) {
  write("tidemark.toml",
        "[[account]]\nid = \"files\"\nprovider = \"ics\"\npath = \"home\"\n[[account]]\nid = "
        "\"bad\"\nprovider = \"caldav\"\nurl = \"http://127.0.0.1:1/\"\n");
  const auto done = run({"sync"});
  EXPECT_EQ(done.code, 4) << done.err;
  EXPECT_THAT(done.err, HasSubstr("bad"));
  EXPECT_THAT(done.out, HasSubstr("files/home"));
  EXPECT_EQ(json({"calendars", "--json"})["items"][0]["events"], 2);
  EXPECT_EQ(run({"sync", "files"}).code, 0);
  std::filesystem::remove_all(directory_ / "home");
  EXPECT_EQ(run({"sync", "files"}).code, 4);
}

TEST_F(Program, ExitsWith3WhenTheStoreIsOfANewerVersion) {
  ASSERT_EQ(run({"sync"}).code, 0);
  write("data/store/FORMAT", "tidemark store format 99\n");
  const auto done = run({"calendars"});
  EXPECT_EQ(done.code, 3) << done.err;
  EXPECT_THAT(done.err, HasSubstr("99"));
}

TEST_F(Program, ExitsWith3WhenTheStoreIsDamaged) {
  ASSERT_EQ(run({"sync"}).code, 0);
  std::filesystem::remove_all(directory_ / "data/store/wal");
  for (const char* name : {"calendars", "sync", "serve", "status"}) {
    const auto done = run({name});
    EXPECT_EQ(done.code, 3) << name << done.err;
    EXPECT_THAT(done.err, Not(IsEmpty()));
  }
}

TEST_F(Program, MakesListsAndRevokesKeysWithoutAServer) {
  const auto made =
      run({"key", "create", "--tenant", "default", "--name", "board", "--expires", "90d"});
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(made.out, StartsWith("tm_"));
  const Json keys = json({"key", "list", "--json"});
  ASSERT_EQ(keys["items"].size(), 1U);
  EXPECT_EQ(keys["items"][0]["name"], "board");
  EXPECT_THAT(run({"key", "list"}).out, HasSubstr("board"));
  const std::string id = keys["items"][0]["id"];
  EXPECT_EQ(run({"key", "revoke", id}).code, 0);
  EXPECT_EQ(run({"key", "revoke", id}).code, 1);
  EXPECT_EQ(json({"key", "list", "--json"})["items"].size(), 0U);
}

TEST_F(Program, TalksToTheServerThatRuns) {
  const auto server = serve();
  EXPECT_THAT(address_, StartsWith("http://127.0.0.1:"));
  struct stat status {};
  ASSERT_EQ(::stat((directory_ / "data/tidemark.sock").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(run({"sync"}).code, 0);
  EXPECT_THAT(run({"status"}).out, HasSubstr("serving"));
  EXPECT_EQ(json({"events", "files/home", "--json"})["items"].size(), 2U);
  write_event("three", "Third & last + more = 3");
  EXPECT_EQ(json({"sync", "--json"})["calendars"][0]["created"], 1);

  const auto key = run({"key", "create"}).out;
  CurlHttpClient http;
  HttpRequest request;
  request.url = address_ + "/v1/calendars";
  EXPECT_EQ(http.send(request)->status, 401);
  request.headers = {{"Authorization", "Bearer " + key.substr(0, key.find('\n'))}};
  EXPECT_EQ(http.send(request)->status, 200);
  request.url = address_ + "/readyz";
  EXPECT_EQ(http.send(request)->status, 200);
}

TEST_F(Program, FollowsTheFeedOfTheServerThatRuns) {
  const auto server = serve();
  ASSERT_EQ(run({"sync"}).code, 0);
  Process follower(command({"feed", "--follow", "--json"}), variables_);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(parse_json(follower.read_line())->value("type", ""), "calendar.event.created");
  }
  write_event("one", "First, moved");
  ASSERT_EQ(run({"sync"}).code, 0);
  EXPECT_EQ(parse_json(follower.read_line())->value("type", ""), "calendar.event.updated");
  server->signal(SIGTERM);
  EXPECT_EQ(server->wait().code, 0);
  const auto ended = follower.wait();
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("serve"));
}

TEST_F(Program, ExitsWith3WhenAnotherProcessHasTheDirectory) {
  const auto server = serve();
  const auto second = run({"serve"});
  EXPECT_EQ(second.code, 3) << second.err;
  // A process that has the directory and answers no commands, as one that is just starting.
  std::filesystem::remove(directory_ / "data/tidemark.sock");
  const auto done = run({"calendars"});
  EXPECT_EQ(done.code, 3) << done.err;
  EXPECT_THAT(done.err, HasSubstr("try again"));
}

TEST_F(Program, SaysWhenItsPortIsTaken) {
  const auto server = serve();
  write("tidemark.toml",
        "data_dir = \"other\"\n[server]\nlisten = \"" + address_.substr(7) + "\"\n");
  const auto done = run({"serve"});
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.err, AllOf(HasSubstr("cannot listen on"), HasSubstr(address_.substr(7))));
}

TEST_F(Program, EndsGracefullyAndStartsAgain) {
  for (const int signal : {SIGTERM, SIGINT}) {
    const auto server = serve();
    server->signal(signal);
    const auto ended = server->wait();
    EXPECT_EQ(ended.code, 0) << ended.err;
  }
  EXPECT_EQ(run({"sync"}).code, 0);
}

TEST_F(Program, ServesFromADirectoryTooDeepForASocketsName) {
  write("tidemark.toml",
        "data_dir = \"" + std::string(120, 'd') +
            "\"\n[server]\nlisten = "
            "\"127.0.0.1:0\"\n[[account]]\nid = \"files\"\nprovider = \"ics\"\npath = \"home\"\n");
  const auto server = serve();
  EXPECT_EQ(run({"sync"}).code, 0);
  EXPECT_THAT(run({"status"}).out, HasSubstr("serving"));
}

TEST_F(Program, DoesNotMindAReaderThatGoesAway) {
  ASSERT_EQ(run({"sync"}).code, 0);
  Process process(command({"feed", "--json"}), variables_);
  process.close_out();
  EXPECT_EQ(process.wait().code, 0);
}

TEST_F(Program, WritesNoColorAndNoMessagesIntoItsData) {
  ASSERT_EQ(run({"sync"}).code, 0);
  for (const char* name : {"calendars", "status", "feed"}) {
    const auto done = run({name});
    EXPECT_THAT(done.out, Not(HasSubstr("\x1b")));
    EXPECT_THAT(done.err, IsEmpty());
    std::istringstream lines(done.out);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(line.size(), 90U) << line;
    }
  }
}

}  // namespace
}  // namespace tidemark::app::test
