#include <set>

#include "engine_fixture.h"

namespace tidemark::test {
namespace {

class Outbox : public EngineTest {
 protected:
  static Json effect(std::string host, std::string payload, std::string executor = "held") {
    return {{"executor", std::move(executor)},
            {"host", std::move(host)},
            {"payload", std::move(payload)}};
  }
  void ask(std::string_view rest, std::vector<Json> effects) {
    submit(input(rest, {{"effects", effects}}));
    run();
  }
  void finish_one(std::string text = "done") {
    held_.take().handle->complete("note", std::move(text));
    run();
  }
};

TEST_F(Outbox, RunsAtMostTheConfiguredNumberPerHostAndInAll) {
  limits_ = {3, 2};
  reopen();
  ask("a",
      {effect("x", "1"), effect("x", "2"), effect("x", "3"), effect("y", "4"), effect("z", "5")});
  EXPECT_EQ(held_.payloads(), (std::vector<std::string>{"1", "4", "5"}));
  EXPECT_EQ(engine_->depths().running, 3U);
  EXPECT_EQ(engine_->depths().outbox, 5U);
  finish_one();
  EXPECT_EQ(held_.payloads(), (std::vector<std::string>{"4", "5", "2"}));
}

TEST_F(Outbox, AnEffectMayBeOfAnotherCauseThanItsStep) {
  Json waited = effect("x", "1");
  waited["correlation_id"] = "cor_of_another";
  ask("a", {waited, effect("y", "2")});
  reopen();
  run();
  std::set<std::string> causes;
  while (held_.size() > 0) {
    auto held = held_.take();
    causes.insert(held.effect.correlation_id);
    held.handle->complete("note", "done");
    run();
  }
  const auto asked = read_record(*store_, 1);
  ASSERT_TRUE(asked.has_value());
  EXPECT_EQ(asked->effects.at(0).correlation_id, "cor_of_another");
  EXPECT_EQ(asked->effects.at(1).correlation_id, "");
  EXPECT_EQ(causes, (std::set<std::string>{"cor_of_another", asked->correlation_id}));
  const auto ended = read_records(*store_, {.correlation_id = "cor_of_another"});
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->size(), 1U) << "its result is of its cause";
}

TEST_F(Outbox, StartsEverythingAgainAfterACrash) {
  ask("a", {effect("x", "1"), effect("y", "2"), effect("z", "3")});
  const auto before = held_.take();
  finish_one();
  reopen();
  run();
  std::set<std::string> payloads;
  std::set<std::string> ids;
  while (held_.size() > 0) {
    auto held = held_.take();
    EXPECT_TRUE(held.effect.again);
    payloads.insert(held.effect.request.payload);
    ids.insert(held.effect.id);
  }
  EXPECT_EQ(payloads, (std::set<std::string>{"1", "3"}));
  EXPECT_TRUE(ids.contains(before.effect.id));
}

TEST_F(Outbox, OneBlockedHostDelaysNobodyHoweverMuchWaitsForIt) {
  options_.effects_in_memory = 4;
  reopen();
  for (int i = 0; i < 50; ++i) ask("a", {effect("blocked", std::to_string(i))});
  EXPECT_EQ(held_.size(), 2U);
  auto first = held_.take();
  auto second = held_.take();
  ask("b", {effect("fine", "other")});
  EXPECT_EQ(held_.payloads(), (std::vector<std::string>{"other"}));
  finish_one();
  reopen();
  run();
  auto third = held_.take();
  auto fourth = held_.take();
  ask("b", {effect("fine", "again")});
  EXPECT_EQ(held_.payloads(), (std::vector<std::string>{"again"}));
}

TEST_F(Outbox, ReadsWhatDidNotFitInMemoryBackInOrder) {
  options_.effects_in_memory = 3;
  limits_ = {1, 1};
  reopen();
  std::vector<std::string> expected;
  for (int i = 0; i < 100; ++i) {
    expected.push_back(std::to_string(i));
    ask("a", {effect("x", expected.back())});
  }
  std::vector<std::string> seen;
  while (held_.size() > 0) {
    seen.push_back(held_.payloads().front());
    finish_one();
  }
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(engine_->depths().outbox, 0U);
  EXPECT_TRUE(engine_->idle());
}

TEST_F(Outbox, AnAbandonedEffectWaitsForTheNextStart) {
  ask("a", {effect("x", "1"), effect("x", "2"), effect("x", "3")});
  held_.take();
  run();
  EXPECT_EQ(held_.payloads(), (std::vector<std::string>{"2", "3"}));
  finish_one();
  finish_one();
  EXPECT_TRUE(engine_->idle());
  EXPECT_EQ(engine_->depths().outbox, 1U);
  reopen();
  run();
  EXPECT_EQ(held_.payloads(), (std::vector<std::string>{"1"}));
}

TEST_F(Outbox, KeepsWhatNoExecutorIsRegisteredFor) {
  ask("a", {effect("x", "lost", "unknown"), effect("x", "fine")});
  EXPECT_EQ(held_.payloads(), (std::vector<std::string>{"fine"}));
  finish_one();
  EXPECT_TRUE(engine_->idle());
  reopen();
  EXPECT_EQ(engine_->depths().outbox, 1U);
}

TEST_F(Outbox, DropsTheResultWhoseInstanceHasEnded) {
  ask("a", {effect("x", "1")});
  submit(input("a", {{"end", true}}));
  finish_one();
  EXPECT_EQ(state("a"), "none");
  EXPECT_EQ(engine_->depths().outbox, 0U);
  EXPECT_EQ(store_->last_sequence(), 2U);
  reopen();
  run();
  EXPECT_EQ(held_.size(), 0U);
}

TEST_F(Outbox, AResultItsMachineRefusesStaysForTheNextStart) {
  ask("a", {effect("x", "1")});
  held_.take().handle->complete("do", R"({"refuse":"cannot read it"})");
  run();
  EXPECT_EQ(state("a"), ".do\n");
  EXPECT_TRUE(engine_->idle());
  reopen();
  run();
  EXPECT_EQ(held_.payloads(), (std::vector<std::string>{"1"}));
}

// Does everything from inside start(), on the engine's own thread.
class Hasty final : public EffectExecutor {
 public:
  std::vector<Result<void>> progressed;
  void start(Effect, std::unique_ptr<EffectHandle> handle) override {
    progressed.push_back(handle->progress("note", "half"));
    progressed.push_back(handle->progress("do", R"({"refuse":"this half"})"));
    handle->complete("note", "whole");
    progressed.push_back(handle->progress("note", "too late"));
  }
};

class HastyEffects : public Outbox, public ::testing::WithParamInterface<bool> {};

TEST_P(HastyEffects, MayReportFromInsideStart) {
  Hasty hasty;
  engine_->register_executor("hasty", hasty, {1, 1});
  if (GetParam()) engine_->start();
  submit(input("a", {{"effects", {effect("x", "1", "hasty"), effect("x", "2", "hasty")}}}));
  if (!GetParam()) run();
  ASSERT_TRUE(engine_->wait_until_idle(std::chrono::seconds(20)));
  EXPECT_EQ(state("a"), ".do\nnote half\nnote whole\nnote half\nnote whole\n");
  engine_->stop();
  ASSERT_EQ(hasty.progressed.size(), 6U);
  EXPECT_TRUE(hasty.progressed[0]);
  EXPECT_EQ(hasty.progressed[1].error().code, Errc::invalid_argument);
  EXPECT_EQ(hasty.progressed[2].error().code, Errc::cancelled);
  engine_.reset();
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutAThread, HastyEffects, ::testing::Bool());

TEST_F(Outbox, ProgressIsAStepThatDoesNotEndTheEffect) {
  engine_->start();
  submit(input("a", {{"effects", {effect("x", "1")}}}));
  auto held = held_.wait_and_take();
  EXPECT_TRUE(held.handle->progress("note", "half"));
  EXPECT_EQ(state("a"), ".do\nnote half\n");
  EXPECT_EQ(engine_->depths().outbox, 1U);
  EXPECT_EQ(record(2).effect, (Position{1, 0}));
  EXPECT_FALSE(record(2).completes);
  submit(input("a", {{"end", true}}));
  EXPECT_EQ(held.handle->progress("note", "more").error().code, Errc::cancelled);
}

TEST_F(Outbox, AMessageItsTargetRefusesIsJournaledAndDoesNotBlockTheNext) {
  const auto message = [](std::string to, Json input) {
    return Json{{"to", std::move(to)}, {"input", std::move(input)}};
  };
  submit(input(
      "a",
      {{"messages",
        {message(id("b").value, {{"note", "one"}}), message(id("b").value, {{"refuse", "no"}}),
         message("unknown/acme/x", Json::object()), message(id("b").value, {{"note", "two"}})}}}));
  run();
  EXPECT_EQ(state("b"), ".one\ntwo\n");
  EXPECT_EQ(engine_->depths().outbox, 0U);
  std::vector<std::string> errors;
  const auto records = read_records(*store_, {});
  for (const auto& each : *records) {
    if (each.error) errors.push_back(each.error->message);
  }
  ASSERT_EQ(errors.size(), 2U);
  const auto of_b = read_records(*store_, {.instance = id("b").value});
  ASSERT_EQ(of_b->size(), 3U);
  EXPECT_EQ(of_b->at(1).error->message, "no");
  EXPECT_EQ(of_b->at(1).state, of_b->at(0).state);
  EXPECT_EQ(of_b->at(2).previous, of_b->at(1).sequence);
}

TEST_F(Outbox, CarriesCorrelationAndCausationThroughMessages) {
  Input cause = input("a", {{"messages", {{{"to", id("b").value}}}}});
  cause.correlation_id = "cor_given";
  submit(cause);
  run();
  EXPECT_EQ(record(2).correlation_id, "cor_given");
  EXPECT_EQ(parse_id(kRecordPrefix, record(2).causation_id), (Position{1, kRecordIndex}));
  EXPECT_EQ(record(2).effect, (Position{1, 0}));
}

}  // namespace
}  // namespace tidemark::test
