#include "engine_fixture.h"

namespace tidemark::test {
namespace {

class Dedupe : public EngineTest {
 protected:
  Result<Receipt> submit_keyed(std::string_view rest, std::string key,
                               std::chrono::hours keep = std::chrono::hours(24),
                               std::string_view tenant = "acme") {
    Input input = note(rest, "once");
    input.instance = id(rest, tenant);
    input.dedupe_key = std::move(key);
    input.dedupe_for = keep;
    return engine_->submit(std::move(input));
  }
  std::size_t marks() {
    std::size_t count = 0;
    EXPECT_TRUE(store_->scan(Table::dedupe, {}, {}, [&](auto, auto) { return ++count > 0; }));
    return count;
  }
};

TEST_F(Dedupe, NamesTheFirstStepInsteadOfSteppingTwice) {
  const auto first = submit_keyed("a", "k");
  reopen();
  const auto second = submit_keyed("b", "k");
  EXPECT_TRUE(second->duplicate);
  EXPECT_EQ(second->sequence, first->sequence);
  EXPECT_EQ(second->correlation_id, first->correlation_id);
  EXPECT_EQ(state("b"), "none");
}

TEST_F(Dedupe, SeesADuplicateWithinOneBatch) {
  std::vector<Result<Receipt>> answers;
  for (int i = 0; i < 2; ++i) {
    Input input = note("a", "once");
    input.dedupe_key = "k";
    engine_->submit(std::move(input), [&](auto answer) { answers.push_back(std::move(answer)); });
  }
  run();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_FALSE(answers[0]->duplicate);
  EXPECT_TRUE(answers[1]->duplicate);
  EXPECT_EQ(state("a"), ".note once\n");
}

TEST_F(Dedupe, KeepsTenantsApart) {
  EXPECT_FALSE(submit_keyed("a", "k")->duplicate);
  EXPECT_FALSE(submit_keyed("a", "k", std::chrono::hours(1), "other")->duplicate);
}

TEST_F(Dedupe, TakesAnExpiredKeyAsNew) {
  EXPECT_FALSE(submit_keyed("a", "k", std::chrono::hours(1))->duplicate);
  clock_.advance(std::chrono::hours(1) - milliseconds{1});
  EXPECT_TRUE(submit_keyed("a", "k", std::chrono::hours(1))->duplicate);
  clock_.advance(milliseconds{1});
  EXPECT_FALSE(submit_keyed("a", "k", std::chrono::hours(1))->duplicate);
  EXPECT_TRUE(submit_keyed("a", "k", std::chrono::hours(1))->duplicate);
}

TEST_F(Dedupe, SweepsExpiredMarksLittleByLittle) {
  for (int i = 0; i < 300; ++i) {
    Input input = note("a", "x");
    input.dedupe_key = "key " + std::to_string(i);
    input.dedupe_for = std::chrono::hours(i < 200 ? 1 : 1000);
    engine_->submit(std::move(input), [](auto) {});
  }
  run();
  EXPECT_EQ(marks(), 300U);
  clock_.advance(std::chrono::hours(2));
  for (int i = 0; i < 20; ++i) submit(note("a", "y"));
  EXPECT_EQ(marks(), 100U);
}

TEST_F(Dedupe, ForgetsTheKeyOfAnInputThatFailed) {
  Input input{
      .instance = id("a"), .type = "do", .payload = R"({"refuse":"no"})", .dedupe_key = "k"};
  EXPECT_FALSE(engine_->submit(input));
  EXPECT_FALSE(submit_keyed("a", "k")->duplicate);
}

}  // namespace
}  // namespace tidemark::test
