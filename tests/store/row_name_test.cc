// Rows found by the name in their keys: the filters must not hide any, whatever the keys look like.
#include "store/row_name.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "store/key.h"
#include "store/store.h"
#include "support/temporary_directory.h"

namespace tidemark::test {
namespace {

std::string named(const std::string& instance, char letter, const std::string& name,
                  const std::string& rest = {}) {
  return KeyWriter()
      .u16(0)
      .text(instance)
      .u8(static_cast<std::uint8_t>(letter))
      .text(name)
      .raw(rest)
      .str();
}

TEST(RowName, EndsBehindTheTextAfterTheLetter) {
  const std::string key = named("calendar/a/b", 'u', "uid-1", "/c/e.ics");
  EXPECT_EQ(row_name(key), named("calendar/a/b", 'u', "uid-1"));
  EXPECT_EQ(row_name(named("calendar/a/b", 'u', "uid-1")), named("calendar/a/b", 'u', "uid-1"));
  EXPECT_EQ(row_name(KeyWriter().u16(0).text("calendar/a/b").raw("i/c").str()), std::nullopt);
  EXPECT_EQ(row_name(KeyWriter().u16(0).text("calendar/a/b").str()), std::nullopt);
  EXPECT_EQ(row_name(""), std::nullopt);
}

TEST(RowName, WhatBeginsWithAKeyThatHasANameHasTheSame) {
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string key(random() % 24, '\0');
    for (char& c : key) c = static_cast<char>(random() % 4);
    const auto name = row_name(key);
    if (!name) continue;
    EXPECT_TRUE(key.starts_with(*name));
    EXPECT_EQ(row_name(key + "more"), name);
  }
}

// Against what was written, with rows in memory, in files and erased; short and long prefixes, both
// directions.
TEST(RowName, ScansFindEverything) {
  TemporaryDirectory dir;
  // Little memory, so that most rows are in files.
  auto store = std::move(*Store::open({.path = dir / "store", .write_buffer_bytes = 256 << 10}));
  std::mt19937 random(11);
  std::set<std::string> rows;
  const auto random_key = [&] {
    const std::string instance = "calendar/t/" + std::to_string(random() % 3);
    const char letter = "uit"[random() % 3];
    if (letter == 'u') {
      return named(instance, letter, "uid" + std::to_string(random() % 300),
                   "/" + std::to_string(random() % 3));
    }
    std::string raw(1 + random() % 12, '\0');
    for (char& c : raw) c = static_cast<char>(random() % 3);
    return KeyWriter().u16(0).text(instance).raw(letter + raw).str();
  };
  for (int round = 0; round < 60; ++round) {
    WriteBatch batch;
    for (int i = 0; i < 100; ++i) {
      const std::string key = random_key();
      if (random() % 4 == 0) {
        batch.erase(Table::row, key);
        rows.erase(key);
      } else {
        batch.put(Table::row, key, std::string(200, 'v'));
        rows.insert(key);
      }
    }
    ASSERT_TRUE(store->commit(std::move(batch), static_cast<Sequence>(round) + 1).has_value());
    for (int i = 0; i < 50; ++i) {
      std::string prefix = random_key();
      if (const auto name = row_name(prefix); name && random() % 2 == 0) {
        prefix = *name;
      } else {
        prefix.resize(random() % (prefix.size() + 1));
      }
      std::vector<std::string> expected;
      for (const auto& key : rows) {
        if (key.starts_with(prefix)) expected.push_back(key);
      }
      std::vector<std::string> found;
      const auto collect = [&](std::string_view key, std::string_view) {
        found.emplace_back(key);
        return true;
      };
      ASSERT_TRUE(store->scan(Table::row, prefix, {}, collect).has_value());
      EXPECT_EQ(found, expected);
      found.clear();
      ASSERT_TRUE(store->scan_reverse(Table::row, prefix, {}, collect).has_value());
      std::reverse(found.begin(), found.end());
      EXPECT_EQ(found, expected);
    }
  }
}

}  // namespace
}  // namespace tidemark::test
