// The commands about endpoints, deliveries and the master key, run as a user runs them.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/program.h"
#include "net/http_server.h"

namespace tidemark::app::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

constexpr auto kSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
constexpr auto kNowhere = "http://127.0.0.1:9/hook";
constexpr auto kEvent = "evt_01J8Z0P3H1Y8K8Q0KQ9VJ8X7K1";

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// A configuration with a master key, whose endpoints may be on this machine.
class Deliveries : public Program {
 protected:
  Deliveries() { configure("master.key", ""); }

  void configure(const std::string& key, const std::string& more) {
    const std::string path = directory_ / key;
    if (!std::filesystem::exists(path)) {
      EXPECT_EQ(run({"secrets", "generate-key", "--file", path}).code, 0);
    }
    write("tidemark.toml",
          "[server]\nlisten = \"127.0.0.1:0\"\n[secrets]\nmaster_key = { file = \"" + key +
              "\" }\n" + more +
              "[delivery]\nallow = [\"127.0.0.0/8\"]\n[[account]]\nid = \"files\"\n"
              "provider = \"ics\"\npath = \"home\"\npoll = \"1h\"\n");
  }

  Finished create(const std::string& id, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"endpoint", "create", "--id", id, "--url", kNowhere});
    return run(std::move(more));
  }
};

TEST_F(Program, HasAnExampleForEachCommandAboutDeliveries) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"endpoint", "list"},     {"endpoint", "show"},          {"endpoint", "create"},
           {"endpoint", "update"},   {"endpoint", "delete"},        {"endpoint", "pause"},
           {"endpoint", "resume"},   {"endpoint", "rotate-secret"}, {"endpoint", "rewind"},
           {"endpoint", "test"},     {"delivery", "list"},          {"delivery", "show"},
           {"delivery", "retry"},    {"delivery", "cancel"},        {"deadletter", "list"},
           {"deadletter", "replay"}, {"deadletter", "drop"},        {"secrets", "generate-key"},
           {"secrets", "status"},    {"secrets", "rotate"}}) {
    auto arguments = words;
    arguments.emplace_back("--help");
    const auto help = run(arguments).out;
    EXPECT_THAT(help, HasSubstr("Example: tidemark " + words[0] + " " + words[1]));
    EXPECT_THAT(help, HasSubstr("--json")) << words[0] << words[1];
  }
}

TEST_F(Deliveries, ExitWith2OnBadUsage) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"endpoint"},
           {"endpoint", "shwo", "a"},
           {"endpoint", "show"},
           {"endpoint", "show", "a/b"},
           {"endpoint", "create", "--id", "a"},
           {"endpoint", "create", "--id", "a", "--url", "ftp://x/"},
           {"endpoint", "create", "--url", kNowhere, "--filter", "{"},
           {"endpoint", "create", "--url", kNowhere, "--header", "hunter2"},
           {"endpoint", "create", "--url", kNowhere, "--rate", "fast"},
           {"endpoint", "create", "--url", kNowhere, "--burst", "5"},
           {"endpoint", "create", "--from-file", "none.json"},
           {"endpoint", "create", "--url", kNowhere, "--secret-file", "none"},
           {"endpoint", "update", "a"},
           {"endpoint", "update", "a", "--clear", "url"},
           {"endpoint", "rewind", "a"},
           {"endpoint", "rewind", "a", "--after", "1", "--event", kEvent},
           {"delivery", "list", "a", "--state", "lost"},
           {"delivery", "list", "a", "--limit", "0"},
           {"delivery", "show", "a"},
           {"delivery", "retry", "a", "evt/1"},
           {"deadletter", "list"},
           {"deadletter", "replay", "a", "--rate", "fast"},
           {"deadletter", "drop", "a"},
           {"deadletter", "drop", "a", "--all", "--type", "x"},
           {"secrets"}}) {
    const auto done = run(words);
    EXPECT_EQ(done.code, 2) << ::testing::PrintToString(words) << done.err;
    EXPECT_THAT(done.out, IsEmpty());
    EXPECT_THAT(done.err, Not(HasSubstr("hunter2")));
  }
}

TEST_F(Program, MakesAMasterKeyBeforeThereIsAConfiguration) {
  std::filesystem::remove(directory_ / "tidemark.toml");
  const auto shown = run({"secrets", "generate-key"});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_EQ(shown.out.size(), 45U);
  EXPECT_NE(run({"secrets", "generate-key"}).out, shown.out);

  const std::string path = directory_ / "master.key";
  const Json made = json({"secrets", "generate-key", "--file", path, "--json"});
  EXPECT_EQ(made["file"], path);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  const std::string before = read(path);
  const auto again = run({"secrets", "generate-key", "--file", path});
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.err, HasSubstr("never overwritten"));
  EXPECT_EQ(read(path), before);
}

TEST_F(Program, SaysHowToConfigureAMasterKey) {
  ASSERT_EQ(run({"sync"}).code, 0);
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"secrets", "status"}, {"secrets", "rotate"}}) {
    const auto done = run(words);
    EXPECT_EQ(done.code, 1);
    EXPECT_THAT(done.err, AllOf(HasSubstr("[secrets] master_key"), HasSubstr("generate-key")));
  }
}

TEST_F(Deliveries, LeaveAMasterKeyThatOnlyTheServiceHasToTheService) {
  write("tidemark.toml", "[secrets]\nmaster_key = { credential = \"master.key\" }\n");
  const auto made = create("orders");
  EXPECT_EQ(made.code, 1);
  EXPECT_THAT(made.err, HasSubstr("while `tidemark serve` runs"));
  EXPECT_EQ(run({"config", "check"}).code, 0);
  EXPECT_EQ(run({"serve"}).code, 2);
}

TEST_F(Deliveries, MakeAnEndpointAndShowItsSecretOnce) {
  const auto made =
      create("orders",
             {"--types", "calendar.event.*,x.y", "--header", "X-Key=hunter2=", "--rate", "2.5",
              "--burst", "5", "--quota", "100", "--filter", R"([{"field":"source","op":"exists"}])",
              "--schedule", "0s,5s", "--timeout", "3s", "--description", "for orders"});
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(made.out, MatchesRegex("whsec_[A-Za-z0-9+/=]+\n"));
  const Json shown = json({"endpoint", "show", "orders", "--json"});
  EXPECT_EQ(shown["types"], Json({"calendar.event.*", "x.y"}));
  EXPECT_EQ(shown["rate"], Json({{"per_second", 2.5}, {"burst", 5}}));
  EXPECT_EQ(shown["daily_quota"], 100);
  EXPECT_EQ(shown["filter"][0]["op"], "exists");
  EXPECT_EQ(shown["schedule"].size(), 2U);
  EXPECT_EQ(shown["timeout"], "3s");
  EXPECT_EQ(shown["tenant"], "default");
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"endpoint", "show", "orders"}, {"endpoint", "list"}, {"endpoint", "list", "--json"}}) {
    const auto done = run(words);
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_THAT(done.out, AllOf(HasSubstr("orders"), HasSubstr(kNowhere), Not(HasSubstr("whsec_")),
                                Not(HasSubstr("hunter2"))));
  }
  EXPECT_EQ(create("orders").code, 1);
}

TEST_F(Deliveries, MakeAnEndpointOfAFileWithASecretOfOnesOwn) {
  write("endpoint.json", R"({"id":"orders","url":")" + std::string(kNowhere) +
                             R"(","timeout":"3s","concurrency":2})");
  write("secret", kSecret);
  const auto made =
      run({"endpoint", "create", "--from-file", directory_ / "endpoint.json", "--timeout", "4s",
           "--secret-file", directory_ / "secret", "--tenant", "acme"});
  ASSERT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(made.out, IsEmpty());
  const Json shown = json({"endpoint", "show", "orders", "--json", "--tenant", "acme"});
  EXPECT_EQ(shown["timeout"], "4s");
  EXPECT_EQ(shown["concurrency"], 2);
  EXPECT_EQ(shown["tenant"], "acme");
  EXPECT_EQ(run({"endpoint", "show", "orders", "--tenant", "rival"}).code, 1);
  EXPECT_EQ(json({"endpoint", "list", "--json", "--tenant", "rival"})["items"].size(), 0U);
}

TEST_F(Deliveries, ChangeWhatIsSaidAndKeepTheRest) {
  ASSERT_EQ(create("orders", {"--rate", "2", "--quota", "5", "--description", "kept"}).code, 0);
  const auto update = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"endpoint", "update", "orders", "--json"});
    return json(std::move(words));
  };
  Json now = update({"--timeout", "5s", "--clear", "rate"});
  EXPECT_EQ(now["timeout"], "5s");
  EXPECT_TRUE(now["rate"].is_null());
  EXPECT_EQ(now["daily_quota"], 5);
  EXPECT_EQ(now["description"], "kept");
  now = update({"--ordered"});
  EXPECT_EQ(now["ordered"], true);
  EXPECT_EQ(now["concurrency"], 1);
  now = update({"--no-ordered"});
  EXPECT_EQ(now["ordered"], false);
  EXPECT_EQ(now["concurrency"], 8);

  write("endpoint.json", R"({"url":")" + std::string(kNowhere) + R"(","timeout":"6s"})");
  now = update({"--from-file", directory_ / "endpoint.json"});
  EXPECT_EQ(now["timeout"], "6s");
  EXPECT_TRUE(now["daily_quota"].is_null());
  EXPECT_EQ(run({"endpoint", "update", "orders", "--timeout", "1h"}).code, 2);
  EXPECT_EQ(run({"endpoint", "update", "nobody", "--timeout", "5s"}).code, 1);
}

TEST_F(Deliveries, PauseResumeRewindRotateAndRemoveAnEndpoint) {
  const std::string first = create("orders").out;
  EXPECT_EQ(run({"endpoint", "pause", "orders", "--reason", "moving house"}).code, 0);
  EXPECT_THAT(run({"endpoint", "list"}).out, HasSubstr("paused"));
  EXPECT_EQ(json({"endpoint", "show", "orders", "--json"})["reason"], "moving house");
  EXPECT_EQ(json({"endpoint", "resume", "orders", "--json"})["status"], "enabled");
  EXPECT_EQ(run({"endpoint", "rewind", "orders", "--after", "0"}).code, 0);
  EXPECT_EQ(run({"endpoint", "rewind", "orders", "--from", "2026-01-05T00:00:00Z"}).code, 0);
  EXPECT_EQ(run({"endpoint", "rewind", "orders", "--event", kEvent}).code, 2) << "still to come";
  EXPECT_EQ(run({"endpoint", "rewind", "orders", "--from", "yesterday"}).code, 2);
  const auto second = run({"endpoint", "rotate-secret", "orders", "--overlap", "1h"});
  EXPECT_THAT(second.out, StartsWith("whsec_"));
  EXPECT_NE(second.out, first);
  EXPECT_EQ(json({"endpoint", "show", "orders", "--json"})["secrets"].size(), 2U);
  EXPECT_EQ(run({"endpoint", "delete", "orders"}).code, 0);
  EXPECT_EQ(run({"endpoint", "show", "orders"}).code, 1);
  EXPECT_EQ(run({"endpoint", "delete", "orders"}).code, 1);
}

TEST_F(Deliveries, HaveNothingToShowOfAnEndpointThatGotNothing) {
  ASSERT_EQ(create("orders").code, 0);
  for (const char* noun : {"delivery", "deadletter"}) {
    const auto list = run({noun, "list", "orders"});
    EXPECT_EQ(list.code, 0) << list.err;
    EXPECT_THAT(list.out, IsEmpty());
    EXPECT_EQ(json({noun, "list", "orders", "--json"})["items"].size(), 0U);
    EXPECT_EQ(run({noun, "list", "nobody"}).code, 1);
    EXPECT_EQ(run({noun, "list", "orders", "--since", "yesterday"}).code, 2);
  }
  for (const char* verb : {"show", "retry", "cancel"}) {
    EXPECT_EQ(run({"delivery", verb, "orders", kEvent}).code, 1) << verb;
  }
  EXPECT_THAT(run({"deadletter", "drop", "orders", "--dry-run"}).out,
              HasSubstr("0 dead letters would be dropped"));
  EXPECT_EQ(json({"deadletter", "replay", "orders", "--json"})["changed"], 0);
}

TEST_F(Deliveries, ComeUnderANewMasterKey) {
  ASSERT_EQ(create("orders").code, 0);
  const std::string old_key = json({"secrets", "status", "--json"})["master_key"];
  configure("new.key", "old_master_keys = [{ file = \"master.key\" }]\n");
  EXPECT_EQ(json({"secrets", "status", "--json"})["tenants"][0]["state"], "old");
  EXPECT_THAT(run({"secrets", "status"}).err, HasSubstr("secrets rotate"));
  EXPECT_THAT(run({"secrets", "rotate"}).out, HasSubstr("1 of 1 tenants"));
  const Json status = json({"secrets", "status", "--json"});
  EXPECT_NE(status["master_key"], old_key);
  EXPECT_EQ(status["tenants"][0]["state"], "current");
  EXPECT_EQ(json({"secrets", "rotate", "--json"})["already_current"], 1);
  configure("new.key", "");
  EXPECT_EQ(run({"endpoint", "rotate-secret", "orders"}).code, 0);
}

TEST_F(Deliveries, SayWhichMasterKeyIsMissing) {
  ASSERT_EQ(create("orders").code, 0);
  configure("new.key", "");
  EXPECT_EQ(json({"secrets", "status", "--json"})["tenants"][0]["state"], "missing");
  const auto rotated = run({"secrets", "rotate"});
  EXPECT_EQ(rotated.code, 1);
  EXPECT_THAT(rotated.err, HasSubstr("tenant default"));
}

TEST_F(Deliveries, RefuseToRotateAServerThatHasAnotherMasterKey) {
  ASSERT_EQ(create("orders").code, 0);
  const auto server = serve();
  configure("new.key", "old_master_keys = [{ file = \"master.key\" }]\n");
  const auto rotated = run({"secrets", "rotate"});
  EXPECT_EQ(rotated.code, 1);
  EXPECT_THAT(rotated.err, HasSubstr("restart it"));
}

TEST_F(Deliveries, SayWhatBecameOfAnEventThatNobodyTook) {
  const auto receiver = make_http_server();
  receiver->route("POST", "/hook", [](const ServerRequest&) {
    ServerResponse refusal;
    refusal.status = 500;
    refusal.body = "out of order";
    return refusal;
  });
  ASSERT_TRUE(receiver->listen("127.0.0.1:0"));
  ASSERT_TRUE(receiver->start());
  // Made before the server runs, whose first sync would otherwise come before it.
  const std::string url = "http://127.0.0.1:" + std::to_string(receiver->port()) + "/hook";
  ASSERT_EQ(run({"endpoint", "create", "--id", "orders", "--url", url, "--schedule", "0s"}).code,
            0);
  const auto server = serve();
  const auto tested = run({"endpoint", "test", "orders"});
  EXPECT_EQ(tested.code, 4) << tested.err;
  EXPECT_THAT(tested.out, AllOf(HasSubstr("HTTP 500"), HasSubstr("out of order")));
  ASSERT_EQ(run({"sync"}).code, 0);
  Json dead;
  for (int tries = 0; tries < 500 && dead.size() < 2; ++tries) {
    dead = json({"deadletter", "list", "orders", "--json"})["items"];
  }
  ASSERT_EQ(dead.size(), 2U);
  const std::string event = dead[0]["event_id"];
  EXPECT_THAT(run({"deadletter", "list", "orders"}).out,
              AllOf(HasSubstr(event), HasSubstr("500"), HasSubstr("calendar.event.created")));
  EXPECT_THAT(run({"delivery", "show", "orders", event}).out,
              AllOf(HasSubstr(event + " is dead"), HasSubstr("out of order")));
  EXPECT_THAT(run({"deadletter", "replay", "orders", "--dry-run"}).out,
              HasSubstr("2 dead letters would be begun anew"));
  EXPECT_THAT(run({"deadletter", "drop", "orders", "--event", event}).out,
              HasSubstr("1 dead letter dropped"));
  EXPECT_EQ(json({"deadletter", "list", "orders", "--json"})["items"].size(), 1U);
  receiver->stop(std::chrono::seconds(1));
}

}  // namespace
}  // namespace tidemark::app::test
