// A journal stepped again into an empty store.
#include "engine/journal_replay.h"

#include <future>
#include <random>

#include "engine/keys.h"
#include "engine/stored_values.h"
#include "engine_fixture.h"

namespace tidemark::test {
namespace {

// Scripted, but for one thing it does differently since its last version.
struct Changed : Scripted {
  static constexpr std::uint32_t version = 4;
  static Result<Transition<State>> step(const StepContext& context, State state,
                                        const Input& input) {
    const auto* script = std::get_if<Do>(&input);
    TM_ASSIGN(auto transition, Scripted::step(context, std::move(state), input));
    if (script != nullptr && script->script.value("note", "") == "changed") {
      transition.rows.push_back({"new", "row"});
    }
    if (script != nullptr && script->script.value("note", "") == "refused") {
      return fail(Errc::invalid_argument, "not any more");
    }
    return transition;
  }
};

class JournalReplay : public EngineTest {
 protected:
  Result<ReplayReport> replay(const AnyMachine& machine, const ReplayOptions& options = {}) {
    target_.reset();
    StoreOptions store{.path = directory_ / ("target" + std::to_string(++targets_))};
    store.maintenance_interval = std::chrono::milliseconds{0};
    auto opened = Store::open(store);
    if (!opened) return fail(std::move(opened).error());
    target_ = *std::move(opened);
    return replay_journal(*raw_, *target_, {machine}, options);
  }
  ReplayReport replayed(const AnyMachine& machine, const ReplayOptions& options = {}) {
    auto report = replay(machine, options);
    EXPECT_TRUE(report) << report.error().message;
    return report.value_or(ReplayReport{});
  }

  std::unique_ptr<Store> target_;
  int targets_ = 0;
};

// Everything that a step can write and every way an input can come.
void live(Engine& engine, HeldEffects& effects, ManualClock& clock, unsigned seed, int inputs) {
  std::mt19937 random(seed);
  const auto roll = [&](int sides) { return std::uniform_int_distribution(0, sides - 1)(random); };
  const auto name = [&](int i) { return make_instance_id("scripted", "acme", std::to_string(i)); };
  const auto settle = [&] {
    while (engine.run_one_batch()) {
    }
  };
  for (int i = 0; i < inputs; ++i) {
    Json script{{"events", {"e"}}};
    for (int row = roll(4); row > 0; --row) {
      script["rows"]["k" + std::to_string(roll(6))] =
          roll(4) == 0 ? Json() : Json(std::to_string(i));
    }
    if (roll(3) == 0) script["gather"] = "k";
    if (roll(4) == 0) script["messages"] = {{{"to", name(roll(4)).value}}};
    if (roll(6) == 0) {
      script["messages"].push_back({{"to", name(roll(4)).value}, {"input", {{"refuse", "no"}}}});
    }
    if (roll(3) == 0) script["effects"] = {{{"executor", "held"}, {"host", "h"}}};
    if (roll(4) == 0) {
      script["timers"] = {{{"name", "t" + std::to_string(roll(3))}, {"in_ms", roll(50)}}};
    }
    Input input{.instance = name(roll(4)), .type = "do", .payload = script.dump()};
    if (roll(3) == 0) input.dedupe_key = std::to_string(roll(20));
    if (roll(8) == 0) input.secrets = {{"s" + std::to_string(roll(3)), "sealed"}};
    EXPECT_TRUE(engine.submit(std::move(input)));
    clock.advance(milliseconds{roll(20)});
    settle();
    if (effects.size() > 0 && roll(2) == 0) {
      auto held = effects.take();
      if (roll(2) == 0) {
        // It returns once the step is durable, so somebody else has to turn the loop.
        auto progress =
            std::async(std::launch::async, [&] { return held.handle->progress("note", "half"); });
        while (progress.wait_for(milliseconds{0}) != std::future_status::ready) settle();
        EXPECT_TRUE(progress.get());
      }
      held.handle->complete("note", "done");
      settle();
    }
  }
}

TEST_F(JournalReplay, OfWhateverHappenedFindsNoDifferenceAndRebuildsEveryTable) {
  for (const unsigned seed : {1U, 2U}) {
    live(*engine_, held_, clock_, seed, 150);
    const auto report = replayed(erase<Scripted>());
    EXPECT_TRUE(report.same()) << report.first_different_value;
    EXPECT_EQ(report.records, raw_->last_sequence());
    EXPECT_EQ(report.last, raw_->last_sequence());
    EXPECT_GE(report.values_compared.value_or(0), 20U);
    ASSERT_EQ(report.made.size(), 1U);
    EXPECT_EQ(report.made[0].version, Scripted::version);
    EXPECT_EQ(report.made[0].records, report.records);
  }
}

TEST_F(JournalReplay, MakesAStoreThatGoesOnLikeTheOldOne) {
  live(*engine_, held_, clock_, 7, 100);
  ASSERT_TRUE(replayed(erase<Scripted>()).same());
  Engine engine(*target_, clock_, metrics_);
  engine.register_machine(erase<Scripted>());
  engine.register_executor("held", held_, limits_);
  ASSERT_TRUE(engine.recover());
  const auto before = raw_->last_sequence();
  const auto copied = engine.submit(input("1"));
  ASSERT_TRUE(copied) << copied.error().message;
  EXPECT_EQ(copied->sequence, before + 1);
  EXPECT_EQ(engine.depths().timers, engine_->depths().timers);
  EXPECT_EQ(engine.depths().outbox, engine_->depths().outbox);
  engine.stop(std::chrono::milliseconds{0});
}

TEST_F(JournalReplay, StopsAtTheSequenceOrTimeItIsTold) {
  submit(input("a", {{"rows", {{"k", "1"}}}}));
  const auto then = clock_.now();
  clock_.advance(std::chrono::seconds{1});
  submit(input("a", {{"rows", {{"k", "2"}}}}));
  for (const auto& options : {ReplayOptions{.through = 1}, ReplayOptions{.until = then}}) {
    const auto report = replayed(erase<Scripted>(), options);
    EXPECT_EQ(report.last, 1U);
    EXPECT_FALSE(report.values_compared);
    EXPECT_EQ(target_->last_sequence(), 1U);
    EXPECT_EQ(read_row(*target_, id("a"), "k")->value_or("none"), "1");
  }
}

TEST_F(JournalReplay, ShowsInputRecordAndWhatIsDoneTodayWhereTheyDiffer) {
  submit(input("a", {{"note", "same"}}));
  submit(input("a", {{"note", "changed"}, {"rows", {{"old", "row"}}}}));
  submit(input("b", {{"note", "same"}}));
  submit(input("a", {{"note", "same"}}));
  const auto report = replayed(erase<Changed>());
  EXPECT_FALSE(report.same());
  EXPECT_EQ(report.records, 2U);
  EXPECT_EQ(report.different, 1U);
  EXPECT_EQ(report.passed_over, 1U) << "of the instance that went another way";
  ASSERT_EQ(report.differences.size(), 1U);
  const auto& difference = report.differences[0];
  EXPECT_EQ(difference.recorded.sequence, 2U);
  EXPECT_NE(difference.input.find("changed"), std::string::npos);
  EXPECT_EQ(difference.what, "differs in rows");
  ASSERT_TRUE(difference.now);
  EXPECT_EQ(difference.recorded.rows.size(), 1U);
  EXPECT_EQ(difference.now->rows.size(), 2U);
  EXPECT_FALSE(report.values_compared);
}

TEST_F(JournalReplay, TakesANewVersionThatDoesTheSameForNoDifference) {
  submit(input("a", {{"note", "same"}}));
  const auto report = replayed(erase<Changed>());
  EXPECT_TRUE(report.same());
  ASSERT_EQ(report.made.size(), 1U);
  EXPECT_EQ(report.made[0].version, Scripted::version);
  EXPECT_EQ(report.made[0].current, Changed::version);
}

TEST_F(JournalReplay, TellsWhatIsRefusedNow) {
  submit(input("a", {{"note", "refused"}}));
  const auto report = replayed(erase<Changed>());
  ASSERT_EQ(report.differences.size(), 1U);
  EXPECT_FALSE(report.differences[0].now);
  EXPECT_EQ(report.differences[0].what, "is refused now: not any more");
}

TEST_F(JournalReplay, WithoutTheMachineSaysSo) {
  submit(input("a"));
  submit(input("b"));
  const auto report = replayed(AnyMachine{"other", 1, {}});
  EXPECT_EQ(report.different, 2U);
  EXPECT_EQ(report.differences[0].what,
            "is refused now: there is no machine of kind \"scripted\" any more");
  EXPECT_EQ(report.made[0].current, 0U);
}

TEST_F(JournalReplay, CountsTheDifferencesItDoesNotKeep) {
  for (const char* name : {"a", "b", "c"}) submit(input(name, {{"note", "changed"}}));
  const auto report = replayed(erase<Changed>(), {.most_differences = 2});
  EXPECT_EQ(report.different, 3U);
  EXPECT_EQ(report.differences.size(), 2U);
}

TEST_F(JournalReplay, FindsAValueThatNoRecordWrote) {
  submit(input("a", {{"rows", {{"k", "true"}}}}));
  const auto damage = [&](Table table, const std::string& key,
                          const std::optional<std::string>& value) {
    WriteBatch batch;
    value ? batch.put(table, key, *value) : batch.erase(table, key);
    ASSERT_TRUE(raw_->commit(std::move(batch), raw_->last_sequence()));
  };
  const auto row = engine::row_key(id("a").value, "k");
  const auto extra = engine::row_key(id("a").value, "extra");
  damage(Table::row, row, "forged");
  EXPECT_NE(replayed(erase<Scripted>()).first_different_value.find("holds another value"),
            std::string::npos);
  damage(Table::row, row, std::nullopt);
  EXPECT_NE(replayed(erase<Scripted>()).first_different_value.find("is missing"),
            std::string::npos);
  damage(Table::row, row, engine::encode(engine::StoredRow{1, "true"}));
  damage(Table::row, extra, "forged");
  const auto report = replayed(erase<Scripted>());
  EXPECT_FALSE(report.same());
  EXPECT_NE(report.first_different_value.find("no record wrote it"), std::string::npos);
  damage(Table::row, extra, std::nullopt);
  EXPECT_TRUE(replayed(erase<Scripted>()).same());
}

TEST_F(JournalReplay, RefusesAnInputThatIsNotTheRecordedOne) {
  submit(input("a"));
  WriteBatch batch;
  batch.put(Table::input, engine::sequence_key(1), std::string("\x01") + "{}x");
  ASSERT_TRUE(raw_->commit(std::move(batch), 1));
  EXPECT_EQ(replay(erase<Scripted>()).error().code, Errc::corrupt);
  WriteBatch gone;
  gone.erase(Table::input, engine::sequence_key(1));
  ASSERT_TRUE(raw_->commit(std::move(gone), 1));
  const auto without = replay(erase<Scripted>());
  EXPECT_EQ(without.error().code, Errc::not_found) << "a healthy store, after retention";
  EXPECT_NE(without.error().message.find("the input of record 1 is not there"), std::string::npos);
}

TEST_F(JournalReplay, NamesTheRecordThatIsMissing) {
  submit(input("a"));
  submit(input("a"));
  WriteBatch batch;
  batch.erase(Table::journal, engine::sequence_key(1));
  ASSERT_TRUE(raw_->commit(std::move(batch), 2));
  const auto report = replay(erase<Scripted>());
  EXPECT_EQ(report.error().code, Errc::not_found);
  EXPECT_EQ(report.error().message, "record 1 is not in the journal");
}

TEST_F(JournalReplay, GoesIntoAnEmptyStoreOnly) {
  submit(input("a"));
  ASSERT_TRUE(replayed(erase<Scripted>()).same());
  const auto again = replay_journal(*raw_, *target_, {erase<Scripted>()});
  EXPECT_EQ(again.error().code, Errc::invalid_argument);
}

TEST_F(JournalReplay, EndsWhenItIsTold) {
  submit(input("a"));
  const auto ended =
      replay(erase<Scripted>(), {.progress = [](Sequence, Sequence) { return false; }});
  EXPECT_EQ(ended.error().code, Errc::cancelled);
}

TEST_F(JournalReplay, NamesSecretsThatAreGone) {
  Input with = input("a");
  with.secrets = {{"kept", "sealed"}, {"gone", "sealed"}};
  submit(std::move(with));
  submit(input("a", {{"drop_secrets", {"gone"}}}));
  const auto report = replayed(erase<Scripted>());
  EXPECT_TRUE(report.same());
  EXPECT_EQ(report.missing_secrets, std::vector<std::string>{"acme/gone"});
  EXPECT_EQ(target_->get(Table::secret, engine::secret_key("acme", "kept"))->value_or(""),
            "sealed");
}

}  // namespace
}  // namespace tidemark::test
