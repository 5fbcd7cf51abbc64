#include "engine_fixture.h"

namespace tidemark::test {
namespace {

TEST_F(EngineTest, AnswersWithTheSequenceOfTheDurableStep) {
  EXPECT_EQ(submit(note("a", "one")).sequence, 1U);
  EXPECT_EQ(submit(note("b", "two")).sequence, 2U);
  EXPECT_EQ(submit(note("a", "three")).sequence, 3U);
  reopen();
  EXPECT_EQ(state("a"), ".note one\nnote three\n");
  EXPECT_EQ(state("b"), ".note two\n");
  EXPECT_EQ(record(3).previous, 1U);
  EXPECT_EQ(submit(note("a", "four")).sequence, 4U);
}

TEST_F(EngineTest, PutsManyStepsIntoOneCommitAndLetsThemSeeEachOther) {
  std::vector<Sequence> sequences;
  const auto keep = [&](Result<Receipt> receipt) { sequences.push_back(receipt->sequence); };
  engine_->submit(input("a", {{"rows", {{"x", "1"}}}}), keep);
  engine_->submit(input("a", {{"copy", {{"from", "x"}, {"to", "y"}}}}), keep);
  engine_->submit(input("a", {{"rows", {{"x", nullptr}}}}), keep);
  engine_->submit(input("a", {{"gather", ""}}), keep);
  const int before = store_->commits;
  EXPECT_TRUE(engine_->run_one_batch());
  EXPECT_EQ(store_->commits, before + 1);
  EXPECT_EQ(sequences, (std::vector<Sequence>{1, 2, 3, 4}));
  EXPECT_EQ(state("a"), ".do\ndo\ndo\ndo\ny=1;\n");
  EXPECT_EQ(*read_row(*store_, id("a"), "y"), "1");
  EXPECT_EQ(*read_row(*store_, id("a"), "x"), std::nullopt);
}

TEST_F(EngineTest, FailsOnlyTheInputWhoseStepFailsAndLeavesNoGap) {
  std::vector<Result<Receipt>> answers;
  const auto keep = [&](Result<Receipt> receipt) { answers.push_back(std::move(receipt)); };
  engine_->submit(note("a", "one"), keep);
  engine_->submit(input("a", {{"refuse", "not today"}}), keep);
  engine_->submit(note("a", "two"), keep);
  run();
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[0]->sequence, 1U);
  EXPECT_EQ(answers[1].error().code, Errc::invalid_argument);
  EXPECT_EQ(answers[1].error().message, "not today");
  EXPECT_EQ(answers[2]->sequence, 2U);
  EXPECT_EQ(state("a"), ".note one\nnote two\n");
}

TEST_F(EngineTest, FiresATimerOnceWhenItIsDueAndNotBefore) {
  submit(input("a", {{"timers", {{{"name", "tick"}, {"in_ms", 1000}}}}}));
  EXPECT_EQ(engine_->next_timer(), clock_.now() + milliseconds{1000});
  clock_.advance(milliseconds{999});
  run();
  EXPECT_EQ(state("a"), ".do\n");
  clock_.advance(milliseconds{1});
  run();
  EXPECT_EQ(state("a"), ".do\ntimer.fired tick\n");
  reopen();
  clock_.advance(std::chrono::hours(1));
  run();
  EXPECT_EQ(state("a"), ".do\ntimer.fired tick\n");
  EXPECT_EQ(engine_->depths().timers, 0U);
}

TEST_F(EngineTest, StartsAnEffectAfterItsCommitAndEndsItWithItsCompletion) {
  submit(input("a", {{"effects", {{{"executor", "held"}, {"payload", "go"}}}}}));
  run();
  ASSERT_EQ(held_.size(), 1U);
  EXPECT_FALSE(engine_->idle());
  auto held = held_.take();
  EXPECT_EQ(held.effect.request.payload, "go");
  EXPECT_FALSE(held.effect.again);
  held.handle->complete("note", "done");
  run();
  EXPECT_EQ(state("a"), ".do\nnote done\n");
  EXPECT_EQ(record(2).causation_id, held.effect.id);
  EXPECT_EQ(record(2).correlation_id, record(1).correlation_id);
  EXPECT_EQ(engine_->depths().outbox, 0U);
  EXPECT_TRUE(engine_->idle());
  reopen();
  run();
  EXPECT_EQ(held_.size(), 0U);
}

TEST_F(EngineTest, DeliversMessagesInOrderAndExactlyOnce) {
  Json messages = Json::array();
  for (int i = 0; i < 5; ++i) {
    messages.push_back(
        {{"to", id("b").value}, {"input", {{"note", "message " + std::to_string(i)}}}});
  }
  submit(input("a", {{"messages", messages}}));
  run();
  const std::string all = ".message 0\nmessage 1\nmessage 2\nmessage 3\nmessage 4\n";
  EXPECT_EQ(state("b"), all);
  reopen();
  run();
  EXPECT_EQ(state("b"), all);
}

TEST_F(EngineTest, ThreadServesBlockingSubmitters) {
  engine_->start();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) submit(note("t" + std::to_string(t), std::to_string(i)));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(engine_->wait_for_record(99, std::chrono::seconds(5)), 100U);
  engine_->stop();
  EXPECT_EQ(engine_->submit(note("t0", "late")).error().code, Errc::cancelled);
}

}  // namespace
}  // namespace tidemark::test
