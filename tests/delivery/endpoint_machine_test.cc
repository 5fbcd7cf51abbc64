// What an endpoint's machine does with what people ask for; deliveries are in deliverer_test.cc.
#include "delivery_world.h"
#include "engine/replay.h"
#include "engine/secrets.h"

namespace tidemark::test {
namespace {

using namespace std::chrono_literals;
using delivery::EndpointStatus;
namespace input_type = delivery::input_type;

class Endpoints : public DeliveryWorld {
 protected:
  Result<Receipt> rotate(const std::string& name, milliseconds overlap) {
    tidemark::Input input;
    input.instance = endpoint("one");
    input.type = input_type::kRotate;
    input.payload = encode(delivery::RotateSecret{name, overlap});
    input.secrets.push_back({name, "sealed " + name});
    auto receipt = engine_->submit(std::move(input));
    settle();
    return receipt;
  }
  bool has_secret(const std::string& name) {
    const auto read = read_secret(*store_, "acme", name);
    return read && read->has_value();
  }
};

TEST_F(Endpoints, ThatDoNotExistAreNotFoundAndLeaveNothing) {
  for (const auto& [type, payload] :
       {std::pair(input_type::kPause, encode(delivery::PauseEndpoint{})),
        std::pair(input_type::kResume, std::string()),
        std::pair(input_type::kRemove, std::string()),
        std::pair(input_type::kRewind, encode(delivery::RewindEndpoint{})),
        std::pair(input_type::kResults, encode(delivery::DeliveryResults{}))}) {
    const auto receipt = submit(endpoint("nobody"), type, payload);
    ASSERT_FALSE(receipt) << type;
    EXPECT_EQ(receipt.error().code, Errc::not_found) << type;
  }
  EXPECT_FALSE(read_state(*store_, endpoint("nobody"))->has_value());
  EXPECT_EQ(store_->last_sequence(), 0U);
}

TEST_F(Endpoints, ThatMustBeNewAreRefusedWhenTheyAreNot) {
  create("one");
  const auto config = delivery::endpoint_config_from_json({{"id", "one"}, {"url", url("two")}});
  const auto again = submit(endpoint("one"), input_type::kPut,
                            encode(delivery::PutEndpoint{*config, false, true, {}}));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::conflict);
  EXPECT_EQ(state("one").config.url, url("one"));
}

TEST_F(Endpoints, KeepTheirPlaceWhenTheyAreConfiguredAnew) {
  create("one");
  const auto before = state("one");
  emit(3);
  create("one", {{"description", "new"}});
  EXPECT_EQ(state("one").created, before.created);
  EXPECT_GE(state("one").cursor, before.cursor);
  EXPECT_EQ(state("one").config.description, "new");
}

TEST_F(Endpoints, SignWithOldSecretsUntilTheOverlapEndsAndThenForgetThem) {
  create("one");
  ASSERT_TRUE(rotate("first", 0ms));
  ASSERT_TRUE(rotate("second", 1h));
  ASSERT_EQ(state("one").secrets.size(), 3U - 1U) << "what was there at first left at once";
  EXPECT_EQ(state("one").secrets[0].name, "second");
  EXPECT_TRUE(has_secret("first"));
  run_for(59min);
  EXPECT_EQ(state("one").secrets.size(), 2U);
  run_for(2min);
  ASSERT_EQ(state("one").secrets.size(), 1U);
  EXPECT_EQ(state("one").secrets[0].name, "second");
  EXPECT_FALSE(has_secret("first"));
  EXPECT_TRUE(has_secret("second"));
}

TEST_F(Endpoints, HaveALimitedNumberOfSecrets) {
  create("one");
  for (std::size_t i = 1; i < delivery::kMaxEndpointSecrets; ++i) {
    ASSERT_TRUE(rotate("s" + std::to_string(i), 1h));
  }
  const auto refused = rotate("one too many", 1h);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::limit_exceeded);
  EXPECT_FALSE(has_secret("one too many"));
}

TEST_F(Endpoints, TakeTheirSecretsAlongWhenTheyAreRemoved) {
  create("one");
  ASSERT_TRUE(rotate("first", 0ms));
  ASSERT_TRUE(submit(endpoint("one"), input_type::kRemove, {}));
  settle();
  EXPECT_FALSE(has_secret("first"));
  create("one");
  EXPECT_EQ(state("one").counts.delivered, 0U) << "a new one of the same name begins anew";
}

TEST_F(Endpoints, GoBackOnlyOnARewind) {
  create("one");
  const auto forward = submit(endpoint("one"), input_type::kRewind,
                              encode(delivery::RewindEndpoint{{1'000'000, 0}}));
  ASSERT_FALSE(forward);
  EXPECT_EQ(forward.error().code, Errc::invalid_argument);
}

TEST_F(Endpoints, ResultsOfAnOldCourseDoNotMoveTheNewOne) {
  receive("one");
  create("one");
  emit(10);
  run_for(1s);
  const auto end = state("one").cursor;
  ASSERT_TRUE(submit(endpoint("one"), input_type::kPause, encode(delivery::PauseEndpoint{})));
  ASSERT_TRUE(submit(endpoint("one"), input_type::kRewind,
                     encode(delivery::RewindEndpoint{{1, kRecordIndex}})));
  delivery::DeliveryResults late;
  late.generation = state("one").generation - 1;
  late.cursor = end;
  ASSERT_TRUE(submit(endpoint("one"), input_type::kResults, encode(late)));
  EXPECT_EQ(state("one").cursor, (Position{1, kRecordIndex}));
}

TEST_F(Endpoints, CanBeSwitchedOffInTheirConfigurationAndOnAgain) {
  auto& got = receive("one");
  create("one", {{"enabled", false}});
  emit(2);
  run_for(1s);
  EXPECT_TRUE(got.empty());
  EXPECT_EQ(state("one").status, EndpointStatus::paused);
  create("one");
  run_for(1s);
  EXPECT_EQ(got.size(), 2U);
}

TEST_F(Endpoints, EveryStepCanBeRunAgainFromTheJournal) {
  receive("one", [n = 0](const HttpRequest&) mutable { return status(++n % 3 ? 200 : 500); });
  create("one", {{"schedule", {"0s", "1s"}}});
  emit(30);
  run_for(1min);
  const AnyMachine endpoints = erase<delivery::EndpointMachine>();
  const AnyMachine source = erase<Source>();
  Replayer replayer({{std::string(endpoints.kind), endpoints}, {std::string(source.kind), source}});
  for (Sequence sequence = 1; sequence <= store_->last_sequence(); ++sequence) {
    const auto record = read_record(*store_, sequence);
    ASSERT_TRUE(record);
    const auto replayed = replayer.replay(*record, *read_input(*store_, sequence));
    EXPECT_TRUE(replayed) << sequence << ": " << replayed.error().message;
  }
  std::map<std::string, std::string> stored;
  ASSERT_TRUE(scan_rows(*store_, endpoint("one"), "", "", [&](auto key, auto value) {
    stored.emplace(key, value);
    return true;
  }));
  EXPECT_FALSE(stored.empty());
  EXPECT_EQ(stored, replayer.rows_of(endpoint("one")));
}

}  // namespace
}  // namespace tidemark::test
