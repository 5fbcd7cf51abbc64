// What steps read while one batch is being filled and the one before it is being committed.
#include "engine/overlay.h"

#include "engine_fixture.h"

namespace tidemark::test {
namespace {

using engine::Overlay;

class OverlayTest : public EngineTest {
 protected:
  OverlayTest() : overlay_(*store_) {
    WriteBatch stored;
    for (const char* key : {"a", "b", "c", "d", "x"}) stored.put(Table::row, key, "stored");
    EXPECT_TRUE(store_->commit(std::move(stored), 1));
  }
  std::string get(std::string_view key) const {
    return (*overlay_.get(Table::row, key)).value_or("none");
  }
  std::string all(std::string_view prefix = {}, std::string_view from = {},
                  std::size_t most = 100) const {
    std::string all;
    EXPECT_TRUE(overlay_.scan(Table::row, prefix, from, [&](auto key, auto value) {
      all.append(key).append("=").append(value).append(";");
      return --most > 0;
    }));
    return all;
  }
  void fill_both() {
    overlay_.put(Table::row, "b", "first");
    overlay_.erase(Table::row, "c");
    overlay_.put(Table::row, "e", "first");
    overlay_.put(Table::row, "y", "first");
    taken_ = overlay_.take();
    overlay_.put(Table::row, "a", "second");
    overlay_.put(Table::row, "c", "second");
    overlay_.erase(Table::row, "e");
    overlay_.put(Table::row, "z", "second");
  }

  Overlay overlay_;
  WriteBatch taken_;
};

TEST_F(OverlayTest, ReadsTheNewestOfThreeLayers) {
  fill_both();
  EXPECT_EQ(get("a"), "second");
  EXPECT_EQ(get("b"), "first");
  EXPECT_EQ(get("c"), "second");
  EXPECT_EQ(get("d"), "stored");
  EXPECT_EQ(get("e"), "none");
  EXPECT_EQ(all(), "a=second;b=first;c=second;d=stored;x=stored;y=first;z=second;");
  EXPECT_EQ(all({}, "bb"), "c=second;d=stored;x=stored;y=first;z=second;");
  EXPECT_EQ(all("c"), "c=second;");
  for (std::size_t most = 1; most <= 7; ++most)
    EXPECT_EQ(all({}, {}, most), all().substr(0, all({}, {}, most).size()));
}

TEST_F(OverlayTest, ReadsTheSameOnceTheLowerLayerIsInTheStore) {
  fill_both();
  const auto before = all();
  ASSERT_TRUE(store_->commit(std::move(taken_), 2));
  EXPECT_EQ(all(), before);
  overlay_.settled();
  EXPECT_EQ(all(), before);
  ASSERT_TRUE(store_->commit(overlay_.take(), 3));
  overlay_.settled();
  EXPECT_EQ(all(), before);
}

TEST_F(OverlayTest, ForgetsBothLayersOfAFailedCommit) {
  const auto before = all();
  fill_both();
  overlay_.settled();
  overlay_.drop();
  EXPECT_EQ(all(), before);
  EXPECT_EQ(overlay_.batch().count(), 0U);
}

TEST_F(OverlayTest, FindsTheLastKeyInWhicheverLayerItIs) {
  const auto last = [&] {
    std::string last = "none";
    EXPECT_TRUE(overlay_.scan_last(Table::journal_index, "i/", [&](auto key) { last = key; }));
    return last;
  };
  EXPECT_EQ(last(), "none");
  overlay_.put(Table::journal_index, "i/2", "");
  EXPECT_EQ(last(), "i/2");
  taken_ = overlay_.take();
  EXPECT_EQ(last(), "i/2");
  overlay_.put(Table::journal_index, "i/1", "");
  EXPECT_EQ(last(), "i/2");
  overlay_.put(Table::journal_index, "i/3", "");
  EXPECT_EQ(last(), "i/3");
}

}  // namespace
}  // namespace tidemark::test
