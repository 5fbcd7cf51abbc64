// What a power cut leaves of a commit whose log had zeros written ahead: any of its sectors.
#include "store/torn_tail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "store/oracle.h"
#include "store/store.h"
#include "support/temporary_directory.h"

namespace tidemark {
namespace {

namespace fs = std::filesystem;
using test::Oracle;
using test::TemporaryDirectory;

constexpr std::size_t kSector = 512;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// As in a log, with some checksum.
std::string record(const std::string& payload) {
  std::string header("\x11\x22\x33\x44....", 7);
  header[4] = static_cast<char>(payload.size() & 0xFF);
  header[5] = static_cast<char>(payload.size() >> 8);
  header[6] = 1;
  return header + payload;
}

class TornTail : public ::testing::Test {
 protected:
  // Images of the directory before and after the last commit, as kill -9 would leave them.
  void make_images(int commits, std::size_t value_bytes) {
    const auto store = Store::open({.path = dir_ / "store"});
    ASSERT_TRUE(store);
    for (int i = 0; i < commits; ++i) ASSERT_TRUE(before_.commit(**store, value_bytes));
    fs::copy(dir_ / "store", dir_ / "before", fs::copy_options::recursive);
    after_ = before_;
    ASSERT_TRUE(after_.commit(**store, value_bytes));
    fs::copy(dir_ / "store", dir_ / "after", fs::copy_options::recursive);
    log_ = newest_log(dir_ / "before");
    ASSERT_EQ(log_, newest_log(dir_ / "after"));
    first_ = read(dir_ / "before/wal/" + log_);
    second_ = read(dir_ / "after/wal/" + log_);
    ASSERT_EQ(first_.size(), second_.size()) << "it had zeros ahead";
    begin_ = first_.find_last_not_of('\0') + 1;
    end_ = second_.find_last_not_of('\0') + 1;
    ASSERT_LT(begin_, end_);
  }

  static std::string newest_log(const std::string& directory) {
    std::string newest;
    for (const auto& entry : fs::directory_iterator(directory + "/wal")) {
      newest = std::max(newest, entry.path().filename().string());
    }
    return newest;
  }

  // A store as in one of the images, with another log.
  Result<std::unique_ptr<Store>> open(const std::string& image, const std::string& log) {
    fs::remove_all(dir_ / "store");
    fs::copy(dir_ / image, dir_ / "store", fs::copy_options::recursive);
    std::ofstream(dir_ / "store/wal/" + log_, std::ios::binary) << log;
    return Store::open({.path = dir_ / "store"});
  }

  // The last commit, of which some sectors are there. True when all are.
  bool tear(std::mt19937& random, std::string& log) const {
    log = first_;
    bool whole = true;
    for (std::size_t at = begin_; at < end_;) {
      const auto next = std::min(end_, (at / kSector + 1) * kSector);
      const bool survives = random() % 4 != 0;
      if (survives) log.replace(at, next - at, second_, at, next - at);
      whole = whole && survives;
      at = next;
    }
    return whole;
  }

  TemporaryDirectory dir_;
  Oracle before_;
  Oracle after_;
  std::string log_;
  std::string first_;
  std::string second_;
  std::size_t begin_ = 0;  // of the last commit in its log
  std::size_t end_ = 0;
};

class TornTailOf : public TornTail, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(TornTailOf, IsCutOffWhicheverSectorsAreThere) {
  std::mt19937 random(7);
  make_images(7, GetParam());
  int torn = 0;
  for (int i = 0; i < 12; ++i) {
    std::string log;
    bool whole = tear(random, log);
    if (i % 3 == 0) {  // the file had to grow for it, and did not get there
      log.resize(begin_ + random() % (end_ - begin_));
      whole = false;
    }
    {
      auto store = open("before", log);
      ASSERT_TRUE(store) << i << ": " << store.error().message;
      (whole ? after_ : before_).expect_equal(**store, std::to_string(i));
      Oracle later = whole ? after_ : before_;
      ASSERT_TRUE(later.commit(**store));
    }
    ASSERT_TRUE(Store::open({.path = dir_ / "store"})) << i << ": again";
    torn += whole ? 0 : 1;
  }
  EXPECT_GT(torn, 1);
}
INSTANTIATE_TEST_SUITE_P(Bytes, TornTailOf, ::testing::Values(10, 300, 3'000, 9'000, 15'000));

// A header that lies across two sectors, of which the one with the length is lost.
TEST(TornRecord, WithHalfAHeaderIsTorn) {
  for (std::size_t lost = 1; lost < 7; ++lost) {
    const std::size_t begin = kSector - lost;
    std::string log = record(std::string(begin - 7, 'a')) + record(std::string(900, 'b'));
    log.append(1000, '\0');
    log.replace(begin, lost, lost, '\0');
    EXPECT_EQ(end_before_torn_record(log, 1), begin) << lost;
  }
}

TEST_F(TornTail, IsRefusedWhenItWasAcknowledged) {
  make_images(5, 2'000);
  std::mt19937 random(3);
  for (int i = 0; i < 10; ++i) {
    std::string log;
    if (tear(random, log)) continue;
    const auto store = open("after", log);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, Errc::corrupt);
    EXPECT_EQ(read(dir_ / "store/wal/" + log_), log) << "refused, and left as it was found";
  }
}

TEST_F(TornTail, AFlippedBitIsNone) {
  make_images(5, 2'000);
  std::mt19937 random(5);
  for (int i = 0; i < 30; ++i) {
    std::string log = second_;
    const auto at = begin_ + random() % (end_ - begin_);
    log[at] = static_cast<char>(log[at] ^ (1 << random() % 8));
    const auto store = open("before", log);
    ASSERT_FALSE(store) << at;
    EXPECT_EQ(store.error().code, Errc::corrupt);
  }
  // In an earlier commit, with the last one whole behind it.
  std::string log = second_;
  log[begin_ / 2] = static_cast<char>(log[begin_ / 2] ^ 1);
  EXPECT_FALSE(open("before", log));
  // A hole in an earlier one.
  log = second_;
  log.replace(begin_ / 2, 2 * kSector, 2 * kSector, '\0');
  EXPECT_FALSE(open("before", log));
}

TEST_F(TornTail, ZerosBehindALogAreNothing) {
  make_images(3, 100);
  {
    const auto store = open("after", second_);
    ASSERT_TRUE(store);
    after_.expect_equal(**store, "zeros ahead");
  }
  const auto cut = open("after", second_.substr(0, end_));
  ASSERT_TRUE(cut);
  after_.expect_equal(**cut, "no zeros");
}

TEST_F(TornTail, AClosedLogHasNoZerosBehindIt) {
  {
    const auto store = Store::open({.path = dir_ / "store"});
    ASSERT_TRUE(store && before_.commit(**store));
  }
  const auto log = read(dir_ / "store/wal/" + newest_log(dir_ / "store"));
  ASSERT_FALSE(log.empty());
  EXPECT_LT(log.size() - log.find_last_not_of('\0'), 16U);
}

TEST(TornRecord, IsLookedForWithinTheLogWhateverIsInIt) {
  std::mt19937 random(11);
  for (int i = 0; i < 3'000; ++i) {
    std::string log;
    while (log.size() < 70'000) log += record(std::string(random() % 9'000, 'x'));
    log.resize(random() % log.size());
    for (int changes = static_cast<int>(random() % 4); changes > 0 && !log.empty(); --changes) {
      log[random() % log.size()] = static_cast<char>(random() % 3 == 0 ? 0 : random());
    }
    const auto end = end_before_torn_record(log, random() % 20);
    EXPECT_LE(end.value_or(0), log.size());
  }
}

TEST(TornRecord, OfGarbageIsNone) {
  EXPECT_EQ(end_before_torn_record("", 0), std::nullopt);
  EXPECT_EQ(end_before_torn_record("garbage that is no log at all", 0), std::nullopt);
  EXPECT_EQ(end_before_torn_record("garbage that is no log at all", 1), std::nullopt);
  EXPECT_EQ(end_before_torn_record(std::string(100, '\xFF'), 0), std::nullopt);
  EXPECT_EQ(end_before_torn_record(std::string(100, '\0'), 0), std::nullopt);
  EXPECT_EQ(end_before_torn_record(record("whole") + std::string(100, '\0'), 1), std::nullopt);
}

}  // namespace
}  // namespace tidemark
