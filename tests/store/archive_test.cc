// Archives of a real store: what is shared, what is restored, and what is refused.
#include "store/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "support/temporary_directory.h"

namespace tidemark {
namespace {

namespace fs = std::filesystem;
using test::TemporaryDirectory;
using ::testing::HasSubstr;

class Archive : public ::testing::Test {
 protected:
  Archive() {
    auto store = Store::open({.path = directory_ / "store"});
    EXPECT_TRUE(store);
    store_ = std::move(*store);
  }

  void commit(const std::string& key, const std::string& value) {
    WriteBatch batch;
    batch.put(Table::row, key, value);
    ASSERT_TRUE(store_->commit(std::move(batch), store_->last_sequence() + 1));
  }

  // Values that do not compress, so that sizes say something.
  void fill(int from, int count) {
    std::uint64_t state = 88172645463325252ULL + static_cast<std::uint64_t>(from);
    for (int i = from; i < from + count; ++i) {
      std::string value(4096, '\0');
      for (char& c : value) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        c = static_cast<char>(state);
      }
      commit("key " + std::to_string(i), value);
    }
  }

  Result<ArchivedStore> archive() {
    const std::string copy = directory_ / "copy";
    fs::remove_all(copy);
    TM_TRY(store_->checkpoint(copy));
    TM_ASSIGN(const auto frozen, FrozenStore::open(copy));
    point_ = frozen->point();
    TM_ASSIGN(const auto archive, StoreArchive::open(path_, StoreArchive::Access::write));
    return archive->add(*frozen);
  }

  Result<void> restore(std::uint32_t id, const StorePoint& point, const std::string& name) const {
    TM_ASSIGN(const auto archive, StoreArchive::open(path_, StoreArchive::Access::read));
    return archive->restore(id, point, directory_ / name);
  }

  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const auto& entry : fs::recursive_directory_iterator(path_)) {
      if (entry.is_regular_file()) sum += entry.file_size();
    }
    return sum;
  }

  std::vector<fs::path> tables() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(path_)) {
      if (entry.path().extension() == ".sst") found.push_back(entry.path());
    }
    return found;
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_ / "archive";
  std::unique_ptr<Store> store_;
  StorePoint point_;
};

TEST_F(Archive, RestoresAStoreThatOpensAndGoesOn) {
  commit("a", "1");
  commit("b", "2");
  const auto added = archive();
  ASSERT_TRUE(added) << added.error().message;
  const auto then = point_;
  EXPECT_EQ(then.sequence, 2U);
  commit("c", "3");
  ASSERT_TRUE(restore(added->id, then, "restored"));
  const auto restored = Store::open({.path = directory_ / "restored", .create_if_missing = false});
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ((*restored)->last_sequence(), 2U);
  EXPECT_EQ((*restored)->get(Table::row, "b"), "2");
  EXPECT_EQ((*restored)->get(Table::row, "c"), std::nullopt);
  WriteBatch batch;
  batch.put(Table::row, "d", "4");
  EXPECT_TRUE((*restored)->commit(std::move(batch), 3));
}

TEST_F(Archive, AnEmptyStoreIsOne) {
  const auto added = archive();
  ASSERT_TRUE(added) << added.error().message;
  ASSERT_TRUE(restore(added->id, point_, "restored"));
  const auto restored = Store::open({.path = directory_ / "restored", .create_if_missing = false});
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ((*restored)->last_sequence(), 0U);
}

TEST_F(Archive, SharesTheTablesThatDidNotChange) {
  fill(0, 200);
  ASSERT_TRUE(archive());
  const auto first = bytes();
  EXPECT_GT(first, 200U * 4096);
  ASSERT_TRUE(archive());
  const auto again = bytes() - first;
  // Each has a manifest and a list of options of its own, about 50 KB.
  EXPECT_LT(again, 64U << 10) << "nothing had changed";
  fill(200, 20);
  ASSERT_TRUE(archive());
  EXPECT_LT(bytes() - first - again, first / 5) << "a tenth had come";
  EXPECT_GT(bytes() - first - again, 20U * 4096);
}

TEST_F(Archive, RemovingOneKeepsWhatOthersShare) {
  fill(0, 50);
  const auto first = archive();
  fill(50, 50);
  const auto second = archive();
  ASSERT_TRUE(first && second);
  const auto before = bytes();
  const auto archive = StoreArchive::open(path_, StoreArchive::Access::write);
  ASSERT_TRUE(archive);
  ASSERT_TRUE((*archive)->remove(first->id));
  EXPECT_LT(bytes(), before);
  ASSERT_EQ((*archive)->list().size(), 1U);
  ASSERT_TRUE(restore(second->id, point_, "restored"));
  const auto restored = Store::open({.path = directory_ / "restored", .create_if_missing = false});
  ASSERT_TRUE(restored);
  EXPECT_TRUE(*(*restored)->get(Table::row, "key 0"));
  EXPECT_EQ((*archive)->remove(first->id).error().code, Errc::not_found);
}

TEST_F(Archive, AFlippedByteOfATableIsFoundAndItsFileNamed) {
  fill(0, 50);
  const auto added = archive();
  ASSERT_TRUE(added);
  for (const auto& table : tables()) {
    const auto at = static_cast<std::streamoff>(fs::file_size(table) / 2);
    const auto flip = [&] {
      std::fstream file(table, std::ios::in | std::ios::out | std::ios::binary);
      file.seekg(at);
      const char byte = static_cast<char>(file.get() ^ 4);
      file.seekp(at);
      file.put(byte);
    };
    flip();
    const auto refused = restore(added->id, point_, "refused-" + table.stem().string());
    ASSERT_FALSE(refused) << table;
    EXPECT_EQ(refused.error().code, Errc::corrupt);
    EXPECT_THAT(refused.error().message, HasSubstr(table.filename().string()));
    flip();
  }
  EXPECT_TRUE(restore(added->id, point_, "restored"));
}

TEST_F(Archive, ACopyThatLacksAFileIsToldAsDamaged) {
  fill(0, 50);
  const auto added = archive();
  ASSERT_TRUE(added);
  fs::remove(tables().front());
  const auto archive = StoreArchive::open(path_, StoreArchive::Access::read);
  ASSERT_TRUE(archive);
  EXPECT_TRUE((*archive)->list().empty());
  EXPECT_EQ((*archive)->damaged(), std::vector<std::uint32_t>{added->id});
  EXPECT_FALSE(restore(added->id, point_, "restored"));
}

TEST_F(Archive, AStoreBehindItsPointIsRefusedWhenItIsOpened) {
  commit("a", "1");
  const auto added = archive();
  ASSERT_TRUE(added);
  ++point_.commits;
  ASSERT_TRUE(restore(added->id, point_, "restored"));
  const auto refused = Store::open({.path = directory_ / "restored", .create_if_missing = false});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::corrupt);
}

TEST_F(Archive, WhatIsCancelledLeavesNothing) {
  fill(0, 20);
  ASSERT_TRUE(archive());
  const auto before = bytes();
  ASSERT_TRUE(store_->checkpoint(directory_ / "another"));
  const auto frozen = FrozenStore::open(directory_ / "another");
  const auto archive = StoreArchive::open(path_, StoreArchive::Access::write);
  ASSERT_TRUE(frozen && archive);
  (*archive)->cancel();
  EXPECT_EQ((*archive)->add(**frozen).error().code, Errc::cancelled);
  EXPECT_EQ(bytes(), before);
}

TEST_F(Archive, RestoresOnlyWhatIsThereToWhereNothingIs) {
  commit("a", "1");
  ASSERT_TRUE(archive());
  EXPECT_EQ(restore(7, point_, "restored").error().code, Errc::not_found);
  fs::create_directory(directory_ / "there");
  EXPECT_EQ(restore(1, point_, "there").error().code, Errc::conflict);
}

}  // namespace
}  // namespace tidemark
