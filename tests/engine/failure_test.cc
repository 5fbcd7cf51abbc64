#include "engine_fixture.h"

namespace tidemark::test {
namespace {

class Failure : public EngineTest {
 protected:
  static Json one_effect(std::string host = "x") {
    return {{"effects", {{{"executor", "held"}, {"host", std::move(host)}}}}};
  }
};

TEST_F(Failure, OfACommitFailsItsInputsAndLeavesNothingBehind) {
  submit(note("a", "before"));
  std::vector<Result<Receipt>> answers;
  const auto keep = [&](auto answer) { answers.push_back(std::move(answer)); };
  Input keyed = input("a", {{"rows", {{"k", "v"}}},
                            {"timers", {{{"name", "t"}, {"in_ms", 0}}}},
                            {"messages", {{{"to", id("b").value}}}},
                            {"effects", {{{"executor", "held"}}}}});
  keyed.dedupe_key = "key";
  engine_->submit(keyed, keep);
  engine_->submit(note("c", "beside"), keep);
  store_->failing_commits = 1;
  run();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].error().code, Errc::disk_full);
  EXPECT_EQ(answers[1].error().code, Errc::disk_full);
  EXPECT_EQ(state("a"), ".note before\n");
  EXPECT_EQ(held_.size(), 0U);
  EXPECT_EQ(engine_->depths().timers, 0U);
  EXPECT_EQ(engine_->depths().outbox, 0U);

  const auto again = submit(keyed);
  EXPECT_FALSE(again.duplicate);
  EXPECT_EQ(again.sequence, 2U);
  run();
  EXPECT_EQ(held_.size(), 1U);
  EXPECT_EQ(state("b"), ".do\n");
  EXPECT_EQ(state("a"), ".note before\ndo\ntimer.fired t\n");
}

TEST_F(Failure, OfACommitDoesNotLoseACompletion) {
  submit(input("a", one_effect()));
  run();
  store_->failing_commits = 3;
  held_.take().handle->complete("note", "result");
  run();
  EXPECT_EQ(state("a"), ".do\n");
  EXPECT_FALSE(engine_->idle());
  run();
  run();
  run();
  EXPECT_EQ(state("a"), ".do\nnote result\n");
  EXPECT_EQ(engine_->depths().outbox, 0U);
}

TEST_F(Failure, OfACommitDoesNotLoseATimerOrAMessageNorTheirOrder) {
  submit(input("a", {{"messages",
                      {{{"to", id("b").value}, {"input", {{"note", "1"}}}},
                       {{"to", id("b").value}, {"input", {{"note", "2"}}}}}},
                     {"timers", {{{"name", "t"}, {"in_ms", 5}}}}}));
  clock_.advance(milliseconds{5});
  store_->failing_commits = 2;
  for (int i = 0; i < 4; ++i) run();
  EXPECT_EQ(state("b"), ".1\n2\n");
  EXPECT_EQ(state("a"), ".do\ntimer.fired t\n");
  EXPECT_EQ(store_->last_sequence(), 4U);
}

TEST_F(Failure, ThreadRetriesByItselfUntilTheDiskRecovers) {
  submit(input("a", one_effect()));
  run();
  store_->failing_commits = 3;
  engine_->start();
  held_.take().handle->complete("note", "result");
  EXPECT_EQ(engine_->wait_for_record(1, std::chrono::seconds(20)), 2U);
  EXPECT_EQ(state("a"), ".do\nnote result\n");
}

TEST_F(Failure, ProgressWaitsOutAFailingDisk) {
  engine_->start();
  submit(input("a", one_effect()));
  auto held = held_.wait_and_take();
  store_->failing_commits = 2;
  EXPECT_TRUE(held.handle->progress("note", "half"));
  EXPECT_EQ(state("a"), ".do\nnote half\n");
}

TEST_F(Failure, OfAReadSpoilsTheStepWhateverTheMachineMadeOfIt) {
  submit(input("a", {{"rows", {{"x", "1"}}}}));
  store_->unreadable = Table::row;
  const auto answer = engine_->submit(input("a", {{"copy", {{"from", "x"}, {"to", "y"}}}}));
  EXPECT_EQ(answer.error().code, Errc::io_error);
  store_->unreadable.reset();
  EXPECT_EQ(*read_row(*store_, id("a"), "y"), std::nullopt);
  EXPECT_EQ(submit(note("a", "next")).sequence, 2U);
}

TEST_F(Failure, OfAReadDelaysAMessageAndThoseBehindIt) {
  submit(input("a", {{"messages",
                      {{{"to", id("b").value}, {"input", {{"copy", {{"from", "x"}, {"to", "y"}}}}}},
                       {{"to", id("b").value}, {"input", {{"note", "second"}}}}}}}));
  store_->unreadable = Table::row;
  run();
  EXPECT_EQ(state("b"), "none");
  store_->unreadable.reset();
  run();
  EXPECT_EQ(state("b"), ".do\nsecond\n");
}

TEST_F(Failure, OfAReadRefusesWhatWaitsFromOutsideBehindAMessageEvenBeyondABatch) {
  reopen({.max_batch_inputs = 1});
  submit(input("a", {{"messages",
                      {{{"to", id("b").value}, {"input", {{"copy", {{"from", "x"}, {"to", "y"}}}}}},
                       {{"to", id("b").value}, {"input", {{"note", "second"}}}}}}}));
  store_->unreadable = Table::row;
  run();
  EXPECT_EQ(engine_->submit(note("b", "outside")).error().code, Errc::io_error);
  store_->unreadable.reset();
  run();
  EXPECT_EQ(state("b"), ".do\nsecond\n");
}

TEST_F(Failure, OfACommitRefusesWhatWaitsFromOutsideBehindACompletionEvenBeyondABatch) {
  reopen({.max_batch_inputs = 1});
  submit(input("a", one_effect()));
  run();
  store_->failing_commits = 1000;
  held_.take().handle->complete("note", "result");
  EXPECT_EQ(engine_->submit(note("a", "outside")).error().code, Errc::disk_full);
  store_->failing_commits = 0;
  run();
  EXPECT_EQ(state("a"), ".do\nnote result\n");
}

TEST_F(Failure, AMachineThatThrowsFailsOnlyItsInput) {
  const auto answer = engine_->submit(input("a", {{"timers", 5}}));
  EXPECT_EQ(answer.error().code, Errc::internal);
  EXPECT_EQ(submit(note("a", "next")).sequence, 1U);
}

TEST_F(Failure, RefusesWhatItCannotTake) {
  const auto refused = [&](Input input) { return engine_->submit(std::move(input)).error().code; };
  EXPECT_EQ(refused({.instance = {"scripted"}, .type = "x"}), Errc::invalid_argument);
  EXPECT_EQ(refused({.instance = {"scripted//x"}, .type = "x"}), Errc::invalid_argument);
  EXPECT_EQ(refused({.instance = {"nobody/acme/x"}, .type = "x"}), Errc::invalid_argument);
  EXPECT_EQ(refused({.instance = id(std::string(600, 'x')), .type = "x"}), Errc::invalid_argument);
  EXPECT_EQ(refused({.instance = id("a"), .type = ""}), Errc::invalid_argument);
  EXPECT_EQ(refused(note("a", std::string((16U << 20) + 1, 'x'))), Errc::limit_exceeded);
  EXPECT_EQ(refused(input("a", {{"rows", {{std::string(5000, 'k'), "v"}}}})), Errc::internal);
  EXPECT_EQ(refused(input("a", {{"messages", {{{"to", "nonsense"}}}}})), Errc::internal);
}

TEST_F(Failure, AnEndWithRowsLeftIsRefused) {
  submit(input("a", {{"rows", {{"x", "1"}, {"y", "1"}}}}));
  EXPECT_EQ(engine_->submit(input("a", {{"end", true}, {"rows", {{"x", nullptr}}}})).error().code,
            Errc::internal);
  submit(input("a", {{"end", true}, {"rows", {{"x", nullptr}, {"y", nullptr}}}}));
  EXPECT_EQ(state("a"), "none");
  submit(note("a", "reborn"));
  EXPECT_EQ(record(3).previous, 2U);
  EXPECT_EQ(state("a"), ".note reborn\n");
}

TEST_F(Failure, StopAnswersWhatItCouldNotStepAndClosesHandles) {
  submit(input("a", one_effect()));
  run();
  auto held = held_.take();
  EXPECT_FALSE(held.handle->stopping());
  engine_->stop(milliseconds{0});
  EXPECT_TRUE(held.handle->stopping());
  EXPECT_EQ(held.handle->progress("note", "x").error().code, Errc::cancelled);
  held.handle->complete("note", "y");
  engine_.reset();
  held.handle.reset();
  EXPECT_EQ(state("a"), ".do\n");
}

TEST_F(Failure, StopWaitsForRunningEffectsToReport) {
  engine_->start();
  submit(input("a", one_effect()));
  auto held = held_.wait_and_take();
  std::thread stopper([&] { engine_->stop(std::chrono::seconds(20)); });
  while (!held.handle->stopping()) std::this_thread::yield();
  held.handle->complete("note", "in time");
  stopper.join();
  EXPECT_EQ(state("a"), ".do\nnote in time\n");
}

}  // namespace
}  // namespace tidemark::test
