#include "store/key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <memory>
#include <random>
#include <sstream>
#include <vector>

namespace tidemark {
namespace {

std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : bytes) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

// One line each: what was written, a tab, the key in hex.
void expect_golden(const std::string& name,
                   const std::vector<std::pair<std::string, std::string>>& keys) {
  const std::string path = std::string(TIDEMARK_TEST_DATA) + "/keys/" + name + ".txt";
  std::string text;
  for (const auto& [what, key] : keys) text += what + "\t" + to_hex(key) + "\n";
  if (std::getenv("TIDEMARK_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  std::ostringstream golden;
  golden << std::ifstream(path).rdbuf();
  EXPECT_EQ(text, golden.str()) << "if the format was meant to change, it needs a migration; run "
                                   "with TIDEMARK_UPDATE_GOLDEN=1 to rewrite "
                                << path;
}

TEST(Key, PartsAreEncodedAsTheGoldenFileSays) {
  constexpr auto kLowest = std::numeric_limits<std::int64_t>::min();
  constexpr auto kHighest = std::numeric_limits<std::int64_t>::max();
  expect_golden("codec", {
                             {"u8 0", KeyWriter().u8(0).str()},
                             {"u8 255", KeyWriter().u8(255).str()},
                             {"u16 1", KeyWriter().u16(1).str()},
                             {"u16 65535", KeyWriter().u16(65535).str()},
                             {"u64 0", KeyWriter().u64(0).str()},
                             {"u64 258", KeyWriter().u64(258).str()},
                             {"u64 max", KeyWriter().u64(~0ULL).str()},
                             {"i64 lowest", KeyWriter().i64(kLowest).str()},
                             {"i64 -1", KeyWriter().i64(-1).str()},
                             {"i64 0", KeyWriter().i64(0).str()},
                             {"i64 highest", KeyWriter().i64(kHighest).str()},
                             {"text empty", KeyWriter().text("").str()},
                             {"text abc", KeyWriter().text("abc").str()},
                             {"raw abc", KeyWriter().raw("abc").str()},
                             {"u8 7, text a, u64 1, raw z",
                              KeyWriter().u8(7).text("a").u64(1).raw("z").str()},
                         });
}

TEST(Key, NumbersSortAsTheirValuesDo) {
  std::mt19937_64 random(1);
  std::vector<std::int64_t> numbers = {std::numeric_limits<std::int64_t>::min(), -1, 0, 1,
                                       std::numeric_limits<std::int64_t>::max()};
  for (int i = 0; i < 1000; ++i) numbers.push_back(static_cast<std::int64_t>(random()));
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    const auto a = numbers[i - 1];
    const auto b = numbers[i];
    EXPECT_EQ(a < b, KeyWriter().i64(a).str() < KeyWriter().i64(b).str());
    const auto c = static_cast<std::uint64_t>(a);
    const auto d = static_cast<std::uint64_t>(b);
    EXPECT_EQ(c < d, KeyWriter().u64(c).str() < KeyWriter().u64(d).str());
  }
}

TEST(Key, NoTextIsThePrefixOfAnother) {
  const auto one = KeyWriter().text("ab").text("c").str();
  const auto other = KeyWriter().text("a").text("bc").str();
  EXPECT_NE(one, other);
  EXPECT_FALSE(KeyWriter().text("abc").str().starts_with(KeyWriter().text("ab").str()));
}

TEST(Key, ReadsBackWhatWasWritten) {
  const auto key =
      KeyWriter().u8(200).u16(40000).u64(1ULL << 60).i64(-5).text("tëxt").raw("rest").str();
  KeyReader reader(key);
  EXPECT_EQ(reader.u8(), 200);
  EXPECT_EQ(reader.u16(), 40000);
  EXPECT_EQ(reader.u64(), 1ULL << 60);
  EXPECT_EQ(reader.i64(), -5);
  EXPECT_EQ(reader.text(), "tëxt");
  EXPECT_EQ(reader.rest(), "rest");
  EXPECT_TRUE(reader.ok());
}

TEST(Key, WhatIsMissingIsSaidFromThenOn) {
  KeyReader reader(std::string_view("\x01"));
  EXPECT_EQ(reader.u64(), 0u);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_EQ(reader.rest(), "");
  EXPECT_FALSE(reader.ok());
}

TEST(Key, HostileBytesAreReadWithinTheirBounds) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(random() % 24, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random());
    const auto heap = std::make_unique<char[]>(bytes.size());  // an overrun is seen by ASan
    std::copy(bytes.begin(), bytes.end(), heap.get());
    KeyReader reader(std::string_view(heap.get(), bytes.size()));
    std::size_t taken = 0;
    while (reader.ok() && taken < bytes.size()) {
      switch (random() % 4) {
        case 0:
          reader.u8();
          taken += 1;
          break;
        case 1:
          reader.u64();
          taken += 8;
          break;
        case 2: taken += 2 + reader.text().size(); break;
        default:
          reader.i64();
          taken += 8;
          break;
      }
    }
    if (reader.ok()) {
      EXPECT_EQ(reader.rest().size(), bytes.size() - taken);
    }
  }
}

}  // namespace
}  // namespace tidemark
