#include "app/config.h"

#include <gmock/gmock.h>

#include "app/config_fixture.h"

namespace tidemark::app::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr auto kAccount = "[[account]]\nid = \"work\"\nprovider = \"ics\"\npath = \"calendars\"\n";

TEST_F(ConfigFile, NeedsNothingButItself) {
  const auto config = load("");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->data_dir, directory_ / "data");
  EXPECT_EQ(config->server.listen, "127.0.0.1:8420");
  EXPECT_FALSE(config->server.behind_proxy);
  EXPECT_EQ(config->log.level, log::Level::info);
  EXPECT_TRUE(config->accounts.empty());
}

TEST_F(ConfigFile, ReadsEverySectionAndKey) {
  write("password", "secret\r\n");
  write("ca.pem", "certificate");
  const auto config = load(R"(data_dir = "/srv/tidemark"
[server]
listen = "0.0.0.0:80"
behind_proxy = true
[store]
block_cache = "16MiB"
write_buffer = "4MiB"
max_wal = "128MiB"
[log]
level = "debug"
format = "json"
[[account]]
id = "Work"
tenant = "Acme"
provider = "caldav"
url = "https://dav.example.com/"
username = "alice"
password = { file = "password" }
poll = "5m"
write = true
reconcile = "12h"
discover = "1h"
confirm_after = "10s"
timeout = "2m"
calendars = ["Home", "team-*"]
allowed_hosts = ["cdn.example.com", "other.example.com:8443"]
ca_file = "ca.pem"
)");
  ASSERT_TRUE(config) << config.error().front().text();
  EXPECT_EQ(config->data_dir, "/srv/tidemark");
  EXPECT_EQ(config->server.listen, "0.0.0.0:80");
  EXPECT_TRUE(config->accounts.at(0).settings.write);
  EXPECT_TRUE(config->server.behind_proxy);
  EXPECT_EQ(config->store.block_cache_bytes, 16U << 20);
  EXPECT_EQ(config->store.write_buffer_bytes, 4U << 20);
  EXPECT_EQ(config->store.max_wal_bytes, 128U << 20);
  EXPECT_EQ(config->log.level, log::Level::debug);
  EXPECT_EQ(config->log.format, log::Format::json);
  ASSERT_EQ(config->accounts.size(), 1U);
  const auto& [settings, calendars, schedule] = config->accounts[0];
  EXPECT_EQ(settings.id, "work");
  EXPECT_EQ(settings.tenant, "acme");
  EXPECT_EQ(settings.url, "https://dav.example.com/");
  EXPECT_EQ(settings.credentials->username, "alice");
  EXPECT_EQ(settings.credentials->password.reveal(), "secret");
  EXPECT_EQ(settings.tls.ca_file, directory_ / "ca.pem");
  EXPECT_EQ(settings.timeout, minutes(2));
  EXPECT_THAT(settings.allowed_hosts, ElementsAre("cdn.example.com", "other.example.com:8443"));
  EXPECT_THAT(calendars, ElementsAre("Home", "team-*"));
  EXPECT_EQ(schedule.poll, minutes(5));
  EXPECT_EQ(schedule.reconcile, hours(12));
  EXPECT_EQ(schedule.discover, hours(1));
  EXPECT_EQ(schedule.confirm_after, seconds(10));
}

struct Mistake {
  const char* text;
  const char* place;    // "line:column: key"
  const char* message;  // a part of it
};

class ConfigMistake : public ConfigFile, public ::testing::WithParamInterface<Mistake> {};

TEST_P(ConfigMistake, IsNamedWithItsPlaceAndKey) {
  EXPECT_THAT(problems(GetParam().text),
              ElementsAre(AllOf(StartsWith(GetParam().place), HasSubstr(GetParam().message))));
}

const Mistake kMistakes[] = {
    {"data_dri = \"x\"", "1:1: data_dri", "did you mean \"data_dir\"?"},
    {"\n[server]\nlsten = \"127.0.0.1:1\"", "3:1: server.lsten", "did you mean \"listen\"?"},
    {"[sever]", "1:2: sever", "did you mean \"server\"?"},
    {"[log]\nlevel = 7", "2:1: log.level", "must be a string, not an integer"},
    {"[log]\nlevel = \"loud\"", "2:1: log.level", "known: debug, info, warning, error"},
    {"[log]\nlevel = \"wraning\"", "2:1: log.level", "did you mean \"warning\"?"},
    {"server = 3", "1:1: server", "must be a table, not an integer"},
    {"[server]\nbehind_proxy = \"yes\"", "2:1: server.behind_proxy", "must be true or false"},
    {"[server]\nlisten = \"8420\"", "2:1: server.listen", "ADDRESS:PORT"},
    {"[server]\nlisten = \"127.0.0.1:70000\"", "2:1: server.listen", "ADDRESS:PORT"},
    {"[server]\nlisten = \"::1:80\"", "2:1: server.listen", "ADDRESS:PORT"},
    {"[server]\nlisten = \"0.0.0.0:80\"", "2:1: server.listen", "behind_proxy = true"},
    {"[server]\nlisten = \":80\"", "2:1: server.listen", "behind_proxy = true"},
    {"[server]\npublic_url = \"tidemark.example\"", "2:1: server.public_url", "URL"},
    {"[server]\npublic_url = \"http://t.example\"", "2:1: server.public_url", "https"},
    {"[server]\npublic_url = \"https://t.example/?a\"", "2:1: server.public_url", "query"},
    {"[server]\nlisten = \"127.0.0.1.example.com:80\"", "2:1: server.listen", "behind_proxy"},
    {"[store]\nblock_cache = 8", "2:1: store.block_cache", "a size in quotes"},
    {"[store]\nblock_cache = \"8MB\"", "2:1: store.block_cache", "is not a size"},
    {"[store]\nblock_cache = \"1B\"", "2:1: store.block_cache", "must be between"},
    {"account = 3", "1:1: account", "[[account]]"},
    {"[account]\nid = \"a\"", "1:2: account", "[[account]]"},
    {"[[account]]\nprovider = \"ics\"\npath = \"x\"", "1:1: account.1.id", "is missing"},
    {"[[account]]\nid = \"a/b\"\nprovider = \"ics\"\npath = \"x\"", "2:1: account.1.id", "letters"},
    {"[[account]]\nid = 7\nprovider = \"ics\"\npath = \"x\"", "2:1: account.1.id", "a string"},
    {"[[account]]\nid = \"a\"\npath = \"x\"", "1:1: account.a.provider", "is missing"},
    {"[[account]]\nid = \"a\"\nprovider = \"cladav\"\nurl = \"http://h/\"",
     "3:1: account.a.provider", "did you mean \"caldav\"?"},
    {"[[account]]\nid = \"a\"\nprovider = \"caldav\"", "1:1: account.a.url", "is missing"},
    {"[[account]]\nid = \"a\"\nprovider = \"caldav\"\nurl = \"ftp://h/\"", "4:1: account.a.url",
     "http"},
    {"[[account]]\nid = \"a\"\nprovider = \"ics\"\nurl = \"http://h/\"\npath = \"x\"",
     "5:1: account.a.path", "not both"},
    {"[[account]]\nid = \"a\"\nprovider = \"ics\"\npath = \"x\"\ntenant = \"é\"",
     "5:1: account.a.tenant", "letters"},
    {"[[account]]\nid = \"a\"\nprovider = \"ics\"\npath = \"x\"\npol = \"60s\"",
     "5:1: account.a.pol", "did you mean \"poll\"?"},
    {"[[account]]\nid = \"a\"\nprovider = \"ics\"\npath = \"x\"\npoll = \"60\"",
     "5:1: account.a.poll", "is not a duration"},
    {"[[account]]\nid = \"a\"\nprovider = \"ics\"\npath = \"x\"\nwrite = true",
     "5:1: account.a.write", "only reads"},
    {"[[account]]\nid = \"a\"\nprovider = \"ics\"\npath = \"x\"\npoll = 60", "5:1: account.a.poll",
     "a duration in quotes"},
    {"[[account]]\nid = \"a\"\nprovider = \"ics\"\npath = \"x\"\npoll = \"10ms\"",
     "5:1: account.a.poll", "least allowed, 1s"},
    {"[[account]]\nid = \"a\"\nprovider = \"ics\"\npath = \"x\"\ncalendars = \"*\"",
     "5:1: account.a.calendars", "a list of strings"},
    {"[[account]]\nid = \"a\"\nprovider = \"ics\"\npath = \"x\"\ncalendars = []",
     "5:1: account.a.calendars", "selects nothing"},
    {"[[account]]\nid = \"a\"\nprovider = \"ics\"\npath = \"x\"\ncalendars = [\"a\", 3]",
     "5:19: account.a.calendars", "not an integer"},
    {"[[account]]\nid = \"a\"\nprovider = \"ics\"\npath = \"x\"\ncalendars = [\"\"]",
     "5:1: account.a.calendars", "a pattern is"},
    {"[[account]]\nid = \"a\"\nprovider = \"ics\"\npath = \"x\"\nallowed_hosts = [\"http://x\"]",
     "5:1: account.a.allowed_hosts", "host names only"},
    {"[[account]]\nid = \"a\"\nprovider = \"ics\"\npath = \"x\"\nca_file = \"none.pem\"",
     "5:1: account.a.ca_file", "cannot read"},
    {"[[account]]\nid = \"a\"\nprovider = \"ics\"\npath = \"x\"\nusername = \"u\"",
     "5:1: account.a.password", "is missing"},
    {"[[account]]\nid = \"a\"\nprovider = \"ics\"\npath = \"x\"\nusername = \"u\"\n"
     "password = \"hunter2\"",
     "6:1: account.a.password", "must be a table"},
    {"[[account]]\nid = \"a\"\nprovider = \"ics\"\npath = \"x\"\nusername = \"u\"\n"
     "password = { file = \"nowhere\" }",
     "6:14: account.a.password.file", "cannot read the file"},
    {"[[account]]\nid = \"a\"\nprovider = \"ics\"\npath = \"x\"\nusername = \"u\"\n"
     "password = { env = \"NOT_SET\" }",
     "6:14: account.a.password.env", "NOT_SET is not set"},
    {"[[account]]\nid = \"a\"\nprovider = \"ics\"\npath = \"x\"\nusername = \"u\"\npassword = {}",
     "6:1: account.a.password", "{ file ="},
};
INSTANTIATE_TEST_SUITE_P(All, ConfigMistake, ::testing::ValuesIn(kMistakes));

TEST_F(ConfigFile, TellsAllProblemsAtOnceInTheOrderOfTheFile) {
  const auto found = problems("data_dri = \"x\"\n[log]\nlevel = 7\ncolour = true\n[[account]]\n" +
                              std::string("id = \"a\"\nprovider = \"ics\"\npoll = \"soon\"\n"));
  EXPECT_THAT(found, ElementsAre(StartsWith("1:1: data_dri"), StartsWith("3:1: log.level"),
                                 StartsWith("4:1: log.colour"), StartsWith("5:1: account.a.url"),
                                 StartsWith("8:1: account.a.poll")));
}

TEST_F(ConfigFile, NamesTheLineOfASyntaxError) {
  EXPECT_THAT(problems("data_dir = \"x\"\n[server\n"),
              ElementsAre(AllOf(StartsWith("2:"), HasSubstr("not valid TOML"))));
}

TEST_F(ConfigFile, SaysThatItIsMissing) {
  source_.file = directory_ / "other.toml";
  const auto config = load_config(source_);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error()[0].text(), AllOf(HasSubstr("other.toml"), HasSubstr("no such file")));
}

TEST_F(ConfigFile, RefusesAnIdThatIsUsedTwiceInWhateverCase) {
  const auto found = problems(std::string(kAccount) + "\n[[account]]\nid = \"WORK\"\n" +
                              "tenant = \"other\"\nprovider = \"ics\"\npath = \"y\"\n");
  EXPECT_THAT(found, ElementsAre(AllOf(StartsWith("7:1: account.work.id"), HasSubstr("line 2"))));
}

TEST_F(ConfigFile, NeverRepeatsAPasswordThatStandsInTheFile) {
  const std::string account = std::string(kAccount) + "username = \"u\"\n";
  for (const auto& text : problems(account + "password = \"hunter2\"\n")) {
    EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  }
  const auto found =
      problems("[[account]]\nid = \"a\"\nprovider = \"caldav\"\nurl = \"http://u:hunter2@h/\"\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0], AllOf(StartsWith("4:1: account.a.url"), Not(HasSubstr("hunter2"))));
}

TEST_F(ConfigFile, VariablesOverrideTheFileAndFlagsOverrideVariables) {
  source_.variables = {{"TIDEMARK_LOG_LEVEL", "error"},
                       {"TIDEMARK_SERVER_LISTEN", "127.0.0.1:1"},
                       {"TIDEMARK_ACCOUNT_WORK_POLL", "7s"},
                       {"TIDEMARK_ACCOUNT_WORK_CALENDARS", "a, b*"}};
  source_.flags = {{"server.listen", "127.0.0.1:2"}};
  const auto config = load("[log]\nlevel = \"debug\"\n" + std::string(kAccount));
  ASSERT_TRUE(config);
  EXPECT_EQ(config->log.level, log::Level::error);
  EXPECT_EQ(config->server.listen, "127.0.0.1:2");
  EXPECT_EQ(config->accounts[0].schedule.poll, seconds(7));
  EXPECT_THAT(config->accounts[0].calendars, ElementsAre("a", "b*"));
  EXPECT_EQ(shown(*config, "log.level"), "\"error\" TIDEMARK_LOG_LEVEL");
  EXPECT_EQ(shown(*config, "server.listen"), "\"127.0.0.1:2\" --listen");
  EXPECT_EQ(shown(*config, "log.format"), "\"automatic\" default");
  EXPECT_EQ(shown(*config, "account.work.id"), "\"work\" " + file() + ":4:1");
  EXPECT_THAT(config->warnings, IsEmpty());
}

TEST_F(ConfigFile, BlamesTheVariableForItsValue) {
  source_.variables = {{"TIDEMARK_SERVER_BEHIND_PROXY", "maybe"}};
  EXPECT_THAT(problems(""), ElementsAre(StartsWith("TIDEMARK_SERVER_BEHIND_PROXY: server.behind")));
}

TEST_F(ConfigFile, WarnsOfAMistypedVariable) {
  source_.variables = {
      {"TIDEMARK_LOG_LEVLE", "error"}, {"TIDEMARK_PORT_8420_TCP_ADDR", "10.0.0.1"}, {"HOME", "/"}};
  const auto config = load("");
  ASSERT_TRUE(config);
  ASSERT_EQ(config->warnings.size(), 1U);
  EXPECT_THAT(config->warnings[0].text(),
              AllOf(HasSubstr("TIDEMARK_LOG_LEVLE"), HasSubstr("TIDEMARK_LOG_LEVEL")));
}

TEST_F(ConfigFile, ReadsRelativePathsFromTheFilesOwnFolder) {
  const auto config = load("data_dir = \"../data\"\n" + std::string(kAccount));
  ASSERT_TRUE(config);
  EXPECT_EQ(config->data_dir, (directory_.path().parent_path() / "data").string());
  EXPECT_EQ(config->accounts[0].settings.path, directory_ / "calendars");
}

TEST_F(ConfigFile, ReadsAFlagsPathFromTheWorkingDirectory) {
  source_.flags = {{"data_dir", "here"}};
  const auto config = load("");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->data_dir, (std::filesystem::current_path() / "here").string());
}

TEST_F(ConfigFile, TakesAPasswordFromAVariableAndShowsItMasked) {
  source_.variables = {{"TIDEMARK_WORK_PASSWORD", "hunter2"}};
  const auto config = load(std::string(kAccount) +
                           "username = \"u\"\npassword = { env = \"TIDEMARK_WORK_PASSWORD\" }\n");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->accounts[0].settings.credentials->password.reveal(), "hunter2");
  EXPECT_THAT(shown(*config, "account.work.password"), StartsWith("********"));
  EXPECT_THAT(config->warnings, IsEmpty());
  for (const auto& value : config->shown) EXPECT_THAT(value.value, Not(HasSubstr("hunter2")));
}

TEST_F(ConfigFile, WarnsOfASecretThatEveryoneCanRead) {
  write("password", "secret\n");
  ::chmod((directory_ / "password").c_str(), 0644);
  const auto config =
      load(std::string(kAccount) + "username = \"u\"\npassword = { file = \"password\" }\n");
  ASSERT_TRUE(config);
  ASSERT_EQ(config->warnings.size(), 1U);
  EXPECT_THAT(config->warnings[0].text(), HasSubstr("chmod 600"));
}

TEST_F(ConfigFile, MasksTheAddressOfASubscribedCalendar) {
  const auto config = load(
      "[[account]]\nid = \"a\"\nprovider = \"ics\"\nurl = \"https://h.example/private-x/b.ics\"\n");
  ASSERT_TRUE(config);
  EXPECT_THAT(shown(*config, "account.a.url"),
              AllOf(HasSubstr("https://h.example/"), Not(HasSubstr("private-x"))));
}

TEST_F(ConfigFile, ReadsThePublicUrlWithoutItsLastSlash) {
  EXPECT_EQ(load("")->server.public_url, "");
  const auto config =
      load("[server]\nbehind_proxy = true\npublic_url = \"https://t.example/mark/\"\n");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->server.public_url, "https://t.example/mark");
  EXPECT_TRUE(config->warnings.empty());
  EXPECT_EQ(load("[server]\npublic_url = \"https://t.example\"\n")->warnings.size(), 1U);
  EXPECT_EQ(load("[server]\npublic_url = \"http://127.0.0.1:8420\"\n")->server.public_url,
            "http://127.0.0.1:8420");
}

TEST_F(ConfigFile, WarnsOfAPasswordInClearText) {
  source_.variables = {{"SECRET", "s"}};
  const std::string rest = "username = \"u\"\npassword = { env = \"SECRET\" }\n";
  const std::string head = "[[account]]\nid = \"a\"\nprovider = \"caldav\"\nurl = ";
  EXPECT_EQ(load(head + "\"http://dav.example/\"\n" + rest)->warnings.size(), 1U);
  EXPECT_EQ(load(head + "\"http://127.0.0.1:5232/\"\n" + rest)->warnings.size(), 0U);
  EXPECT_EQ(load(head + "\"https://dav.example/\"\n" + rest)->warnings.size(), 0U);
}

}  // namespace
}  // namespace tidemark::app::test
