// A vault over a real engine and store, with master keys that differ in one digit repeated.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine_fixture.h"
#include "engine/keys.h"
#include "engine/secrets.h"
#include "vault/vault.h"

namespace tidemark::test {

// digit: hexadecimal.
inline MasterKey master_key(char digit) {
  auto key = MasterKey::parse(std::string(64, digit));
  EXPECT_TRUE(key) << key.error().message;
  return *std::move(key);
}

class VaultTest : public EngineTest {
 protected:
  VaultTest() {
    more_machines_.push_back(erase<VaultMachine>());
    reopen_with({master_key('a')});
  }
  ~VaultTest() override { vault_.reset(); }

  void use(std::vector<MasterKey> keys) {
    vault_ = std::make_unique<Vault>(*engine_, *store_, std::move(keys));
  }
  void reopen_with(std::vector<MasterKey> keys) {
    vault_.reset();
    reopen();
    use(std::move(keys));
  }

  // Seals a secret and stores it with a step of the tenant.
  Result<void> keep(std::string_view tenant, std::string_view name, const std::string& plaintext) {
    TM_ASSIGN(auto sealed, vault_->seal(tenant, name, Secret(plaintext)));
    Input made = note("a", "keeps a secret");
    made.instance = id("a", tenant);
    made.secrets.push_back(std::move(sealed));
    TM_TRY(engine_->submit(std::move(made)));
    return {};
  }
  void must_keep(std::string_view tenant, std::string_view name, const std::string& plaintext) {
    const auto kept = keep(tenant, name, plaintext);
    ASSERT_TRUE(kept) << kept.error().message;
  }
  // What the secret is, or the name of the error.
  std::string opened(std::string_view tenant, std::string_view name) {
    const auto secret = vault_->open(tenant, name);
    return secret ? secret->reveal() : std::string(tidemark::name(secret.error().code));
  }
  std::string stored(std::string_view tenant, std::string_view name) {
    const auto read = read_secret(*store_, tenant, name);
    EXPECT_TRUE(read && *read) << name;
    return read ? read->value_or("") : "";
  }
  // As somebody with the disk in his hands would write it.
  void overwrite(std::string_view tenant, std::string_view name, std::string_view bytes) {
    WriteBatch batch;
    batch.put(Table::secret, engine::secret_key(tenant, name), bytes);
    ASSERT_TRUE(store_->commit(std::move(batch), store_->last_sequence()));
  }
  std::string data_key_name(std::string_view tenant) {
    const auto names = list_secrets(*store_, tenant, "vault/", 10);
    EXPECT_EQ(names->size(), 1U);
    return names->at(0);
  }

  std::unique_ptr<Vault> vault_;
};

}  // namespace tidemark::test
