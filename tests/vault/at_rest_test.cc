// What somebody finds who has copied the data directory and not the master key.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/base64.h"
#include "base/random.h"
#include "base/hex.h"
#include "vault_fixture.h"

namespace tidemark::test {
namespace {

class AtRest : public VaultTest {
 protected:
  // True when any file below the directory holds the bytes.
  static bool on_disk(const std::string& directory, std::string_view bytes) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      std::ostringstream content;
      content << file.rdbuf();
      if (content.str().find(bytes) != std::string::npos) return true;
    }
    return false;
  }
  static void expect_no_trace(const std::string& directory, std::string_view secret) {
    EXPECT_FALSE(on_disk(directory, secret));
    EXPECT_FALSE(on_disk(directory, to_base64(secret)));
    EXPECT_FALSE(on_disk(directory, to_hex_text(secret)));
  }
  std::string data_key(std::string_view tenant) {
    const auto recorded = vault_->status()->tenants.at(0);
    EXPECT_EQ(recorded.tenant, tenant);
    const auto key = vault::unwrap(master_key('a'), tenant, recorded.data_key,
                                   stored(tenant, data_key_name(tenant)));
    EXPECT_TRUE(key) << key.error().message;
    return key->bytes.reveal();
  }
};

TEST_F(AtRest, NoFileHoldsASecretOrAKeyInTheClear) {
  // Random, so that no compression could hide it.
  const auto secret = *random_bytes(48);
  must_keep("acme", "endpoint/1", secret);
  const auto sealed = stored("acme", "endpoint/1");
  const auto key = data_key("acme");
  const auto master = master_key('a').bytes().reveal();
  const auto copy = directory_ / "copy";
  ASSERT_TRUE(store_->checkpoint(copy));  // also moves everything from the log to the tables
  for (const std::string& place : {directory_ / "store", copy}) {
    EXPECT_TRUE(on_disk(place, sealed)) << "this search would not find a secret in " << place;
    expect_no_trace(place, secret);
    expect_no_trace(place, key);
    expect_no_trace(place, master);
  }
  vault_.reset();
  close();
  expect_no_trace(directory_ / "store", secret);
  expect_no_trace(directory_ / "store", key);
}

TEST_F(AtRest, NoTableHoldsASecretOrADataKeyInTheClear) {
  const auto secret = *random_bytes(48);
  must_keep("acme", "endpoint/1", secret);
  const auto key = data_key("acme");
  for (std::size_t i = 0; i < kTableCount; ++i) {
    const auto visit = [&](std::string_view, std::string_view value) {
      EXPECT_EQ(value.find(secret), std::string_view::npos) << i;
      EXPECT_EQ(value.find(key), std::string_view::npos) << i;
      return true;
    };
    ASSERT_TRUE(store_->scan(static_cast<Table>(i), {}, {}, visit));
  }
  const auto records = read_records(*store_, {});
  ASSERT_EQ(records->size(), 2U);
  for (const auto& record : *records) {
    const auto text = to_json(record).dump();
    EXPECT_EQ(text.find(to_hex_text(key)), std::string::npos);
    EXPECT_EQ(text.find(to_hex_text(secret)), std::string::npos);
  }
}

TEST_F(AtRest, ACopyOpensWithTheMasterKeyOnly) {
  must_keep("acme", "endpoint/1", "whsec_first");
  const auto copy = directory_ / "copy";
  ASSERT_TRUE(store_->checkpoint(copy));
  StoreOptions options{.path = copy};
  options.maintenance_interval = std::chrono::milliseconds{0};
  const auto store = Store::open(options);
  ASSERT_TRUE(store) << store.error().message;
  Vault stranger(*engine_, **store, {master_key('b'), master_key('c')});
  Vault nobody(*engine_, **store, {});
  Vault owner(*engine_, **store, {master_key('b'), master_key('a')});
  EXPECT_EQ(stranger.open("acme", "endpoint/1").error().code, Errc::no_key);
  EXPECT_EQ(nobody.open("acme", "endpoint/1").error().code, Errc::no_key);
  EXPECT_EQ(owner.open("acme", "endpoint/1")->reveal(), "whsec_first");
}

}  // namespace
}  // namespace tidemark::test
