#include "vault/vault.h"

#include <thread>

#include "vault_fixture.h"

namespace tidemark::test {
namespace {

using VaultSecrets = VaultTest;

TEST_F(VaultSecrets, AreOpenedAsTheyWereSealedAlsoByTheNextProcess) {
  must_keep("acme", "endpoint/1", "whsec_first");
  must_keep("acme", "empty", "");
  must_keep("acme", "large", std::string(kMaxSecretPlaintextBytes, 'x'));
  EXPECT_EQ(opened("acme", "endpoint/1"), "whsec_first");
  reopen_with({master_key('a')});
  EXPECT_EQ(opened("acme", "endpoint/1"), "whsec_first");
  EXPECT_EQ(opened("acme", "empty"), "");
  EXPECT_EQ(opened("acme", "large").size(), kMaxSecretPlaintextBytes);
}

TEST_F(VaultSecrets, AreNotFoundBeforeTheirStepNorUnderAnotherNameOrTenant) {
  ASSERT_TRUE(vault_->seal("acme", "endpoint/1", Secret("never submitted")));
  EXPECT_EQ(opened("acme", "endpoint/1"), "not_found");
  must_keep("acme", "endpoint/2", "secret");
  EXPECT_EQ(opened("acme", "endpoint/20"), "not_found");
  EXPECT_EQ(opened("other", "endpoint/2"), "not_found");
  EXPECT_EQ(vault_->open("other", "endpoint/2").error().message,
            "the tenant \"other\" has no secret \"endpoint/2\"");
}

TEST_F(VaultSecrets, OfATenantShareOneDataKeyAndTenantsShareNone) {
  must_keep("acme", "one", "1");
  must_keep("acme", "two", "2");
  must_keep("other", "one", "3");
  const auto status = vault_->status();
  ASSERT_TRUE(status) << status.error().message;
  ASSERT_EQ(status->tenants.size(), 2U);
  EXPECT_NE(status->tenants[0].data_key, status->tenants[1].data_key);
  for (const auto& tenant : status->tenants) {
    EXPECT_EQ(tenant.master_key, master_key('a').id());
    EXPECT_TRUE(tenant.configured);
    EXPECT_EQ(tenant.created_at, clock_.now());
  }
  EXPECT_EQ(opened("acme", "one") + opened("acme", "two") + opened("other", "one"), "123");
}

TEST_F(VaultSecrets, GetOneDataKeyHoweverManyAskForItAtOnce) {
  engine_->start();
  std::vector<std::thread> threads;
  std::atomic<int> kept = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (const char* tenant : {"acme", "other"}) {
        kept += keep(tenant, "secret/" + std::to_string(i), std::to_string(i)).has_value();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(kept, 16);
  for (const char* tenant : {"acme", "other"}) {
    const auto made = read_records(*store_, {.instance = vault_instance(tenant).value});
    EXPECT_EQ(made->size(), 1U);
    EXPECT_EQ(list_secrets(*store_, tenant, "vault/", 10)->size(), 1U);
    for (int i = 0; i < 8; ++i) {
      EXPECT_EQ(opened(tenant, "secret/" + std::to_string(i)), std::to_string(i));
    }
  }
}

TEST_F(VaultSecrets, UseTheDataKeyThatAnotherVaultMadeFirst) {
  Vault other(*engine_, *store_, {master_key('a')});
  must_keep("acme", "one", "1");
  EXPECT_EQ(other.open("acme", "one")->reveal(), "1");
  EXPECT_TRUE(other.seal("acme", "two", Secret("2")));
  EXPECT_EQ(list_secrets(*store_, "acme", "vault/", 10)->size(), 1U);
}

TEST_F(VaultSecrets, AreSealedOnceTheDiskTakesTheDataKey) {
  store_->failing_commits = 1;
  EXPECT_EQ(keep("acme", "one", "1").error().code, Errc::disk_full);
  EXPECT_TRUE(vault_->status()->tenants.empty());
  must_keep("acme", "one", "1");
  EXPECT_EQ(opened("acme", "one"), "1");
}

TEST_F(VaultSecrets, ThatWereAlteredAreRefused) {
  must_keep("acme", "one", "whsec_first");
  const auto bytes = stored("acme", "one");
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto altered = bytes;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    overwrite("acme", "one", altered);
    EXPECT_EQ(opened("acme", "one"), "corrupt") << "byte " << i;
  }
  for (const std::string& cut : {std::string(), bytes.substr(0, 20), bytes + "x"}) {
    overwrite("acme", "one", cut);
    EXPECT_EQ(opened("acme", "one"), "corrupt");
  }
  overwrite("acme", "one", bytes);
  EXPECT_EQ(opened("acme", "one"), "whsec_first");
}

TEST_F(VaultSecrets, MovedToAnotherNameAreRefused) {
  must_keep("acme", "one", "1");
  must_keep("acme", "two", "2");
  overwrite("acme", "two", stored("acme", "one"));
  EXPECT_EQ(opened("acme", "two"), "corrupt");
  const auto message = vault_->open("acme", "two").error().message;
  EXPECT_NE(message.find("\"two\" of the tenant \"acme\""), std::string::npos) << message;
}

TEST_F(VaultSecrets, MovedToAnotherTenantAreRefusedEvenTogetherWithTheirDataKey) {
  must_keep("acme", "one", "1");
  must_keep("other", "one", "2");
  const auto data_key = data_key_name("acme");
  overwrite("other", "one", stored("acme", "one"));
  EXPECT_EQ(opened("other", "one"), "corrupt");
  overwrite("other", data_key, stored("acme", data_key));
  EXPECT_EQ(opened("other", "one"), "corrupt");
  EXPECT_EQ(opened("acme", "one"), "1");
}

TEST_F(VaultSecrets, AreRefusedWhenTheirDataKeyIsDamagedOrGone) {
  must_keep("acme", "one", "1");
  const auto data_key = data_key_name("acme");
  const auto wrapped = stored("acme", data_key);
  auto damaged = wrapped;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  overwrite("acme", data_key, damaged);
  EXPECT_EQ(opened("acme", "one"), "1") << "opened before";
  use({master_key('a')});
  EXPECT_EQ(opened("acme", "one"), "corrupt");
  WriteBatch batch;
  batch.erase(Table::secret, engine::secret_key("acme", data_key));
  ASSERT_TRUE(store_->commit(std::move(batch), store_->last_sequence()));
  EXPECT_EQ(opened("acme", "one"), "corrupt");
  EXPECT_EQ(keep("acme", "two", "2").error().code, Errc::corrupt);
  overwrite("acme", data_key, wrapped);
  EXPECT_EQ(opened("acme", "one"), "1");
}

TEST_F(VaultSecrets, WithoutAMasterKeyAreNeitherSealedNorOpenedAndTheErrorSaysHowToHaveOne) {
  must_keep("acme", "one", "1");
  use({});
  for (const auto& error :
       {vault_->open("acme", "one").error(), vault_->seal("acme", "two", Secret("2")).error(),
        vault_->seal("other", "one", Secret("3")).error(), vault_->rotate_master_key().error()}) {
    EXPECT_EQ(error.code, Errc::no_key);
    EXPECT_NE(error.message.find("[secrets] master_key"), std::string::npos) << error.message;
    EXPECT_NE(error.message.find("openssl rand -base64 32"), std::string::npos) << error.message;
  }
  const auto status = vault_->status();
  EXPECT_FALSE(status->current);
  EXPECT_FALSE(status->tenants.at(0).configured);
}

TEST_F(VaultSecrets, UnderAnotherMasterKeyAreNotOpenedAndTheErrorNamesBothKeys) {
  must_keep("acme", "one", "1");
  use({master_key('b')});
  for (const auto& error :
       {vault_->open("acme", "one").error(), vault_->seal("acme", "two", Secret("2")).error()}) {
    EXPECT_EQ(error.code, Errc::no_key);
    EXPECT_NE(error.message.find(master_key('a').id().text()), std::string::npos) << error.message;
    EXPECT_NE(error.message.find(master_key('b').id().text()), std::string::npos) << error.message;
  }
  EXPECT_FALSE(vault_->status()->tenants.at(0).configured);
  must_keep("other", "one", "2");
  EXPECT_EQ(opened("other", "one"), "2");
}

TEST_F(VaultSecrets, HaveNamesAndSizesWithinLimits) {
  const auto code = [&](std::string_view tenant, std::string_view name, const std::string& text) {
    const auto sealed = vault_->seal(tenant, name, Secret(text));
    return sealed ? Errc::internal : sealed.error().code;
  };
  EXPECT_EQ(code("", "one", "1"), Errc::invalid_argument);
  EXPECT_EQ(code("a/b", "one", "1"), Errc::invalid_argument);
  EXPECT_EQ(code(std::string(257, 't'), "one", "1"), Errc::invalid_argument);
  EXPECT_EQ(code("acme", "", "1"), Errc::invalid_argument);
  EXPECT_EQ(code("acme", "\xFF", "1"), Errc::invalid_argument);
  EXPECT_EQ(code("acme", std::string(257, 'n'), "1"), Errc::invalid_argument);
  EXPECT_EQ(code("acme", "vault/data-key/1", "1"), Errc::invalid_argument);
  EXPECT_EQ(code("acme", "one", std::string(kMaxSecretPlaintextBytes + 1, 'x')),
            Errc::limit_exceeded);
  EXPECT_EQ(opened("acme", "vault/data-key/1"), "invalid_argument");
  EXPECT_EQ(store_->last_sequence(), 0U) << "a data key was made for nothing";
  must_keep(std::string(256, 't'), std::string(256, 'n'), "1");
  EXPECT_EQ(opened(std::string(256, 't'), std::string(256, 'n')), "1");
}

}  // namespace
}  // namespace tidemark::test
