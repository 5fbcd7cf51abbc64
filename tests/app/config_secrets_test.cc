// [secrets]: where the master keys stand.
#include <gmock/gmock.h>

#include "app/config.h"
#include "app/config_fixture.h"

namespace tidemark::app::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kOneKey(64, '1');
const std::string kTwoKey(64, '2');

std::string id_of(const std::string& text) {
  return MasterKey::parse(text)->id().text();
}

class SecretsConfiguration : public ConfigFile {};

TEST_F(SecretsConfiguration, NeedNotBeThere) {
  const auto config = load("");
  ASSERT_TRUE(config);
  EXPECT_THAT(config->secrets.sources, IsEmpty());
  EXPECT_THAT(config->secrets.keys, IsEmpty());
  EXPECT_EQ(config->secrets.missing, "");
}

TEST_F(SecretsConfiguration, LoadsTheCurrentKeyFirstAndTheOldOnesAfterIt) {
  write("master.key", kOneKey + "\n");
  source_.variables = {{"OLD_KEY", kTwoKey}};
  const auto config = load(
      "[secrets]\nmaster_key = { file = \"master.key\" }\n"
      "old_master_keys = [{ env = \"OLD_KEY\" }]\n");
  ASSERT_TRUE(config) << config.error().front().text();
  ASSERT_EQ(config->secrets.sources.size(), 2U);
  EXPECT_EQ(config->secrets.sources[0].file, directory_ / "master.key");
  EXPECT_EQ(config->secrets.sources[1].env, "OLD_KEY");
  ASSERT_EQ(config->secrets.keys.size(), 2U);
  EXPECT_EQ(config->secrets.keys[0].id().text(), id_of(kOneKey));
  EXPECT_EQ(config->secrets.keys[1].id().text(), id_of(kTwoKey));
}

TEST_F(SecretsConfiguration, ShowsMasksInThePlaceOfKeys) {
  source_.variables = {{"KEY", kOneKey}, {"OLD_KEY", kTwoKey}};
  const auto config = load(
      "[secrets]\nmaster_key = { env = \"KEY\" }\nold_master_keys = [{ env = \"OLD_KEY\" }]\n");
  ASSERT_TRUE(config);
  EXPECT_THAT(shown(*config, "secrets.master_key"),
              AllOf(StartsWith("********"), HasSubstr("tidemark.toml:2:16")));
  EXPECT_THAT(shown(*config, "secrets.old_master_keys.1"), StartsWith("********"));
  for (const auto& value : config->shown) {
    EXPECT_THAT(value.value, AllOf(Not(HasSubstr("1111")), Not(HasSubstr("2222"))));
  }
}

TEST_F(SecretsConfiguration, TakeTheKeysPlaceFromAVariableBeforeTheFile) {
  write("other.key", kTwoKey);
  source_.variables = {{"TIDEMARK_SECRETS_MASTER_KEY_FILE", directory_ / "other.key"}};
  const auto config = load("[secrets]\nmaster_key = { env = \"NOT_SET\" }\n");
  ASSERT_TRUE(config) << config.error().front().text();
  ASSERT_EQ(config->secrets.keys.size(), 1U);
  EXPECT_EQ(config->secrets.keys[0].id().text(), id_of(kTwoKey));
}

TEST_F(SecretsConfiguration, WarnOfAKeyThatIsThereTwice) {
  source_.variables = {{"KEY", kOneKey}, {"OLD_KEY", kOneKey}};
  const auto config = load(
      "[secrets]\nmaster_key = { env = \"KEY\" }\nold_master_keys = [{ env = \"OLD_KEY\" }]\n");
  ASSERT_TRUE(config);
  ASSERT_EQ(config->warnings.size(), 1U);
  EXPECT_THAT(config->warnings[0].text(),
              AllOf(HasSubstr("tidemark.toml:3:1: secrets.old_master_keys"),
                    HasSubstr(id_of(kOneKey)), HasSubstr("more than once")));
}

TEST_F(SecretsConfiguration, LeaveACredentialToTheService) {
  const std::string text =
      "[secrets]\nmaster_key = { credential = \"master.key\" }\n"
      "old_master_keys = [{ env = \"OLD_KEY\" }]\n";
  source_.variables = {{"OLD_KEY", kTwoKey}};
  const auto config = load(text);
  ASSERT_TRUE(config) << config.error().front().text();
  EXPECT_EQ(config->secrets.sources[0].credential, "master.key");
  // An old key that took the first place would be the one that wraps.
  EXPECT_THAT(config->secrets.keys, IsEmpty());
  EXPECT_THAT(config->secrets.missing, HasSubstr("tidemark serve"));

  source_.serves = true;
  EXPECT_THAT(problems(text), ElementsAre(AllOf(StartsWith("2:16: secrets.master_key.credential"),
                                                HasSubstr("CREDENTIALS_DIRECTORY"))));
}

TEST_F(SecretsConfiguration, NeverRepeatsAKey) {
  source_.variables = {{"KEY", "hunter2"}};
  for (const auto& text :
       {"[secrets]\nmaster_key = { env = \"KEY\" }\n", "[secrets]\nmaster_key = \"hunter2\"\n",
        "[secrets]\nold_master_keys = [\"hunter2\"]\n"}) {
    const auto found = problems(text);
    ASSERT_FALSE(found.empty()) << text;
    for (const auto& problem : found) EXPECT_THAT(problem, Not(HasSubstr("hunter2")));
  }
}

TEST_F(SecretsConfiguration, RefusesAFileThatEveryoneCanRead) {
  write("master.key", kOneKey);
  ::chmod((directory_ / "master.key").c_str(), 0644);
  EXPECT_THAT(
      problems("[secrets]\nmaster_key = { file = \"master.key\" }\n"),
      ElementsAre(AllOf(StartsWith("2:16: secrets.master_key.file"), HasSubstr("chmod 600"))));
}

struct Mistake {
  const char* text;
  const char* place;
  const char* message;
};
class SecretsMistake : public ConfigFile, public ::testing::WithParamInterface<Mistake> {};

TEST_P(SecretsMistake, IsNamedWithItsPlaceAndKey) {
  source_.variables = {{"KEY", kOneKey}, {"SHORT", "abc"}};
  EXPECT_THAT(problems(GetParam().text),
              ElementsAre(AllOf(StartsWith(GetParam().place), HasSubstr(GetParam().message))));
}

const Mistake kMistakes[] = {
    {"secrets = 3", "1:1: secrets", "must be a table"},
    {"[secrets]\nmaster = 1", "2:1: secrets.master", "master_key"},
    {"[secrets]\nmaster_key = \"x\"", "2:1: secrets.master_key", "must be a table"},
    {"[secrets]\nmaster_key = {}", "2:1: secrets.master_key", "{ credential ="},
    {"[secrets]\nmaster_key = { fiel = \"x\" }", "2:16: secrets.master_key.fiel",
     "did you mean \"file\"?"},
    {"[secrets]\nmaster_key = { env = \"\" }", "2:16: secrets.master_key", "must not be empty"},
    {"[secrets]\nmaster_key = { file = \"none\" }", "2:16: secrets.master_key.file", "cannot read"},
    {"[secrets]\nmaster_key = { env = \"NOT_SET\" }", "2:16: secrets.master_key.env",
     "NOT_SET is not set"},
    {"[secrets]\nmaster_key = { env = \"SHORT\" }", "2:16: secrets.master_key.env", "is 32 bytes"},
    {"[secrets]\nmaster_key = { env = \"KEY\", file = \"x\" }", "2:1: secrets.master_key",
     "one of file, env and credential"},
    {"[secrets]\nold_master_keys = [{ env = \"KEY\" }]", "2:1: secrets.old_master_keys",
     "beside master_key"},
    {"[secrets]\nmaster_key = { env = \"KEY\" }\nold_master_keys = { env = \"KEY\" }",
     "3:1: secrets.old_master_keys", "must be a list of tables"},
    {"[secrets]\nmaster_key = { env = \"KEY\" }\nold_master_keys = [\n  7]",
     "4:3: secrets.old_master_keys", "must be a list of tables"},
    {"[secrets]\nmaster_key = { env = \"KEY\" }\nold_master_keys = [{ env = \"NOT_SET\" }]",
     "3:22: secrets.old_master_keys.1.env", "NOT_SET is not set"},
};
INSTANTIATE_TEST_SUITE_P(All, SecretsMistake, ::testing::ValuesIn(kMistakes));

}  // namespace
}  // namespace tidemark::app::test
