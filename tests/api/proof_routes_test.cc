// Proving the journal over the API.
#include <gmock/gmock.h>

#include "api_world.h"
#include "audit/proof.h"
#include "engine/journal.h"

namespace tidemark::test {
namespace {

using ::testing::HasSubstr;

class ProofRoutes : public ApiWorld {
 protected:
  ProofRoutes() { sync_all(); }

  audit::VerifierKey key() const {
    return *audit::VerifierKey::parse(ask("GET /v1/audit/key").body);
  }
  Json make_checkpoint() {
    const auto made = ask("POST /v1/audit/checkpoints", "operator", {}, "{}");
    EXPECT_EQ(made.status, 200) << made.body;
    return parse_json(made.body).value_or(Json());
  }
  // The first record of a tenant.
  std::string sequence_of(const std::string& tenant) const {
    const auto items = get("/v1/audit?limit=1&tenant=" + tenant)["items"];
    return std::to_string(items.at(0)["sequence"].get<Sequence>());
  }
};

TEST_F(ProofRoutes, ProveARecordToWhoMaySeeIt) {
  const Json checkpoint = make_checkpoint();
  const std::string acme = make_key("acme");
  const std::string mine = "/v1/audit/" + sequence_of("acme") + "/proof";
  const auto answer = ask("GET " + mine, acme);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto proof = audit::InclusionProof::parse(answer.body);
  ASSERT_TRUE(proof) << proof.error().message;
  const auto proved = audit::check(*proof, key());
  ASSERT_TRUE(proved) << proved.error().message;
  EXPECT_EQ(proved->record.tenant, "acme");
  EXPECT_EQ(proved->checkpoint.size, checkpoint["size"]);
  const std::string theirs = "/v1/audit/" + sequence_of("rival") + "/proof";
  EXPECT_EQ(ask("GET " + theirs, acme).status, 404);
  EXPECT_EQ(ask("GET " + theirs).status, 200) << "the operator may";
  EXPECT_EQ(ask("GET /v1/audit/0/proof").status, 404);
  EXPECT_EQ(ask("GET /v1/audit/99999/proof").status, 404);
  EXPECT_EQ(ask("GET " + mine + "?size=1").status, 404) << "no checkpoint has that size";
}

TEST_F(ProofRoutes, SayThatNoCheckpointReachesARecordYet) {
  const auto answer = ask("GET /v1/audit/1/proof");
  EXPECT_EQ(answer.status, 409) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("tidemark audit checkpoint"));
  EXPECT_EQ(ask("GET /v1/audit/key").status, 404) << "no key was made yet";
}

TEST_F(ProofRoutes, ListCheckpointsAndProveTheyBelongTogether) {
  const Json first = make_checkpoint();
  write_event("acme", "three", "More");
  sync_all();
  const Json second = make_checkpoint();
  const Json list = get("/v1/audit/checkpoints?limit=1");
  ASSERT_EQ(list["items"].size(), 1U);
  EXPECT_EQ(list["items"][0], first);
  const Json rest = get("/v1/audit/checkpoints?page=" + list["next_page"].get<std::string>());
  ASSERT_EQ(rest["items"].size(), 1U);
  EXPECT_EQ(rest["items"][0], second);
  const auto answer =
      ask("GET /v1/audit/consistency?first=" + std::to_string(first["size"].get<Sequence>()));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto proof = audit::ConsistencyProof::parse(answer.body);
  ASSERT_TRUE(proof) << proof.error().message;
  const auto later = audit::check(*proof, first["checkpoint"].get<std::string>(), key());
  ASSERT_TRUE(later) << later.error().message;
  EXPECT_EQ(later->size, second["size"]);
  EXPECT_EQ(ask("GET /v1/audit/consistency").status, 400);
  EXPECT_EQ(ask("GET /v1/audit/consistency?first=3").status, 404);
}

TEST_F(ProofRoutes, VerifyTheWholeJournal) {
  make_checkpoint();
  const Json part = get("/v1/audit/verify?payloads=true");
  EXPECT_EQ(part["records"], store_->last_sequence());
  EXPECT_GT(part["payloads"], part["records"]);
  EXPECT_EQ(part["checkpoints"], 1);
  EXPECT_TRUE(part["next"].is_null());
  EXPECT_TRUE(part["finding"].is_null()) << part.dump();
  EXPECT_EQ(ask("GET /v1/audit/verify?after=5").status, 400);
  EXPECT_EQ(ask("GET /v1/audit/verify?last=99999").status, 400);
}

TEST_F(ProofRoutes, FindTheRecordAnIdComesFrom) {
  const Json event = get("/v1/feed?tenant=acme")["items"].at(0);
  const std::string id = event["id"];
  const Json found = get("/v1/audit?id=" + id)["items"];
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["events"][0]["id"], id);
  const std::string cause = event["causation_id"];
  EXPECT_EQ(get("/v1/audit?id=" + cause)["items"].size(), 1U) << cause;
  EXPECT_EQ(get("/v1/audit?id=" + id, make_key("acme"))["items"].size(), 1U);
  EXPECT_EQ(get("/v1/audit?id=" + id, make_key("rival"))["items"].size(), 0U);
  std::string other_time = id;
  other_time[6] = other_time[6] == '0' ? '1' : '0';
  EXPECT_EQ(get("/v1/audit?id=" + other_time)["items"].size(), 0U);
  EXPECT_EQ(ask("GET /v1/audit?id=nonsense").status, 400);
}

TEST_F(ProofRoutes, AreTheOperatorsWhereTheyShowOrSignEverything) {
  const std::string acme = make_key("acme");
  EXPECT_EQ(ask("GET /v1/audit/verify", acme).status, 403);
  EXPECT_EQ(ask("POST /v1/audit/checkpoints", acme, {}, "{}").status, 403);
  EXPECT_EQ(ask("GET /v1/audit/1/proof", "").status, 401);
}

}  // namespace
}  // namespace tidemark::test
