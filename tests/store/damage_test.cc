// What a store does with a directory that lost or changed bytes: it refuses, and says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "store/oracle.h"
#include "store/store.h"
#include "support/temporary_directory.h"

namespace tidemark {
namespace {

namespace fs = std::filesystem;
using test::Oracle;
using test::TemporaryDirectory;
using ::testing::AllOf;
using ::testing::HasSubstr;

class DamagedStore : public ::testing::Test {
 protected:
  std::unique_ptr<Store> open_or_fail() {
    auto store = Store::open({.path = path_});
    if (!store) ADD_FAILURE() << store.error().message;
    return store ? std::move(*store) : nullptr;
  }

  void fill(int commits, std::size_t value_bytes = 300) {
    const auto store = open_or_fail();
    for (int i = 0; i < commits; ++i) ASSERT_TRUE(oracle_.commit(*store, value_bytes));
  }

  void expect_refused(const std::string& message_part, const std::string& where = "") {
    const auto store = Store::open({.path = path_});
    ASSERT_FALSE(store) << where;
    EXPECT_EQ(store.error().code, Errc::corrupt) << where << store.error().message;
    EXPECT_THAT(store.error().message,
                AllOf(HasSubstr(path_), HasSubstr("Restore a backup"), HasSubstr(message_part)))
        << where;
  }

  std::vector<fs::path> files(const std::string& part, const std::string& extension) const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(path_ + "/" + part)) {
      if (entry.path().extension() == extension && entry.file_size() > 0) {
        found.push_back(entry.path());
      }
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  static void flip(const fs::path& file, std::uint64_t offset, int bit) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(offset));
    const char byte = static_cast<char>(stream.get() ^ (1 << bit));
    stream.seekp(static_cast<std::streamoff>(offset));
    stream.put(byte);
  }

  void set_aside() { fs::copy(path_, dir_ / "aside", fs::copy_options::recursive); }
  void put_back() {
    fs::remove_all(path_);
    fs::copy(dir_ / "aside", path_, fs::copy_options::recursive);
  }

  TemporaryDirectory dir_;
  std::string path_ = dir_ / "store";
  Oracle oracle_;
};

TEST_F(DamagedStore, RefusesWhenTheLogWasDeleted) {
  fill(5);
  for (const auto& log : files("wal", ".log")) fs::remove(log);
  expect_refused("ends at sequence 0 (commit 0), but had reached sequence 5 (commit 5)");
  expect_refused("had reached sequence 5", "again");
}

TEST_F(DamagedStore, RefusesWhenTheLogWasCutShortAnywhere) {
  fill(40);
  set_aside();
  const auto size = fs::file_size(files("wal", ".log").at(0));
  std::mt19937_64 random(1);
  for (int i = 0; i < 40; ++i) {
    put_back();
    const auto left = i == 0 ? size - 1 : random() % size;
    fs::resize_file(files("wal", ".log").at(0), left);
    expect_refused("had reached sequence 40", "cut to " + std::to_string(left));
  }
}

TEST_F(DamagedStore, RefusesWhenABitOfTheLogFlippedAnywhere) {
  fill(40);
  set_aside();
  const auto size = fs::file_size(files("wal", ".log").at(0));
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    std::mt19937_64 random(seed);
    put_back();
    const auto offset = random() % size;
    const int bit = static_cast<int>(random() % 8);
    flip(files("wal", ".log").at(0), offset, bit);
    expect_refused("", "bit " + std::to_string(bit) + " at " + std::to_string(offset));
  }
}

TEST_F(DamagedStore, RefusesWhenAnEarlierLogIsGoneOrShortAndALaterOneIsThere) {
  // As a crash in the middle of a flush leaves it: old tables, the log of commits 1 to 5, and a
  // later log of commits 6 to 10.
  fill(5);
  const auto first = files("wal", ".log").at(0);
  set_aside();
  fill(5);
  const auto second = files("wal", ".log").back();
  ASSERT_NE(first, second);
  fs::copy_file(second, dir_ / "aside/wal" / second.filename());
  fs::copy_file(path_ + "/WATERMARK", dir_ / "aside/WATERMARK",
                fs::copy_options::overwrite_existing);
  put_back();
  { oracle_.expect_equal(*open_or_fail(), "both logs"); }

  put_back();
  fs::remove(first);
  expect_refused("between sequence 0 (commit 0) and sequence 6 (commit 6)");
  put_back();
  fs::resize_file(first, fs::file_size(first) - 1);
  expect_refused("between sequence 4 (commit 4) and sequence 6 (commit 6)");
}

TEST_F(DamagedStore, RefusesWhenAnyOfManyLogsIsGoneShortOrFlipped) {
  for (int opening = 0; opening < 5; ++opening) fill(2);
  const auto logs = files("wal", ".log");
  ASSERT_GE(logs.size(), 4U) << "each opening went on in a log of its own";
  for (const auto& log : logs) {
    const std::string name = log.filename().string();
    std::ifstream file(log, std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(file), {});
    const auto put_back = [&](std::string_view bytes) {
      std::ofstream(log, std::ios::binary).write(bytes.data(), std::ssize(bytes));
    };
    fs::remove(log);
    expect_refused("", name + " removed: ");
    put_back(std::string_view(content).substr(0, content.size() - 1));
    expect_refused("", name + " cut short: ");
    put_back(content);
    flip(log, content.size() / 2, 5);
    expect_refused("", name + " flipped: ");
    put_back(content);
  }
  const auto store = open_or_fail();
  ASSERT_TRUE(store);
  oracle_.expect_equal(*store, "at the end");
}

TEST_F(DamagedStore, ReadsAFewLogsAtMostHoweverOftenItIsOpened) {
  for (int opening = 0; opening < 30; ++opening) {
    fill(1);
    EXPECT_LE(files("wal", ".log").size(), 9U) << opening;
  }
  const auto store = open_or_fail();
  ASSERT_TRUE(store);
  oracle_.expect_equal(*store, "at the end");
}

TEST_F(DamagedStore, TheTornTailOfACrashIsHarmless) {
  fill(5);
  const auto log = files("wal", ".log").at(0);
  const auto content_size = fs::file_size(log);
  std::string content(content_size, '\0');
  std::ifstream(log, std::ios::binary).read(content.data(), static_cast<long>(content_size));
  // The beginning of one more record, as a crash in the middle of an append leaves it.
  std::ofstream(log, std::ios::binary | std::ios::app) << content.substr(0, 40);
  const auto store = open_or_fail();
  ASSERT_TRUE(store);
  oracle_.expect_equal(*store, "after the crash");
}

TEST_F(DamagedStore, AFlippedTableIsNeverReadAsIfItWereWhole) {
  fill(200, 2000);
  { ASSERT_TRUE(open_or_fail()->checkpoint(dir_ / "copy")); }  // moves everything into tables
  set_aside();
  const auto tables = files("db", ".sst").size();
  ASSERT_GT(tables, 2u);
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    std::mt19937_64 random(seed);
    put_back();
    const auto table = files("db", ".sst").at(random() % tables);
    const auto offset = random() % fs::file_size(table);
    flip(table, offset, static_cast<int>(random() % 8));
    const auto where = table.string() + " at " + std::to_string(offset);
    const auto store = Store::open({.path = path_});
    if (!store) {
      EXPECT_EQ(store.error().code, Errc::corrupt) << where << store.error().message;
      continue;
    }
    std::optional<Error> damage;
    for (const auto each : {Table::row, Table::journal, Table::instance}) {
      const auto read = (*store)->scan(each, "", "", [](auto, auto) { return true; });
      if (!read) damage = read.error();
    }
    if (damage) {
      EXPECT_EQ(damage->code, Errc::corrupt) << where;
    } else {
      oracle_.expect_equal(**store, where);  // a byte that nothing depends on
    }
  }
}

TEST_F(DamagedStore, RefusesWhenATableIsMissing) {
  fill(20);
  { ASSERT_TRUE(open_or_fail()->checkpoint(dir_ / "copy")); }
  fs::remove(files("db", ".sst").back());
  expect_refused("");
}

TEST_F(DamagedStore, RefusesWithoutTouchingWhatIsLeftWhenCurrentIsMissing) {
  fill(20);
  { ASSERT_TRUE(open_or_fail()->checkpoint(dir_ / "copy")); }
  const auto before = files("db", ".sst");
  fs::remove(path_ + "/db/CURRENT");
  expect_refused("");
  EXPECT_EQ(files("db", ".sst"), before);
}

TEST_F(DamagedStore, RefusesWhenTheWholeDatabaseIsGone) {
  fill(5);
  fs::remove_all(path_ + "/db");
  fs::remove_all(path_ + "/wal");
  expect_refused("");
}

TEST_F(DamagedStore, RefusesWithoutAWatermark) {
  fill(5);
  fs::remove(path_ + "/WATERMARK");
  expect_refused("WATERMARK is missing. It ends at sequence 5");
}

TEST_F(DamagedStore, RefusesAGarbledWatermarkButOneGoodSlotIsEnough) {
  fill(5);
  flip(path_ + "/WATERMARK", 10, 1);
  { oracle_.expect_equal(*open_or_fail(), "one slot"); }
  flip(path_ + "/WATERMARK", 4096 + 10, 1);
  expect_refused("WATERMARK is damaged");
  fs::resize_file(path_ + "/WATERMARK", 0);
  expect_refused("WATERMARK is damaged");
}

TEST_F(DamagedStore, NoticesLostCommitsThatLeftTheSequenceWhereItWas) {
  fill(3);
  {
    const auto store = open_or_fail();
    for (const std::string key : {"a", "b"}) {
      WriteBatch batch;
      batch.put(Table::secret, key, "value");
      ASSERT_TRUE(store->commit(std::move(batch), 3));
    }
  }
  const auto log = files("wal", ".log").back();
  fs::resize_file(log, fs::file_size(log) - 1);
  expect_refused("(commit 4), but had reached sequence 3 (commit 5)");
}

TEST_F(DamagedStore, GoesOnWithWhatIsLeftWhenToldTo) {
  fill(40);
  const auto log = files("wal", ".log").at(0);
  flip(log, fs::file_size(log) / 2, 3);
  expect_refused("ACCEPT_LOSS");
  std::ofstream(path_ + "/ACCEPT_LOSS").close();
  {
    const auto store = open_or_fail();
    ASSERT_TRUE(store);
    EXPECT_GT(store->last_sequence(), 0u);
    EXPECT_LT(store->last_sequence(), 40u);
    EXPECT_FALSE(fs::exists(path_ + "/ACCEPT_LOSS"));
    WriteBatch batch;
    batch.put(Table::row, "after", "it");
    ASSERT_TRUE(store->commit(std::move(batch), store->last_sequence() + 1));
  }
  EXPECT_EQ(open_or_fail()->get(Table::row, "after"), "it");
}

TEST_F(DamagedStore, AcceptsALossOnceWhetherThereIsOneOrNot) {
  fill(5);
  std::ofstream(path_ + "/ACCEPT_LOSS").close();
  oracle_.expect_equal(*open_or_fail(), "nothing was lost");
  EXPECT_FALSE(fs::exists(path_ + "/ACCEPT_LOSS"));
  fill(5);
  const auto log = files("wal", ".log").back();
  flip(log, fs::file_size(log) / 2, 3);
  expect_refused("ACCEPT_LOSS");
}

TEST_F(DamagedStore, IsNotCutWhereItWasAcknowledgedThoughNoLogCanBeRead) {
  fill(1);
  const auto log = files("wal", ".log").at(0);
  const auto size = fs::file_size(log);
  std::fstream stream(log, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(static_cast<std::streamoff>(size - 20));
  stream << std::string(20, '\0');  // as if its last sector had never been written
  stream.close();
  expect_refused("ACCEPT_LOSS");
  EXPECT_EQ(fs::file_size(log), size) << "what is left can be examined";
}

}  // namespace
}  // namespace tidemark
