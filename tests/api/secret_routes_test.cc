#include <gmock/gmock.h>

#include "api/api_world.h"

namespace tidemark::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kOther = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

class SecretRoutes : public ApiWorld {
 protected:
  SecretRoutes() { keep_a_secret("acme"); }
  explicit SecretRoutes(WorldOptions options) : ApiWorld(std::move(options)) {}

  void keep_a_secret(const std::string& tenant) {
    delivery::EndpointConfig config;
    config.id = "orders";
    config.url = "https://example.com/hook";
    EXPECT_TRUE(delivery_->create(tenant, config));
  }
  static MasterKey key(const std::string& text) { return *MasterKey::parse(text); }
  Json as_operator(const std::string& line) const {
    const auto response = ask(line);
    EXPECT_EQ(response.status, 200) << response.body;
    return parse_json(response.body).value_or(Json());
  }
};

TEST_F(SecretRoutes, SayWhichMasterKeyEachTenantIsUnder) {
  const Json status = as_operator("GET /v1/secrets");
  EXPECT_EQ(status["master_key"].get<std::string>().size(), 16U);
  EXPECT_EQ(status["old_master_keys"], Json::array());
  ASSERT_EQ(status["tenants"].size(), 1U);
  EXPECT_EQ(status["tenants"][0]["tenant"], "acme");
  EXPECT_EQ(status["tenants"][0]["state"], "current");
  EXPECT_EQ(status["tenants"][0]["master_key"], status["master_key"]);
}

TEST_F(SecretRoutes, BringEveryTenantUnderTheCurrentMasterKey) {
  const std::string before = as_operator("GET /v1/secrets")["master_key"];
  vault_->use_master_keys({key(kOther), key("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")});
  Json status = as_operator("GET /v1/secrets");
  EXPECT_EQ(status["old_master_keys"], Json({before}));
  EXPECT_EQ(status["tenants"][0]["state"], "old");

  const Json report = as_operator("POST /v1/secrets/rotate");
  EXPECT_EQ(report["master_key"], key(kOther).id().text());
  EXPECT_EQ(report["tenants"], 1);
  EXPECT_EQ(report["rewrapped"], 1);
  EXPECT_EQ(report["failures"], Json::array());
  status = as_operator("GET /v1/secrets");
  EXPECT_EQ(status["tenants"][0]["state"], "current");
  EXPECT_EQ(as_operator("POST /v1/secrets/rotate")["already_current"], 1);
}

TEST_F(SecretRoutes, TellWhichTenantsKeyIsMissing) {
  vault_->use_master_keys({key(kOther)});
  EXPECT_EQ(as_operator("GET /v1/secrets")["tenants"][0]["state"], "missing");
  const Json report = as_operator("POST /v1/secrets/rotate");
  ASSERT_EQ(report["failures"].size(), 1U);
  EXPECT_EQ(report["failures"][0]["tenant"], "acme");
  EXPECT_EQ(report["failures"][0]["code"], "no_key");
}

TEST_F(SecretRoutes, AreTheOperatorsAlone) {
  const auto token = make_key("acme");
  EXPECT_EQ(ask("GET /v1/secrets", token).status, 403);
  EXPECT_EQ(ask("POST /v1/secrets/rotate", token).status, 403);
}

TEST_F(SecretRoutes, TakeNoBodyTheyDoNotKnow) {
  EXPECT_EQ(ask("POST /v1/secrets/rotate", "operator", {}, R"({"key": "x"})").status, 400);
}

class SecretRoutesWithoutAKey : public SecretRoutes {
 protected:
  SecretRoutesWithoutAKey() : SecretRoutes(WorldOptions{.without_vault = true}) {}
};

TEST_F(SecretRoutesWithoutAKey, SayHowToConfigureOne) {
  for (const char* line : {"GET /v1/secrets", "POST /v1/secrets/rotate"}) {
    const auto response = ask(line);
    EXPECT_EQ(response.status, 503);
    EXPECT_THAT(response.body, AllOf(HasSubstr("\"no_key\""), HasSubstr("[secrets] master_key"),
                                     HasSubstr("generate-key")));
  }
}

}  // namespace
}  // namespace tidemark::test
