#include "vault/master_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "base/base64.h"
#include "support/temporary_directory.h"

namespace tidemark::test {
namespace {

constexpr const char* kHex = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
constexpr const char* kBase64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

class MasterKeys : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) {
    const auto path = directory_ / name;
    std::ofstream(path, std::ios::binary) << text;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }
  static Error error_of(const MasterKeySource& source) {
    const auto key = MasterKey::load(source);
    EXPECT_FALSE(key);
    return key ? Error{} : key.error();
  }
  static bool says(const Error& error, std::string_view text) {
    return error.message.find(text) != std::string::npos;
  }

  TemporaryDirectory directory_;
};

TEST_F(MasterKeys, AreReadFromBase64AndHexadecimalWithWhiteSpaceAround) {
  std::string bytes;
  for (char byte = 0; byte < 32; ++byte) bytes.push_back(byte);
  for (const std::string text : {kHex, kBase64}) {
    for (const std::string& padded : {text, text + "\n", " \t" + text + "\r\n"}) {
      const auto key = MasterKey::parse(padded);
      ASSERT_TRUE(key) << key.error().message;
      EXPECT_EQ(key->bytes().reveal(), bytes);
    }
  }
}

TEST_F(MasterKeys, HaveAnIdThatIsStoredForEver) {
  EXPECT_EQ(MasterKey::parse(kHex)->id().text(), "fb73bf2f00ed01e3");
  EXPECT_NE(MasterKey::parse(std::string(64, 'a'))->id(), MasterKey::parse(kHex)->id());
}

TEST_F(MasterKeys, OfAnyOtherFormAreRefusedWithoutBeingQuoted) {
  const std::string hex = kHex;
  const std::string base64 = kBase64;
  for (const std::string& text :
       {std::string(), std::string(" \n"), std::string("password"), hex.substr(2), hex + "00",
        "zz" + hex.substr(2), base64.substr(4), base64.substr(0, 43), base64 + "AAAA",
        "-" + base64.substr(1), hex.substr(0, 32) + " " + hex.substr(32)}) {
    const auto key = MasterKey::parse(text);
    ASSERT_FALSE(key) << text;
    EXPECT_EQ(key.error().code, Errc::invalid_argument);
    EXPECT_TRUE(says(key.error(), "openssl rand -base64 32"));
    if (text.size() > 4) {
      EXPECT_FALSE(says(key.error(), text.substr(0, 8)));
    }
  }
}

TEST_F(MasterKeys, AreMadeAtRandom) {
  const auto one = generate_master_key_text();
  const auto two = generate_master_key_text();
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->reveal().size(), 44U);
  EXPECT_NE(MasterKey::parse(one->reveal())->id(), MasterKey::parse(two->reveal())->id());
}

TEST_F(MasterKeys, AreLoadedFromAFile) {
  const auto key = MasterKey::load({.file = write("key", std::string(kBase64) + "\n")});
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->id(), MasterKey::parse(kHex)->id());
  EXPECT_TRUE(MasterKey::load({.file = write("group", kHex, 0640)}));
}

TEST_F(MasterKeys, InAFileThatEveryoneCanReadOrWriteAreRefused) {
  for (const mode_t mode : {0604U, 0602U}) {
    const auto error = error_of({.file = write("key", kHex, mode)});
    EXPECT_EQ(error.code, Errc::forbidden);
    EXPECT_TRUE(says(error, "chmod 600")) << error.message;
  }
}

TEST_F(MasterKeys, ThatAreNotThereAreMissedByTheirPlace) {
  const auto missing = error_of({.file = directory_ / "none"});
  EXPECT_EQ(missing.code, Errc::not_found);
  EXPECT_TRUE(says(missing, directory_ / "none")) << missing.message;
  EXPECT_EQ(error_of({.file = directory_.path().string()}).code, Errc::invalid_argument);
  const auto wrong = error_of({.file = write("wrong", "password")});
  EXPECT_EQ(wrong.code, Errc::invalid_argument);
  EXPECT_TRUE(says(wrong, directory_ / "wrong"));
  EXPECT_FALSE(says(wrong, "password"));
  EXPECT_EQ(error_of({.file = write("large", std::string(5000, ' ') + kHex)}).code,
            Errc::invalid_argument);
}

TEST_F(MasterKeys, AreLoadedFromAnEnvironmentVariable) {
  ASSERT_EQ(::setenv("TIDEMARK_TEST_MASTER_KEY", kHex, 1), 0);
  EXPECT_EQ(MasterKey::load({.env = "TIDEMARK_TEST_MASTER_KEY"})->id(),
            MasterKey::parse(kHex)->id());
  ASSERT_EQ(::unsetenv("TIDEMARK_TEST_MASTER_KEY"), 0);
  const auto error = error_of({.env = "TIDEMARK_TEST_MASTER_KEY"});
  EXPECT_EQ(error.code, Errc::not_found);
  EXPECT_TRUE(says(error, "TIDEMARK_TEST_MASTER_KEY")) << error.message;
}

TEST_F(MasterKeys, AreLoadedFromASystemdCredential) {
  ASSERT_EQ(::unsetenv("CREDENTIALS_DIRECTORY"), 0);
  const auto error = error_of({.credential = "master.key"});
  EXPECT_EQ(error.code, Errc::not_found);
  EXPECT_TRUE(says(error, "LoadCredential=master.key")) << error.message;
  ASSERT_EQ(::setenv("CREDENTIALS_DIRECTORY", directory_.path().c_str(), 1), 0);
  write("master.key", kHex, 0444);  // the directory guards it
  EXPECT_EQ(MasterKey::load({.credential = "master.key"})->id(), MasterKey::parse(kHex)->id());
  EXPECT_EQ(error_of({.credential = "other"}).code, Errc::not_found);
  for (const char* path : {"../master.key", "/etc/passwd", ".", ".."}) {
    EXPECT_EQ(error_of({.credential = path}).code, Errc::invalid_argument) << path;
  }
  ASSERT_EQ(::unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

TEST_F(MasterKeys, ComeFromExactlyOnePlace) {
  EXPECT_EQ(error_of({}).code, Errc::invalid_argument);
  EXPECT_EQ(error_of({.file = "a", .env = "B"}).code, Errc::invalid_argument);
}

TEST(KeyIds, AreReadBackFromTheirText) {
  const auto id = MasterKey::parse(kHex)->id();
  EXPECT_EQ(parse_key_id(id.text()), id);
  for (const char* text : {"", "00", "0011223344556677ff", "00112233445566zz"}) {
    EXPECT_FALSE(parse_key_id(text)) << text;
  }
}

}  // namespace
}  // namespace tidemark::test
