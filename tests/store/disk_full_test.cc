// A real file system without space.
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "store/oracle.h"
#include "store/store.h"
#include "support/temporary_directory.h"

namespace tidemark {
namespace {

using test::Oracle;
using test::TemporaryDirectory;

class SmallDisk {
 public:
  SmallDisk() { mounted_ = ::mount("tmpfs", dir_.path().c_str(), "tmpfs", 0, "size=24m") == 0; }
  ~SmallDisk() {
    if (mounted_) ::umount2(dir_.path().c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  std::string operator/(const std::string& name) const { return dir_ / name; }

 private:
  TemporaryDirectory dir_;
  bool mounted_ = false;
};

TEST(StoreOnAFullDisk, FailsLoudlyStaysReadableAndGoesOnWhenThereIsSpace) {
  const SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "mounting a tmpfs is not permitted here";
  Oracle oracle;
  const StoreOptions options{.path = disk / "store",
                             .write_buffer_bytes = 1 << 20,
                             .maintenance_interval = std::chrono::milliseconds{0}};
  {
    auto store = Store::open(options);
    ASSERT_TRUE(store) << store.error().message;
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(oracle.commit(**store, 10'000));
    {
      std::ofstream hog(disk / "hog", std::ios::binary);
      const std::string block(64 << 10, 'x');
      while (hog << block << std::flush) {
      }
    }
    int failed = 0;
    for (int i = 0; i < 200 && failed < 5; ++i) {
      if (oracle.commit(**store, 100'000)) continue;
      ++failed;
      EXPECT_EQ(oracle.last_result().error().code, Errc::disk_full);
      ASSERT_TRUE((*store)->fault());
      oracle.expect_equal(**store, "while the disk is full");
    }
    ASSERT_EQ(failed, 5);
    std::filesystem::remove(disk / "hog");
    for (int i = 0; i < 50; ++i) {
      ASSERT_TRUE(oracle.commit(**store, 10'000)) << oracle.last_result().error().message;
    }
    EXPECT_FALSE((*store)->fault());
    oracle.expect_equal(**store, "with space again");
  }
  const auto store = Store::open(options);
  ASSERT_TRUE(store);
  oracle.expect_equal(**store, "after reopening");
}

TEST(StoreOnAFullDisk, RecoversByItselfWhenNobodyCommits) {
  const SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "mounting a tmpfs is not permitted here";
  Oracle oracle;
  auto store =
      Store::open({.path = disk / "store", .maintenance_interval = std::chrono::milliseconds{5}});
  ASSERT_TRUE(store);
  {
    std::ofstream hog(disk / "hog", std::ios::binary);
    const std::string block(64 << 10, 'x');
    while (hog << block << std::flush) {
    }
  }
  while (oracle.commit(**store, 500'000)) {
  }
  ASSERT_TRUE((*store)->fault());
  std::filesystem::remove(disk / "hog");
  while ((*store)->fault()) std::this_thread::yield();  // the test's timeout ends a failure
  EXPECT_TRUE(oracle.commit(**store));
  oracle.expect_equal(**store, "with space again");
}

}  // namespace
}  // namespace tidemark
