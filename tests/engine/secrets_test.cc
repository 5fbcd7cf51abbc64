// Secrets come with an input, are written with its step, and are in no table but their own. The
// engine takes any bytes; these stand for what the vault has sealed.
#include "engine/secrets.h"

#include "engine/engine_limits.h"
#include "engine/replay.h"
#include "engine_fixture.h"

namespace tidemark::test {
namespace {

constexpr std::string_view kSealed{"\x01sealed-7f3a\0bytes", 18};

class Secrets : public EngineTest {
 protected:
  static Input with_secret(std::string name, const Json& script = Json::object(),
                           std::string_view sealed = kSealed) {
    Input made = input("a", script);
    made.secrets = {{std::move(name), std::string(sealed)}};
    return made;
  }
  std::optional<std::string> secret(std::string_view name, std::string_view tenant = "acme") {
    const auto read = read_secret(*store_, tenant, name);
    EXPECT_TRUE(read) << read.error().message;
    return read.value_or(std::nullopt);
  }
  Errc refusal(Input input) {
    const auto receipt = engine_->submit(std::move(input));
    EXPECT_FALSE(receipt);
    EXPECT_EQ(store_->last_sequence(), 0U) << "something was written";
    return receipt ? Errc::internal : receipt.error().code;
  }
  // The tables whose keys or values hold the text.
  std::vector<std::string> tables_with(std::string_view text) {
    std::vector<std::string> found;
    for (std::size_t i = 0; i < kTableCount; ++i) {
      const auto table = static_cast<Table>(i);
      bool holds = false;
      EXPECT_TRUE(store_->scan(table, {}, {}, [&](std::string_view key, std::string_view value) {
        holds =
            key.find(text) != std::string_view::npos || value.find(text) != std::string_view::npos;
        return !holds;
      }));
      if (holds) found.emplace_back(name(table));
    }
    return found;
  }
};

TEST_F(Secrets, AreFoundByTenantAndNameOnceTheirStepIsDurable) {
  submit(with_secret("endpoint/1"));
  reopen();
  EXPECT_EQ(secret("endpoint/1"), kSealed);
  EXPECT_EQ(secret("endpoint/2"), std::nullopt);
  EXPECT_EQ(secret("endpoint/1", "other"), std::nullopt);
  submit(with_secret("endpoint/1", Json::object(), "another"));
  EXPECT_EQ(secret("endpoint/1"), "another");
}

TEST_F(Secrets, AreInNoTableButTheirOwn) {
  Input made = with_secret("endpoint/1", {{"rows", {{"k", "v"}}},
                                          {"events", {"e"}},
                                          {"timers", {{{"name", "t"}, {"in_ms", 10}}}},
                                          {"effects", {{{"executor", "held"}}}},
                                          {"messages", {{{"to", id("b").value}}}}});
  made.dedupe_key = "key";
  submit(std::move(made));
  run();
  EXPECT_EQ(tables_with("sealed-7f3a"), (std::vector<std::string>{"secret"}));
  EXPECT_EQ(tables_with("endpoint/1"), (std::vector<std::string>{"journal", "secret"}));
  EXPECT_EQ(to_json(record(1)).dump().find("sealed-7f3a"), std::string::npos);
  EXPECT_EQ(read_input(*store_, 1)->find("sealed-7f3a"), std::string::npos);
  const auto feed = read_feed(*store_, {});
  ASSERT_EQ(feed->items.size(), 1U);
  for (const auto& item : feed->items) {
    EXPECT_EQ(to_json_text(item.event).find("sealed-7f3a"), std::string::npos);
  }
}

TEST_F(Secrets, AreNamedInTheJournalTogetherWithThoseAStepDrops) {
  submit(with_secret("old"));
  submit(with_secret("new", {{"drop_secrets", {"old", "never was"}}}));
  EXPECT_EQ(record(1).secrets, (std::vector<std::string>{"old"}));
  EXPECT_TRUE(record(1).dropped_secrets.empty());
  EXPECT_EQ(record(2).secrets, (std::vector<std::string>{"new"}));
  EXPECT_EQ(record(2).dropped_secrets, (std::vector<std::string>{"old", "never was"}));
  EXPECT_EQ(to_json(record(2)).at("dropped_secrets"), Json({"old", "never was"}));
  EXPECT_EQ(secret("old"), std::nullopt);
  EXPECT_EQ(secret("new"), kSealed);
}

TEST_F(Secrets, OfARecordAreNotNeededToRunItAgain) {
  submit(with_secret("old"));
  submit(with_secret("new", {{"drop_secrets", {"old"}}}));
  AnyMachine machine = erase<Scripted>();
  Replayer replayer({{std::string(machine.kind), machine}});
  for (Sequence sequence : {1, 2}) {
    const auto replayed = replayer.replay(record(sequence), *read_input(*store_, sequence));
    EXPECT_TRUE(replayed) << replayed.error().message;
  }
  machine.step = [step = machine.step](const StepContext& context, std::string_view state,
                                       std::string_view type, std::string_view payload) {
    auto transition = step(context, state, type, payload);
    transition->dropped_secrets.clear();
    return transition;
  };
  Replayer forgetful({{std::string(machine.kind), machine}});
  EXPECT_TRUE(forgetful.replay(record(1), *read_input(*store_, 1)));
  EXPECT_EQ(forgetful.replay(record(2), *read_input(*store_, 2)).error().message,
            "record 2: the dropped secrets differ");
}

TEST_F(Secrets, OfADuplicateAreNotWritten) {
  Input first = with_secret("s");
  first.dedupe_key = "key";
  submit(std::move(first));
  Input second = with_secret("s", Json::object(), "from the duplicate");
  second.secrets.push_back({"t", "from the duplicate"});
  second.dedupe_key = "key";
  EXPECT_TRUE(submit(std::move(second)).duplicate);
  EXPECT_EQ(secret("s"), kSealed);
  EXPECT_EQ(secret("t"), std::nullopt);
}

TEST_F(Secrets, OfAStepThatFailsAreNotWritten) {
  EXPECT_EQ(refusal(with_secret("s", {{"refuse", "no"}})), Errc::invalid_argument);
  EXPECT_EQ(secret("s"), std::nullopt);
  store_->failing_commits = 1;
  EXPECT_EQ(refusal(with_secret("s")), Errc::disk_full);
  EXPECT_EQ(secret("s"), std::nullopt);
}

TEST_F(Secrets, PutAndDroppedWithinOneBatchAreGone) {
  int answers = 0;
  const int before = store_->commits;
  const auto count = [&](auto answer) { answers += answer.has_value(); };
  engine_->submit(with_secret("s"), count);
  engine_->submit(input("a", {{"drop_secrets", {"s"}}}), count);
  engine_->submit(with_secret("t"), count);
  run();
  EXPECT_EQ(answers, 3);
  EXPECT_EQ(store_->commits, before + 1);
  EXPECT_EQ(secret("s"), std::nullopt);
  EXPECT_EQ(secret("t"), kSealed);
}

TEST_F(Secrets, ThatAreTooLargeTooManyOrIllNamedAreRefused) {
  using namespace engine;
  EXPECT_EQ(refusal(with_secret("")), Errc::invalid_argument);
  EXPECT_EQ(refusal(with_secret(std::string(kMaxSecretNameBytes + 1, 'n'))),
            Errc::invalid_argument);
  EXPECT_EQ(refusal(with_secret("\xFF")), Errc::invalid_argument);
  EXPECT_EQ(refusal(with_secret("s", Json::object(), std::string(kMaxSealedBytes + 1, 'x'))),
            Errc::limit_exceeded);
  Input twice = with_secret("s");
  twice.secrets.push_back({"s", "again"});
  EXPECT_EQ(refusal(std::move(twice)), Errc::invalid_argument);
  Input many = input("a");
  for (std::size_t i = 0; i <= kMaxSecrets; ++i) many.secrets.push_back({std::to_string(i), "x"});
  EXPECT_EQ(refusal(many), Errc::limit_exceeded);
  many.secrets.pop_back();
  many.secrets.back().sealed.resize(kMaxSealedBytes);
  submit(std::move(many));
  EXPECT_EQ(secret("15")->size(), kMaxSealedBytes);
}

TEST_F(Secrets, CannotBeDroppedByTheStepTheyComeWithNorByABadName) {
  EXPECT_EQ(refusal(with_secret("s", {{"drop_secrets", {"s"}}})), Errc::internal);
  EXPECT_EQ(refusal(input("a", {{"drop_secrets", {""}}})), Errc::internal);
  const Json too_many(std::vector<std::string>(engine::kMaxDroppedSecrets + 1, "s"));
  EXPECT_EQ(refusal(input("a", {{"drop_secrets", too_many}})), Errc::internal);
}

TEST_F(Secrets, AreListedByTenantAndPrefix) {
  for (const char* name : {"endpoint/1", "endpoint/2", "token/1"}) submit(with_secret(name));
  using Names = std::vector<std::string>;
  EXPECT_EQ(*list_secrets(*store_, "acme", "endpoint/", 10), (Names{"endpoint/1", "endpoint/2"}));
  EXPECT_EQ(*list_secrets(*store_, "acme", "", 2), (Names{"endpoint/1", "endpoint/2"}));
  EXPECT_EQ(*list_secrets(*store_, "acme", "", 0), Names{});
  EXPECT_EQ(*list_secrets(*store_, "acm", "", 10), Names{});
}

TEST_F(Secrets, CountAsWhatWaitsInTheInbox) {
  engine_->submit(with_secret("s", Json::object(), std::string(engine::kMaxSealedBytes, 'x')),
                  [](auto) {});
  EXPECT_GT(engine_->depths().inbox_bytes, engine::kMaxSealedBytes);
  run();
  EXPECT_EQ(engine_->depths().inbox_bytes, 0U);
}

}  // namespace
}  // namespace tidemark::test
