// One batch is being committed while the next one is stepped on top of it. The store holds the
// first commit until the second batch has been stepped, so each test sees both at once.
#include <map>
#include <set>

#include "engine/keys.h"
#include "engine/secrets.h"
#include "engine_fixture.h"

namespace tidemark::test {
namespace {

// So many make a batch leave for its commit, and exactly so many wake the loop during one.
constexpr int kFirst = 4;
constexpr int kSecond = 16;

class Overlap : public EngineTest {
 protected:
  Overlap() {
    AnyMachine machine = erase<Scripted>();
    machine.kind = "watched";
    machine.step = [this, inner = machine.step](const auto&... arguments) {
      {
        const std::lock_guard lock(mutex_);
        ++steps_;
        changed_.notify_all();
      }
      return inner(arguments...);
    };
    more_machines_.push_back(machine);
    options_.max_batch_stepping = std::chrono::hours(1);  // however slow the test's machine is
    begin();
  }
  ~Overlap() override { close(); }

  // A new engine has measured no sync yet, so its first batch overlaps.
  void begin() { reopen(); }

  static InstanceId watched(std::string_view rest) {
    return make_instance_id("watched", "acme", rest);
  }
  void send(Input input) {
    const int number = sent_++;
    engine_->submit(std::move(input), [this, number](Result<Receipt> answer) {
      const std::lock_guard lock(mutex_);
      answers_.emplace(number, std::move(answer));
      changed_.notify_all();
    });
  }
  void send_watched(std::string_view rest, const Json& script = Json::object()) {
    send({.instance = watched(rest), .type = "do", .payload = script.dump()});
  }
  void send_notes(std::string_view rest, std::string_view name, int count) {
    for (int i = 0; i < count; ++i) {
      send({.instance = watched(rest), .type = std::string(name), .payload = std::to_string(i)});
    }
  }
  // What was sent so far leaves as one batch, and its commit is held.
  void start_and_hold(int commits = 1) {
    store_->hold(commits);
    engine_->start();
    store_->wait_until_held();
  }
  void wait_for_steps(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return steps_ >= count; });
  }
  void wait_for_answers(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return answers_.size() >= count; });
  }
  std::size_t answered() {
    const std::lock_guard lock(mutex_);
    return answers_.size();
  }
  std::string watched_state(std::string_view rest) {
    return read_state(*store_, watched(rest))->value_or("none");
  }
  static std::string notes(std::string_view name, int count) {
    std::string notes;
    for (int i = 0; i < count; ++i) {
      notes.append(name).append(" ").append(std::to_string(i)).append("\n");
    }
    return notes;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int steps_ = 0;
  int sent_ = 0;
  std::map<int, Result<Receipt>> answers_;
};

TEST_F(Overlap, TellsNobodyAnythingBeforeTheFirstCommitReturned) {
  send_notes("a", "first", kFirst);
  start_and_hold();
  send_notes("a", "second", kSecond);
  wait_for_steps(kFirst + kSecond);
  EXPECT_EQ(answered(), 0U);
  EXPECT_EQ(engine_->wait_for_record(0, milliseconds{0}), 0U);
  EXPECT_FALSE(engine_->idle());
  store_->release(true);
  wait_for_answers(kFirst + kSecond);
  EXPECT_EQ(watched_state("a"), "." + notes("first", kFirst) + notes("second", kSecond));
  for (int i = 0; i < kFirst + kSecond; ++i) {
    EXPECT_EQ(answers_.at(i)->sequence, static_cast<Sequence>(i + 1));
    EXPECT_EQ(record(static_cast<Sequence>(i + 1)).previous, static_cast<Sequence>(i));
  }
  EXPECT_TRUE(engine_->wait_until_idle(std::chrono::seconds(20)));
}

TEST_F(Overlap, WritesTheSecretsOfAStepThatHadToBeSteppedAgain) {
  send_notes("a", "first", kFirst);
  start_and_hold();
  send({.instance = watched("a"), .type = "do", .payload = "{}", .secrets = {{"s", "sealed"}}});
  send_notes("a", "second", kSecond - 1);
  wait_for_steps(kFirst + kSecond);
  store_->release(false);
  wait_for_answers(kFirst + kSecond);
  EXPECT_TRUE(answers_.at(kFirst));
  EXPECT_EQ(*read_secret(*store_, "acme", "s"), "sealed");
}

TEST_F(Overlap, StepsTheSecondBatchAgainWhenTheFirstCommitFails) {
  send_notes("a", "first", kFirst);
  start_and_hold();
  send_notes("a", "second", kSecond);
  wait_for_steps(kFirst + kSecond);
  store_->release(false);
  wait_for_answers(kFirst + kSecond);
  for (int i = 0; i < kFirst; ++i) EXPECT_EQ(answers_.at(i).error().code, Errc::disk_full);
  EXPECT_EQ(watched_state("a"), "." + notes("second", kSecond));
  for (int i = 0; i < kSecond; ++i) {
    const auto sequence = static_cast<Sequence>(i + 1);
    const auto& receipt = answers_.at(kFirst + i);
    EXPECT_EQ(receipt->sequence, sequence);
    EXPECT_EQ(record(sequence).previous, sequence - 1);
    // Made from the sequence of the step that came to be.
    const auto id = make_id(kCorrelationPrefix, clock_.now(), {sequence, kRecordIndex});
    EXPECT_EQ(receipt->correlation_id, id);
    EXPECT_EQ(record(sequence).correlation_id, id);
  }
}

TEST_F(Overlap, TriesTheEnginesOwnInputsOfAFailedCommitAgainBeforeLaterOnes) {
  Json messages = Json::array();
  for (int i = 0; i < kFirst; ++i) {
    messages.push_back(
        {{"to", watched("b").value}, {"type", "message"}, {"input", std::to_string(i)}});
  }
  submit(input("a", {{"messages", messages}}));
  begin();
  start_and_hold();
  send_notes("b", "second", kSecond);
  wait_for_steps(kFirst + kSecond);
  store_->release(false);
  wait_for_answers(kSecond);
  std::string delivered = ".";
  for (int i = 0; i < kFirst; ++i) delivered += "message \"" + std::to_string(i) + "\"\n";
  EXPECT_EQ(watched_state("b"), delivered + notes("second", kSecond));
}

TEST_F(Overlap, AnswersADuplicateOfWhatIsInFlightOnlyWhenThatIsDurable) {
  for (const bool succeeds : {true, false}) {
    const int first = sent_;
    const int steps = steps_;
    const std::string key = succeeds ? "one" : "two";
    const auto keyed = [&] {
      Input input{.instance = watched("a"), .type = "keyed", .payload = key};
      input.dedupe_key = key;
      return input;
    };
    send(keyed());
    send_notes("x", "first", kFirst);
    start_and_hold();
    send(keyed());
    send_notes("x", "second", kSecond - 1);
    wait_for_steps(steps + 1 + kFirst + kSecond - 1);
    EXPECT_EQ(answered(), static_cast<std::size_t>(first));
    store_->release(succeeds);
    wait_for_answers(static_cast<std::size_t>(sent_));
    const auto& original = answers_.at(first);
    const auto& second = answers_.at(first + 1 + kFirst);
    ASSERT_EQ(original.has_value(), succeeds);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->duplicate, succeeds);
    if (succeeds) {
      EXPECT_EQ(second->sequence, original->sequence);
    }
    EXPECT_EQ(watched_state("a"), succeeds ? ".keyed one\n" : ".keyed one\nkeyed two\n");
    begin();
  }
}

TEST_F(Overlap, StartsAnEffectOnlyAfterItsOwnCommit) {
  const auto effect = [](const char* payload) {
    return Json{{"effects", {{{"executor", "held"}, {"host", payload}, {"payload", payload}}}}};
  };
  send_watched("a", effect("first"));
  send_notes("x", "first", kFirst);
  start_and_hold(2);
  send_watched("a", effect("second"));
  send_notes("x", "second", kSecond - 1);
  wait_for_steps(1 + kFirst + kSecond);
  EXPECT_EQ(held_.size(), 0U);
  store_->release(true);
  auto first = held_.wait_and_take();
  EXPECT_EQ(first.effect.request.payload, "first");
  store_->wait_until_held();
  EXPECT_EQ(held_.size(), 0U);
  EXPECT_EQ(answered(), static_cast<std::size_t>(1 + kFirst));
  // A result that arrives meanwhile follows in its turn.
  first.handle->complete("note", "done");
  store_->release(true);
  EXPECT_EQ(held_.wait_and_take().effect.request.payload, "second");
  const Sequence last = 1 + kFirst + kSecond + 1;
  EXPECT_EQ(engine_->wait_for_record(last - 1, std::chrono::seconds(20)), last);
  EXPECT_EQ(watched_state("a"), ".do\ndo\nnote done\n");
}

TEST_F(Overlap, FiresATimerInFlightOnce) {
  for (const bool succeeds : {true, false}) {
    const std::string rest = succeeds ? "a" : "b";
    submit({.instance = watched(rest),
            .type = "do",
            .payload = Json{{"timers", {{{"name", "t"}, {"in_ms", 10}}}}}.dump()});
    begin();
    clock_.advance(milliseconds{10});
    const int steps = steps_;
    const int sent = sent_;
    send_notes("x", "first", kFirst);
    start_and_hold();
    send_notes("x", "second", kSecond);
    wait_for_steps(steps + 1 + kFirst + kSecond);
    store_->release(succeeds);
    wait_for_answers(static_cast<std::size_t>(sent + kFirst + kSecond));
    EXPECT_TRUE(engine_->wait_until_idle(std::chrono::seconds(20)));
    EXPECT_EQ(watched_state(rest), ".do\ntimer.fired t\n");
    EXPECT_EQ(engine_->depths().timers, 0U);
    begin();
  }
}

TEST_F(Overlap, DoesNotFireATimerThatIsBeingCancelled) {
  submit({.instance = watched("a"),
          .type = "do",
          .payload = Json{{"timers", {{{"name", "t"}, {"in_ms", 10}}}}}.dump()});
  begin();
  const int steps = steps_;
  send_watched("a", {{"timers", {{{"name", "t"}}}}});
  send_notes("x", "first", kFirst);
  start_and_hold();
  clock_.advance(milliseconds{10});
  send_notes("x", "second", kSecond);
  wait_for_steps(steps + 1 + kFirst + kSecond);
  store_->release(true);
  wait_for_answers(1 + kFirst + kSecond);
  EXPECT_TRUE(engine_->wait_until_idle(std::chrono::seconds(20)));
  EXPECT_EQ(watched_state("a"), ".do\ndo\n");
  EXPECT_EQ(engine_->depths().timers, 0U);
}

TEST_F(Overlap, CallbacksOfBothBatchesMaySubmitAndWait) {
  const auto chain = [&](std::string_view name) {
    engine_->submit(
        {.instance = watched("a"), .type = std::string(name), .payload = "outer"},
        [this, name](const Result<Receipt>&) {
          submit({.instance = watched("b"), .type = "inner", .payload = std::string(name)});
        });
  };
  chain("first");
  send_notes("x", "first", kFirst);
  start_and_hold();
  chain("second");
  send_notes("x", "second", kSecond - 1);
  wait_for_steps(1 + kFirst + kSecond);
  store_->release(true);
  wait_for_answers(kFirst + kSecond - 1);
  EXPECT_TRUE(engine_->wait_until_idle(std::chrono::seconds(20)));
  EXPECT_EQ(watched_state("b"), ".inner first\ninner second\n");
}

TEST_F(Overlap, StopFinishesWhatIsInFlightAndWhatWasSteppedOnIt) {
  submit({.instance = watched("a"),
          .type = "do",
          .payload = Json{{"effects", {{{"executor", "held"}}}}}.dump()});
  begin();
  const int steps = steps_;
  send_notes("a", "first", kFirst);
  start_and_hold();
  send_notes("a", "second", kSecond);
  wait_for_steps(steps + kFirst + kSecond);
  const auto running = held_.wait_and_take();
  std::thread stopper([&] { engine_->stop(milliseconds{0}); });
  while (!running.handle->stopping()) std::this_thread::yield();
  store_->release(true);
  stopper.join();
  ASSERT_EQ(answered(), static_cast<std::size_t>(kFirst + kSecond));
  for (const auto& [number, answer] : answers_) EXPECT_TRUE(answer) << number;
  EXPECT_EQ(watched_state("a"), ".do\n" + notes("first", kFirst) + notes("second", kSecond));
}

TEST_F(Overlap, StopAnswersEverybodyWhenTheCommitInFlightFails) {
  send_notes("a", "first", kFirst);
  start_and_hold();
  send_notes("a", "second", kSecond);
  wait_for_steps(kFirst + kSecond);
  std::thread stopper([&] { engine_->stop(milliseconds{0}); });
  store_->release(false);
  stopper.join();
  ASSERT_EQ(answered(), static_cast<std::size_t>(kFirst + kSecond));
  std::string kept = ".";
  for (int i = 0; i < kFirst; ++i) EXPECT_FALSE(answers_.at(i));
  for (int i = 0; i < kSecond; ++i) {
    if (answers_.at(kFirst + i)) kept += "second " + std::to_string(i) + "\n";
  }
  EXPECT_EQ(watched_state("a"), kept == "." ? "none" : kept);
}

// Every note that was accepted is there once and in the order of the receipts, and no other.
TEST_F(Overlap, KeepsExactlyWhatItAcceptedWhileCommitsFail) {
  constexpr int kThreads = 24;
  constexpr int kNotes = 40;
  const auto instance = [](int thread) { return watched(std::to_string(thread % 3)); };
  engine_->start();
  std::map<std::string, std::map<Sequence, std::string>> accepted;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kNotes; ++i) {
        const auto text = std::to_string(t) + "/" + std::to_string(i);
        if (i % 8 == 3) store_->failing_commits = 1;
        const auto answer =
            engine_->submit({.instance = instance(t), .type = "n", .payload = text});
        const std::lock_guard lock(mutex_);
        if (answer) accepted[instance(t).value][answer->sequence] = "n " + text + "\n";
      }
    });
  }
  for (auto& thread : threads) thread.join();
  engine_->stop();
  Sequence kept = 0;
  for (const auto& [name, notes] : accepted) {
    std::string expected = ".";
    for (const auto& [sequence, note] : notes) expected += note;
    EXPECT_EQ(read_state(*store_, InstanceId{name})->value_or("none"), expected);
    kept += notes.size();
  }
  EXPECT_EQ(store_->last_sequence(), kept);
}

}  // namespace
}  // namespace tidemark::test
