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
  overlay_.settled(true);
  EXPECT_EQ(all(), before);
  ASSERT_TRUE(store_->commit(overlay_.take(), 3));
  overlay_.settled(true);
  EXPECT_EQ(all(), before);
}

TEST_F(OverlayTest, ForgetsBothLayersOfAFailedCommit) {
  const auto before = all();
  fill_both();
  overlay_.settled(false);
  overlay_.drop();
  EXPECT_EQ(all(), before);
  EXPECT_EQ(overlay_.batch().count(), 0U);
}

// The store is asked for an instance only when it is not remembered, so it may say anything here.
TEST_F(OverlayTest, RemembersInstancesThatWereCommitted) {
  const auto instance = [&](std::string_view key) {
    return (*overlay_.get(Table::instance, key)).value_or("none");
  };
  overlay_.put(Table::instance, "a", "first");
  overlay_.erase(Table::instance, "b");
  overlay_.put(Table::instance, "large", std::string(engine::RecentValues::kLargestValue + 1, 'x'));
  overlay_.take();
  overlay_.settled(true);
  WriteBatch behind;
  for (const char* key : {"a", "b", "large"}) behind.put(Table::instance, key, "stored");
  ASSERT_TRUE(store_->commit(std::move(behind), 2));
  EXPECT_EQ(instance("a"), "first");
  EXPECT_EQ(instance("b"), "none");
  EXPECT_EQ(instance("large"), "stored");
  overlay_.put(Table::instance, "a", "second");
  EXPECT_EQ(instance("a"), "second");
  overlay_.drop();
  EXPECT_EQ(instance("a"), "first");
  overlay_.put(Table::instance, "a", "third");
  overlay_.take();
  overlay_.settled(false);
  EXPECT_EQ(instance("a"), "stored");
  EXPECT_EQ(instance("b"), "stored");
}

TEST_F(OverlayTest, ForgetsAnInstanceThatHasGrownTooLarge) {
  const std::string large(engine::RecentValues::kLargestValue + 1, 'x');
  for (const std::string& value : {std::string("small"), large}) {
    overlay_.put(Table::instance, "a", value);
    ASSERT_TRUE(store_->commit(overlay_.take(), 2));
    overlay_.settled(true);
    EXPECT_EQ((*overlay_.get(Table::instance, "a")).value_or("none"), value);
  }
}

TEST_F(OverlayTest, RemembersNoMoreThanItsShare) {
  const std::string value(engine::RecentValues::kLargestValue, 'v');
  const std::size_t count = 4 * engine::RecentValues::kGenerationBytes / value.size();
  for (std::size_t i = 0; i < count; ++i) {
    overlay_.put(Table::instance, std::to_string(i), value);
    overlay_.take();
    overlay_.settled(true);
  }
  std::size_t known = 0;
  for (std::size_t i = 0; i < count; ++i) {
    known += (*overlay_.get(Table::instance, std::to_string(i))).has_value() ? 1 : 0;
  }
  EXPECT_LE(known, count / 2);
  EXPECT_GE(known, count / 4 - 1);
  EXPECT_TRUE(*overlay_.get(Table::instance, std::to_string(count - 1)));
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
