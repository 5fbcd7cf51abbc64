// Random inputs, faults and crashes against a model that knows nothing of batches or stores.
#include <random>

#include "engine_fixture.h"

namespace tidemark::test {
namespace {

constexpr int kInstances = 4;
constexpr int kActions = 250;

class RandomLife : public EngineTest, public ::testing::WithParamInterface<unsigned> {
 protected:
  struct Model {
    std::map<std::string, std::string> rows;
    std::size_t inputs = 0;
  };

  int roll(int sides) { return std::uniform_int_distribution<int>(0, sides - 1)(random_); }
  std::string instance(int i) { return "i" + std::to_string(i); }

  // Emits one event for every accepted input, so that the feed counts them.
  void submit_random() {
    const int target = roll(kInstances);
    Json script{{"note", "n"}, {"events", {"e"}}};
    std::map<std::string, std::optional<std::string>> rows;
    for (int i = roll(4); i > 0; --i) {
      const std::string key = "k" + std::to_string(roll(6));
      rows[key] = roll(4) == 0 ? std::nullopt : std::optional(std::to_string(roll(1000)));
      script["rows"][key] = rows[key] ? Json(*rows[key]) : Json();
    }
    if (roll(4) == 0) {
      script["messages"].push_back(
          {{"to", id(instance(roll(kInstances))).value}, {"input", {{"events", {"m"}}}}});
    }
    if (roll(4) == 0) {
      script["effects"].push_back({{"executor", "held"}, {"host", std::to_string(roll(3))}});
    }
    if (roll(4) == 0) {
      script["timers"].push_back({{"name", "t" + std::to_string(roll(3))}, {"in_ms", roll(50)}});
    }
    const bool refused = roll(8) == 0;
    if (refused) script["refuse"] = "no";
    Input made = input(instance(target), script);
    if (roll(3) == 0) made.dedupe_key = std::to_string(roll(20));
    const bool messages = script.contains("messages");
    const bool effects = script.contains("effects");
    engine_->submit(std::move(made), [=, this](Result<Receipt> answer) {
      if (!answer || answer->duplicate) return;
      EXPECT_FALSE(refused);
      auto& model = models_[target];
      ++model.inputs;
      for (const auto& [key, value] : rows) {
        if (value) {
          model.rows[key] = *value;
        } else {
          model.rows.erase(key);
        }
      }
      messages_ += messages;
      effects_ += effects;
    });
  }

  void act() {
    switch (roll(10)) {
      case 0: engine_->run_one_batch(); break;
      case 1: clock_.advance(milliseconds{roll(30)}); break;
      case 2: store_->failing_commits = roll(3); break;
      case 3:
        if (held_.size() > 0) held_.take().handle->complete("do", R"({"events":["done"]})");
        break;
      case 4:
        if (roll(5) == 0) reopen();
        break;
      default: submit_random();
    }
  }

  void settle() {
    store_->failing_commits = 0;
    reopen();
    for (int i = 0; i < 1000 && (!engine_->idle() || engine_->next_timer()); ++i) {
      clock_.advance(milliseconds{100});
      run();
      while (held_.size() > 0) held_.take().handle->complete("do", R"({"events":["done"]})");
    }
  }

  std::map<std::string, std::size_t> count_events() {
    std::map<std::string, std::size_t> counts;
    const auto page = read_feed(*store_, {.limit = 100'000});
    for (const auto& item : page->items) ++counts[item.event.type];
    return counts;
  }

  std::mt19937 random_{GetParam()};
  std::map<int, Model> models_;
  std::size_t messages_ = 0;
  std::size_t effects_ = 0;
};

TEST_P(RandomLife, DoesEverythingAcknowledgedExactlyOnce) {
  for (int i = 0; i < kActions; ++i) act();
  settle();
  ASSERT_TRUE(engine_->idle()) << "seed " << GetParam();

  std::size_t inputs = 0;
  for (int i = 0; i < kInstances; ++i) {
    inputs += models_[i].inputs;
    std::map<std::string, std::string> stored;
    ASSERT_TRUE(scan_rows(*store_, id(instance(i)), {}, {}, [&](auto key, auto value) {
      stored.emplace(key, value);
      return true;
    }));
    EXPECT_EQ(stored, models_[i].rows) << "instance " << i << ", seed " << GetParam();
  }
  auto counts = count_events();
  EXPECT_EQ(counts["e"], inputs) << "seed " << GetParam();
  EXPECT_EQ(counts["m"], messages_) << "seed " << GetParam();
  EXPECT_EQ(counts["done"], effects_) << "seed " << GetParam();
  EXPECT_EQ(engine_->depths().outbox, 0U);
  EXPECT_EQ(engine_->depths().timers, 0U);

  const auto records = read_records(*store_, {.limit = 100'000});
  ASSERT_TRUE(records);
  std::map<std::string, Sequence> previous;
  for (std::size_t i = 0; i < records->size(); ++i) {
    const auto& each = records->at(i);
    EXPECT_EQ(each.sequence, i + 1) << "a gap, seed " << GetParam();
    EXPECT_EQ(each.previous, previous[each.instance.value]);
    previous[each.instance.value] = each.sequence;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomLife, ::testing::Range(1U, 13U));

}  // namespace
}  // namespace tidemark::test
