#include "vault/sealed_values.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>

#include "base/hex.h"

namespace tidemark::vault {
namespace {

MasterKey master(char digit) {
  return *MasterKey::parse(std::string(64, digit));
}

// Name to bytes, one a line in hexadecimal. Sealing is random, so the file is not what is written
// today but what must open for ever.
std::map<std::string, std::string> read_golden(const std::string& path) {
  std::map<std::string, std::string> values;
  std::ifstream file(path);
  for (std::string name, hex; file >> name >> hex;) values[name] = from_hex_text(hex).value();
  return values;
}

void write_golden(const std::string& path) {
  const auto key = *make_data_key();
  std::ofstream(path) << "value.data_key " << to_hex_text(*wrap(master('a'), "acme", key)) << "\n"
                      << "id.data_key " << to_hex_text(key.id.view()) << "\n"
                      << "value.secret "
                      << to_hex_text(*seal_secret(key, "acme", "endpoint/1", Secret("whsec")))
                      << "\n";
}

TEST(SealedValues, OfTheGoldenFileOpenForEver) {
  const std::string path = std::string(TIDEMARK_TEST_DATA) + "/keys/vault.txt";
  if (std::getenv("TIDEMARK_UPDATE_GOLDEN") != nullptr) write_golden(path);
  const auto golden = read_golden(path);
  const auto id = key_id_from(golden.at("id.data_key"));
  ASSERT_TRUE(id) << id.error().message;
  EXPECT_EQ(data_key_name(*id), "vault/data-key/" + id->text());
  const auto& wrapped = golden.at("value.data_key");
  EXPECT_EQ(sealed_with(wrapped), master('a').id());
  const auto key = unwrap(master('a'), "acme", *id, wrapped);
  ASSERT_TRUE(key) << key.error().message;
  const auto secret = open_secret(*key, "acme", "endpoint/1", golden.at("value.secret"));
  ASSERT_TRUE(secret) << secret.error().message;
  EXPECT_EQ(secret->reveal(), "whsec");
}

TEST(SealedValues, AreBoundToTenantNameAndKeys) {
  const auto key = *make_data_key();
  const auto wrapped = *wrap(master('a'), "acme", key);
  EXPECT_TRUE(unwrap(master('a'), "acme", key.id, wrapped));
  EXPECT_EQ(unwrap(master('a'), "acm", key.id, wrapped).error().code, Errc::corrupt);
  EXPECT_EQ(unwrap(master('a'), "acme", make_data_key()->id, wrapped).error().code, Errc::corrupt);
  EXPECT_EQ(unwrap(master('b'), "acme", key.id, wrapped).error().code, Errc::internal);

  const auto sealed = *seal_secret(key, "ab", "c", Secret("s"));
  EXPECT_EQ(sealed_with(sealed), key.id);
  EXPECT_EQ(open_secret(key, "ab", "c", sealed)->reveal(), "s");
  // Their lengths are bound as well, so no letter can pass from one to the other.
  EXPECT_EQ(open_secret(key, "a", "bc", sealed).error().code, Errc::corrupt);
  EXPECT_EQ(open_secret(*make_data_key(), "ab", "c", sealed).error().code, Errc::internal);
}

TEST(SealedValues, OfOneKindAreNotTakenForTheOther) {
  // A data key that happens to be the master key's bytes: only the labels differ.
  const DataKey key{master('a').bytes(), master('a').id()};
  const auto sealed = *seal_secret(key, "acme", "n", Secret(std::string(32, 'k')));
  EXPECT_EQ(unwrap(master('a'), "acme", key.id, sealed).error().code, Errc::corrupt);
}

TEST(SealedValues, ThatAreCutShortAreRefused) {
  const auto key = *make_data_key();
  const auto sealed = *seal_secret(key, "acme", "n", Secret("s"));
  for (std::size_t length = 0; length < sealed.size(); ++length) {
    const auto cut = std::string_view(sealed).substr(0, length);
    EXPECT_EQ(open_secret(key, "acme", "n", cut).error().code, Errc::corrupt) << length;
  }
  auto newer = sealed;
  newer[0] = 2;
  EXPECT_EQ(sealed_with(newer).error().code, Errc::corrupt);
}

}  // namespace
}  // namespace tidemark::vault
