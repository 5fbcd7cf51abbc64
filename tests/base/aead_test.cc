#include "base/aead.h"

#include <gtest/gtest.h>

#include <set>

namespace tidemark {
namespace {

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

const Secret kKey(std::string(32, 'k'));

TEST(Aead, OpensThePublishedVectors) {  // McGrew and Viega's GCM test cases 13 to 16
  struct Vector {
    const char* key;
    const char* nonce;
    const char* bound_to;
    const char* ciphertext;
    const char* tag;
    const char* plaintext;
  };
  constexpr const char* kZeroKey =
      "0000000000000000000000000000000000000000000000000000000000000000";
  constexpr const char* kOtherKey =
      "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
  const Vector vectors[] = {
      {kZeroKey, "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b", ""},
      {kZeroKey, "000000000000000000000000", "", "cea7403d4d606b6e074ec5d3baf39d18",
       "d0d1c8a799996bf0265b98b5d48ab919", "00000000000000000000000000000000"},
      {kOtherKey, "cafebabefacedbaddecaf888", "",
       "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
       "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
       "b094dac5d93471bdec1a502270e3cc6c",
       "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
       "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"},
      {kOtherKey, "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
       "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
       "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
       "76fc6ece0f4e1768cddf8853bb2d551b",
       "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
       "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"},
  };
  for (const auto& vector : vectors) {
    const auto sealed =
        "\x01" + from_hex(vector.nonce) + from_hex(vector.ciphertext) + from_hex(vector.tag);
    const auto opened = aead_open(Secret(from_hex(vector.key)), sealed, from_hex(vector.bound_to));
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->reveal(), from_hex(vector.plaintext));
  }
}

TEST(Aead, OpensWhatItSealed) {
  for (const std::size_t bytes : {0U, 1U, 15U, 16U, 17U, 100'000U}) {
    const std::string plaintext(bytes, 'p');
    const auto sealed = aead_seal(kKey, plaintext, "bound");
    ASSERT_TRUE(sealed) << sealed.error().message;
    EXPECT_EQ(sealed->size(), bytes + kAeadOverhead);
    EXPECT_EQ(aead_open(kKey, *sealed, "bound")->reveal(), plaintext);
  }
  EXPECT_TRUE(aead_open(kKey, *aead_seal(kKey, {}, {}), {})->empty());
}

TEST(Aead, NeverSealsTheSameTwice) {
  std::set<std::string> nonces;
  for (int i = 0; i < 100; ++i) nonces.insert(aead_seal(kKey, "same", "same")->substr(1, 12));
  EXPECT_EQ(nonces.size(), 100U);
}

TEST(Aead, RefusesEveryFlippedBitAndEveryCut) {
  const auto sealed = aead_seal(kKey, "a secret", "bound");
  for (std::size_t bit = 0; bit < sealed->size() * 8; ++bit) {
    auto damaged = *sealed;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const auto opened = aead_open(kKey, damaged, "bound");
    ASSERT_FALSE(opened) << bit;
    EXPECT_EQ(opened.error().code, Errc::corrupt);
  }
  for (std::size_t length = 0; length < sealed->size(); ++length) {
    EXPECT_FALSE(aead_open(kKey, std::string_view(*sealed).substr(0, length), "bound")) << length;
  }
  EXPECT_FALSE(aead_open(kKey, *sealed + "x", "bound"));
}

TEST(Aead, RefusesAnotherKeyAndAnotherPlace) {
  const auto sealed = aead_seal(kKey, "a secret", "bound");
  EXPECT_EQ(aead_open(Secret(std::string(32, 'K')), *sealed, "bound").error().code, Errc::corrupt);
  EXPECT_EQ(aead_open(kKey, *sealed, "Bound").error().code, Errc::corrupt);
  EXPECT_EQ(aead_open(kKey, *sealed, "").error().code, Errc::corrupt);
}

TEST(Aead, TakesKeysOf32BytesAndTextsOf16MiB) {
  EXPECT_EQ(aead_seal(Secret("short"), "x", "").error().code, Errc::invalid_argument);
  const auto sealed = aead_seal(kKey, "x", "");
  EXPECT_EQ(aead_open(Secret(std::string(33, 'k')), *sealed, "").error().code,
            Errc::invalid_argument);
  EXPECT_EQ(aead_seal(kKey, std::string(kMaxAeadBytes + 1, 'x'), "").error().code,
            Errc::limit_exceeded);
}

}  // namespace
}  // namespace tidemark
