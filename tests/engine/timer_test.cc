#include "engine_fixture.h"

namespace tidemark::test {
namespace {

using Timers = EngineTest;

Json timer(std::string name, int in_ms) {
  return {{"name", std::move(name)}, {"in_ms", in_ms}};
}
Json timers(std::initializer_list<Json> list) {
  return {{"timers", list}};
}

TEST_F(Timers, AreReplacedByName) {
  submit(input("a", timers({timer("tick", 1000)})));
  submit(input("a", timers({timer("tick", 3000)})));
  EXPECT_EQ(engine_->depths().timers, 1U);
  clock_.advance(milliseconds{2999});
  run();
  EXPECT_EQ(state("a"), ".do\ndo\n");
  clock_.advance(milliseconds{1});
  run();
  EXPECT_EQ(state("a"), ".do\ndo\ntimer.fired tick\n");
}

TEST_F(Timers, AreCancelledByName) {
  submit(input("a", timers({timer("tick", 1000), timer("tock", 1000)})));
  submit(input("a", timers({{{"name", "tick"}}})));
  clock_.advance(milliseconds{5000});
  run();
  EXPECT_EQ(state("a"), ".do\ndo\ntimer.fired tock\n");
}

TEST_F(Timers, ThatWereCancelledInTheSameBatchDoNotFire) {
  submit(input("a", timers({timer("tick", 1000)})));
  clock_.advance(milliseconds{1000});
  engine_->submit(input("a", timers({{{"name", "tick"}}})), [](auto) {});
  run();
  EXPECT_EQ(state("a"), ".do\ndo\n");
  EXPECT_EQ(engine_->depths().timers, 0U);
}

TEST_F(Timers, OfSeveralChangesInOneStepTheLastCounts) {
  submit(input("a", timers({timer("tick", 1000), timer("tick", 9000), timer("tick", 2000)})));
  EXPECT_EQ(engine_->depths().timers, 1U);
  EXPECT_EQ(engine_->next_timer(), clock_.now() + milliseconds{2000});
}

TEST_F(Timers, SurviveACrashAndFireOnceEach) {
  for (int i = 0; i < 400; ++i) {
    engine_->submit(input("a", timers({timer("t" + std::to_string(i), 1 + i % 7)})), [](auto) {});
  }
  run();
  reopen();
  EXPECT_EQ(engine_->depths().timers, 400U);
  clock_.advance(milliseconds{10});
  EXPECT_TRUE(engine_->run_one_batch());
  reopen();
  run();
  const auto log = state("a");
  for (int i = 0; i < 400; ++i) {
    const std::string line = "timer.fired t" + std::to_string(i) + "\n";
    const auto first = log.find(line);
    ASSERT_NE(first, std::string::npos) << i;
    EXPECT_EQ(log.find(line, first + 1), std::string::npos) << i;
  }
  EXPECT_EQ(engine_->depths().timers, 0U);
  EXPECT_EQ(engine_->next_timer(), std::nullopt);
}

TEST_F(Timers, GoWithTheirInstance) {
  submit(input("a", timers({timer("tick", 1000), timer("tock", 2000)})));
  submit(input("a", {{"end", true}}));
  EXPECT_EQ(engine_->depths().timers, 0U);
  clock_.advance(milliseconds{5000});
  run();
  EXPECT_EQ(state("a"), "none");
  EXPECT_EQ(store_->last_sequence(), 2U);
}

TEST_F(Timers, PassOnTheirCauseUnlessTheyStartANewOne) {
  const auto set = submit(input(
      "a", {{"timers", {timer("old", 1), {{"name", "new"}, {"in_ms", 2}, {"new_cause", true}}}}}));
  clock_.advance(milliseconds{1});
  run();
  clock_.advance(milliseconds{1});
  run();
  const auto inherited = record(2);
  EXPECT_EQ(inherited.correlation_id, set.correlation_id);
  EXPECT_EQ(parse_id(kRecordPrefix, inherited.causation_id), (Position{1, kRecordIndex}));
  const auto fresh = record(3);
  EXPECT_EQ(parse_id(kCorrelationPrefix, fresh.correlation_id), (Position{3, kRecordIndex}));
  EXPECT_EQ(parse_id(kRecordPrefix, fresh.causation_id), (Position{1, kRecordIndex}));
}

// A machine that refuses its timer until told otherwise.
struct Stubborn {
  static constexpr std::string_view kind = "stubborn";
  static constexpr std::uint32_t version = 1;
  struct State {
    bool fired = false;
  };
  struct Set {};
  struct Fired {};
  using Input = std::variant<Set, Fired>;
  static inline bool refuses =
      true;  // a bug on purpose: a real machine reads nothing but its input

  static std::string encode(const State& state) { return state.fired ? "fired" : "waiting"; }
  static Result<State> decode_state(std::string_view bytes) { return State{bytes == "fired"}; }
  static Result<Input> decode_input(std::string_view type, std::string_view) {
    if (type == kTimerFired) return Fired{};
    return Set{};
  }
  static Result<Transition<State>> step(const StepContext& context, State state,
                                        const Input& input) {
    Transition<State> transition{state};
    if (std::holds_alternative<Set>(input)) {
      transition.timers.push_back({"t", context.now + milliseconds{10}});
      return transition;
    }
    if (refuses) return fail(Errc::internal, "not yet");
    transition.state.fired = true;
    return transition;
  }
};

TEST_F(Timers, AreNotEarlyWhenTheClockStepsBackWhileTheDiskFails) {
  submit(input("a", {{"timers", {{{"name", "t"}, {"in_ms", 5}}}}}));
  const WallTime due = clock_.now() + milliseconds{5};
  clock_.advance(milliseconds{5});
  store_->failing_commits = 1;
  run();
  clock_.advance(milliseconds{-3});
  run();
  EXPECT_EQ(state("a"), ".do\n");
  EXPECT_EQ(engine_->next_timer(), due);
  clock_.advance(milliseconds{3});
  run();
  EXPECT_EQ(state("a"), ".do\ntimer.fired t\n");
}

TEST_F(Timers, ThatTheirMachineRefusesAreTriedAgainLater) {
  engine_->register_machine(erase<Stubborn>());
  Stubborn::refuses = true;
  const auto stubborn = make_instance_id("stubborn", "acme", "x");
  submit({.instance = stubborn, .type = "set"});
  clock_.advance(milliseconds{10});
  run();
  EXPECT_EQ(engine_->next_timer(), clock_.now() + std::chrono::seconds(1));
  Stubborn::refuses = false;
  run();
  EXPECT_EQ(**read_state(*store_, stubborn), "waiting");
  clock_.advance(std::chrono::seconds(1));
  run();
  EXPECT_EQ(**read_state(*store_, stubborn), "fired");
  EXPECT_EQ(engine_->depths().timers, 0U);
}

}  // namespace
}  // namespace tidemark::test
