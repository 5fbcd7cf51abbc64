#include "base/ids.h"

#include <gtest/gtest.h>

namespace tidemark {
namespace {

constexpr WallTime kTime{milliseconds{1'765'886'400'000}};

TEST(Ids, SurviveTheRoundTrip) {
  for (const Position position :
       {Position{0, 0}, Position{1, 0}, Position{42, 7}, Position{~Sequence{0}, kRecordIndex}}) {
    const std::string id = make_id(kEventPrefix, kTime, position);
    EXPECT_EQ(id.size(), kEventPrefix.size() + 26);
    EXPECT_EQ(parse_id(kEventPrefix, id), position) << id;
  }
}

TEST(Ids, SortAsTheJournalDoes) {
  const auto earlier = make_id(kEventPrefix, kTime, {9, 3});
  EXPECT_LT(earlier, make_id(kEventPrefix, kTime, {9, 4}));
  EXPECT_LT(earlier, make_id(kEventPrefix, kTime, {10, 0}));
  EXPECT_LT(earlier, make_id(kEventPrefix, kTime + milliseconds{1}, {1, 0}));
}

TEST(Ids, AreTheSameForTheSamePosition) {
  EXPECT_EQ(make_id(kEventPrefix, kTime, {5, 1}), make_id(kEventPrefix, kTime, {5, 1}));
  // The time bits are the ULID's: 1765886400000 ms is 01KCKGG5G0 in Crockford base32.
  EXPECT_EQ(make_id("", kTime, {0, 0}), "01KCKGG5G00000000000000000");
}

TEST(Ids, RefuseWhatMakeIdNeverWrites) {
  const auto id = make_id(kEventPrefix, kTime, {5, 1});
  EXPECT_FALSE(parse_id(kEffectPrefix, id));
  EXPECT_FALSE(parse_id(kEventPrefix, id.substr(0, id.size() - 1)));
  EXPECT_FALSE(parse_id(kEventPrefix, id + "0"));
  EXPECT_FALSE(parse_id(kEventPrefix, "evt_8ZZZZZZZZZZZZZZZZZZZZZZZZZ"));  // over 128 bits
  EXPECT_FALSE(parse_id(kEventPrefix, "evt_0000000000000000000000000U"));  // no such digit
  EXPECT_FALSE(parse_id(kEventPrefix, ""));
}

}  // namespace
}  // namespace tidemark
