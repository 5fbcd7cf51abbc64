#include "base/bytes.h"

#include <gtest/gtest.h>

#include <limits>

namespace tidemark {
namespace {

TEST(Bytes, ReadBackWhatWasWritten) {
  ByteWriter writer;
  writer.u8(7).number(0).number(300).number(std::numeric_limits<std::uint64_t>::max());
  writer.signed_number(-1).signed_number(std::numeric_limits<std::int64_t>::min()).text("tide");
  writer.raw("rest");
  const std::string bytes = std::move(writer).str();
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u8(), 7);
  EXPECT_EQ(reader.number(), 0U);
  EXPECT_EQ(reader.number(), 300U);
  EXPECT_EQ(reader.number(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(reader.signed_number(), -1);
  EXPECT_EQ(reader.signed_number(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(reader.text(), "tide");
  EXPECT_EQ(reader.rest(), "rest");
  EXPECT_TRUE(reader.ok());
  EXPECT_FALSE(reader.done());
}

TEST(Bytes, StaySpoiledOnceSomethingWasMissing) {
  ByteReader reader(
      "\x05"
      "ab");
  EXPECT_EQ(reader.text(), "");
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_FALSE(reader.done());
}

TEST(Bytes, RefuseNumbersThatNeverEndAndCountsOfMoreThanThereIs) {
  ByteReader endless(std::string_view("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11));
  EXPECT_EQ(endless.number(), 0U);
  EXPECT_FALSE(endless.ok());
  ByteReader boast(
      std::string_view("\x09"
                       "a",
                       2));
  EXPECT_EQ(boast.count(), 0U);
  EXPECT_FALSE(boast.ok());
}

}  // namespace
}  // namespace tidemark
