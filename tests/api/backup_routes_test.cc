// Backups over the API: the operator makes and lists them, and nobody else learns of them.
#include <gmock/gmock.h>

#include "api/api_world.h"
#include "backup/marks.h"
#include "backup/restore.h"
#include "base/text.h"

namespace tidemark::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Backups : public ApiWorld {
 protected:
  ServerResponse create(const std::string& directory) const {
    return ask("POST /v1/backups", "operator", {}, dump_json({{"directory", directory}}));
  }

  TemporaryDirectory elsewhere_;
};

TEST_F(Backups, AreMadeAndListedWithWhatIsInThem) {
  sync_all();
  const auto response = create(elsewhere_ / "backups");
  ASSERT_EQ(response.status, 201) << response.body;
  const Json made = *parse_json(response.body);
  EXPECT_EQ(made["id"], 1);
  EXPECT_EQ(made["version"], "1.2.3");
  EXPECT_EQ(made["sequence"], store_->last_sequence());
  EXPECT_EQ(made["rows"]["journal"], store_->last_sequence());
  EXPECT_EQ(made["rows"]["event"], 3);
  EXPECT_EQ(made["created_at"], format_rfc3339(clock_.now()));
  const Json listed = get("/v1/backups?directory=" + (elsewhere_ / "backups"));
  ASSERT_EQ(listed["items"].size(), 1U) << dump_json(listed);
  EXPECT_EQ(listed["items"][0], made);
}

TEST_F(Backups, AreTheOperatorsBusiness) {
  const std::string key = make_key("acme");
  const std::string body = dump_json({{"directory", elsewhere_ / "backups"}});
  for (const std::string& who : {key, std::string()}) {
    EXPECT_EQ(ask("POST /v1/backups", who, {}, body).status, 403);
    EXPECT_EQ(ask("GET /v1/backups", who).status, 403);
  }
  EXPECT_FALSE(std::filesystem::exists(elsewhere_ / "backups"));
  ASSERT_EQ(create(elsewhere_ / "backups").status, 201);
  EXPECT_THAT(ask("GET /v1/status", key).body, Not(HasSubstr("backup")));
}

TEST_F(Backups, AreRefusedWhereTheyCannotBeOrHelp) {
  EXPECT_EQ(ask("POST /v1/backups", "operator", {}, "{}").status, 400);
  EXPECT_EQ(create("backups").status, 400) << "a relative path";
  EXPECT_EQ(ask("GET /v1/backups?directory=backups").status, 400);
  EXPECT_EQ(ask("GET /v1/backups?directory=" + (elsewhere_ / "none")).status, 404);
  const std::string data = directory_.path().string();
  std::filesystem::create_directory_symlink(data, elsewhere_ / "link");
  const std::string parent = std::filesystem::path(data).parent_path().string();
  for (const std::string& wrong :
       {data, data + "/", data + "/store", data + "/backups", data + "/x/../backups", parent,
        elsewhere_ / "link", elsewhere_ / "link/backups"}) {
    const auto response = create(wrong);
    EXPECT_EQ(response.status, 400) << wrong;
    EXPECT_THAT(response.body, HasSubstr("data directory")) << wrong;
  }
  std::ofstream(elsewhere_ / "letter") << "not a backup";
  EXPECT_THAT(create(elsewhere_.path().string()).body, HasSubstr("holds other things"));
  EXPECT_EQ(create(elsewhere_ / "letter").status, 503) << "a file in the way";
}

TEST_F(Backups, TellTheirAgeAndThatOfTheLastVerifiedOne) {
  sync_all();
  EXPECT_TRUE(get("/v1/status")["backup"]["last_created"].is_null());
  EXPECT_THAT(ask("GET /metrics").body,
              Not(HasSubstr("tidemark_backup_last_created_timestamp_seconds ")));
  ASSERT_EQ(create(elsewhere_ / "backups").status, 201);
  clock_.advance(std::chrono::hours(3));
  const auto verified = backup::verify({.directory = elsewhere_ / "backups",
                                        .id = {},
                                        .scratch = {},
                                        .data_dir = directory_.path().string()},
                                       clock_);
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->verification.finding, "");
  EXPECT_TRUE(verified->noted);
  clock_.advance(std::chrono::hours(1));
  const Json status = get("/v1/status")["backup"];
  EXPECT_EQ(status["last_created"]["age_seconds"], 4 * 3600);
  EXPECT_EQ(status["last_verified"]["age_seconds"], 3600);
  const std::string metrics = ask("GET /metrics").body;
  EXPECT_THAT(metrics, HasSubstr("\ntidemark_backup_last_created_timestamp_seconds "));
  EXPECT_THAT(metrics, HasSubstr("\ntidemark_backup_last_verified_timestamp_seconds "));
}

TEST_F(Backups, AnotherStoresVerificationDoesNotCount) {
  sync_all();
  ASSERT_EQ(create(elsewhere_ / "backups").status, 201);
  const TemporaryDirectory stranger;
  const auto mark = backup::Mark{1, clock_.now(), "/x", std::string(64, 'a'), 1};
  ASSERT_TRUE(backup::write_mark(stranger.path().string(), backup::MarkKind::created, mark));
  const auto verified = backup::verify({.directory = elsewhere_ / "backups",
                                        .id = {},
                                        .scratch = {},
                                        .data_dir = stranger.path().string()},
                                       clock_);
  ASSERT_TRUE(verified);
  EXPECT_FALSE(verified->noted);
  EXPECT_FALSE(backup::read_mark(stranger.path().string(), backup::MarkKind::verified));
}

TEST_F(Backups, OfTwoStoresDoNotMixInOneDirectory) {
  sync_all();
  ASSERT_EQ(create(elsewhere_ / "backups").status, 201);
  const TemporaryDirectory other;
  const auto store = Store::open({.path = other / "store"});
  ASSERT_TRUE(store);
  backup::BackupService stranger(**store, clock_, {.data_dir = other.path().string()});
  const auto refused = stranger.create(elsewhere_ / "backups");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("another store"));
  EXPECT_EQ(get("/v1/backups?directory=" + (elsewhere_ / "backups"))["items"].size(), 1U);
}

TEST_F(Backups, WhoseManifestCannotBeLookedAtAreNotTakenForUnfinished) {
  const std::string directory = elsewhere_ / "backups";
  sync_all();
  ASSERT_EQ(create(directory).status, 201);
  ASSERT_EQ(create(directory).status, 201);
  const std::string manifest = directory + "/backups/1/manifest.json";
  std::filesystem::rename(manifest, manifest + ".aside");
  std::filesystem::create_symlink("manifest.json", manifest);  // a loop: no file, nor none
  EXPECT_EQ(create(directory).status, 503);
  EXPECT_FALSE(backup::prune(directory, 1));
  const Json listed = get("/v1/backups?directory=" + directory)["items"];
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_THAT(listed[0]["damage"].dump(), HasSubstr("manifest.json"));
  std::filesystem::rename(manifest + ".aside", manifest);
  const auto verified =
      backup::verify({.directory = directory, .id = 1, .scratch = {}, .data_dir = {}}, clock_);
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->verification.finding, "");
}

TEST_F(Backups, PruningKeepsTheNewestAndTheLastThatWasVerified) {
  const std::string directory = elsewhere_ / "backups";
  for (int i = 0; i < 5; ++i) {
    sync_all();
    ASSERT_EQ(create(directory).status, 201);
    if (i == 1) {
      ASSERT_TRUE(backup::verify({.directory = directory, .id = {}, .scratch = {}, .data_dir = {}},
                                 clock_));
    }
  }
  EXPECT_EQ(backup::prune(directory, 0).error().code, Errc::invalid_argument);
  const auto gone = backup::prune(directory, 2);
  ASSERT_TRUE(gone) << gone.error().message;
  EXPECT_EQ(*gone, (std::vector<std::uint32_t>{1, 3}));
  for (const std::uint32_t id : {2U, 4U, 5U}) {
    const auto verified =
        backup::verify({.directory = directory, .id = id, .scratch = {}, .data_dir = {}}, clock_);
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_EQ(verified->verification.finding, "") << id;
  }
  EXPECT_EQ(backup::prune(elsewhere_ / "typo", 2).error().code, Errc::not_found);
  EXPECT_FALSE(std::filesystem::exists(elsewhere_ / "typo"));
}

TEST_F(Backups, AFalseManifestIsFound) {
  sync_all();
  const std::string directory = elsewhere_ / "backups";
  ASSERT_EQ(create(directory).status, 201);
  const std::string path = directory + "/backups/1/manifest.json";
  std::ifstream in(path);
  const Json whole = *parse_json(std::string(std::istreambuf_iterator<char>(in), {}));
  const auto finding = [&](const Json& manifest) {
    std::ofstream(path, std::ios::trunc) << manifest.dump();
    const auto verified =
        backup::verify({.directory = directory, .id = {}, .scratch = {}, .data_dir = {}}, clock_);
    return verified ? verified->verification.finding : verified.error().message;
  };
  EXPECT_EQ(finding(whole), "");
  for (const char* field : {"sequence", "commits"}) {
    Json changed = whole;
    changed[field] = whole[field].get<std::uint64_t>() + 1;
    EXPECT_THAT(finding(changed), HasSubstr("the manifest says")) << field;
  }
  Json rows = whole;
  rows["rows"]["event"] = 2;
  EXPECT_THAT(finding(rows), HasSubstr("rows in table event is 3, the manifest says 2"));
  Json root = whole;
  root["root"] = std::string(64, '0');
  EXPECT_THAT(finding(root), HasSubstr("the root of the journal's tree"));
  Json key = whole;
  key["keys"]["../../escape"] = std::string(64, '0');
  EXPECT_THAT(finding(key), HasSubstr("names a key"));
  Json newer = whole;
  newer["format"] = 2;
  EXPECT_THAT(finding(newer), HasSubstr("newer version"));
  for (const char* field : {"sequence", "root", "rows", "keys", "created_at", "id", "files"}) {
    Json without = whole;
    without.erase(field);
    EXPECT_THAT(finding(without), HasSubstr(std::string("\"") + field + "\"")) << field;
  }
  EXPECT_THAT(finding(Json::array()), HasSubstr("no JSON object"));
}

}  // namespace
}  // namespace tidemark::test
