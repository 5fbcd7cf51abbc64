// How an endpoint's state, rows and inputs are stored.
#include <gtest/gtest.h>

#include "base/text.h"
#include "delivery/delivery_rows.h"
#include "delivery/endpoint_inputs.h"
#include "delivery/endpoint_state.h"

namespace tidemark::test {
namespace {

using namespace delivery;

constexpr WallTime kTime{milliseconds{1'765'886'400'123}};

EndpointConfig config() {
  auto parsed = endpoint_config_from_json(
      {{"id", "orders"}, {"url", "https://example.com/hook"}, {"ordered", true}});
  EXPECT_TRUE(parsed);
  return *parsed;
}

EndpointState full_state() {
  EndpointState state;
  state.config = config();
  state.declared = true;
  state.status = EndpointStatus::disabled;
  state.reason = "it answered 410 Gone";
  state.created = kTime;
  state.changed = kTime + milliseconds{5};
  state.generation = 3;
  state.cursor = {1042, 7};
  state.replay_until = Position{2000, kRecordIndex};
  state.breaker.end_attempt(state.breaker_policy(), false, kTime);
  state.bucket.take({1000, 5}, kTime);
  state.quota.take(10, kTime);
  state.counts = {1, 2, 3, 4, 5, 6};
  state.last_success = kTime;
  state.last_error = "HTTP status 500";
  state.secrets = {{"endpoint/orders/2", kTime, std::nullopt}, {"endpoint/orders/1", kTime, kTime}};
  state.next_secret = 3;
  return state;
}

Delivery full_delivery() {
  Delivery delivery;
  delivery.position = {1042, 7};
  delivery.event_id = "evt_x";
  delivery.event_type = "a.b";
  delivery.attempts_done = 2;
  delivery.next_attempt = kTime;
  delivery.attempts = {{kTime, 500, 12, "", "oops"}, {kTime, 0, 15'000, "no answer", ""}};
  return delivery;
}

TEST(EndpointCodec, GivesTheStateBack) {
  const auto bytes = encode(full_state());
  const auto back = decode_endpoint_state(bytes);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(encode(*back), bytes);
  EXPECT_EQ(back->config, full_state().config);
  EXPECT_EQ(back->secrets, full_state().secrets);
  EXPECT_EQ(back->cursor, full_state().cursor);
  EXPECT_EQ(back->replay_until, full_state().replay_until);
  EXPECT_EQ(back->breaker, full_state().breaker);
}

TEST(EndpointCodec, RefusesWhatIsCutShortOrOfAnotherFormat) {
  const auto state = encode(full_state());
  const auto delivery = encode(full_delivery());
  const auto log = encode(DeliveredLog{{{1, 2}, kTime, 200, 3, 1}});
  for (std::size_t i = 0; i < state.size(); ++i) {
    EXPECT_FALSE(decode_endpoint_state(state.substr(0, i))) << i;
  }
  for (std::size_t i = 0; i < delivery.size(); ++i) {
    EXPECT_FALSE(decode_delivery(delivery.substr(0, i))) << i;
  }
  for (std::size_t i = 0; i < log.size(); ++i) {
    EXPECT_FALSE(decode_delivered_log(log.substr(0, i))) << i;
  }
  EXPECT_FALSE(decode_endpoint_state("\x02" + state.substr(1)));
  EXPECT_FALSE(decode_delivery("\x02" + delivery.substr(1)));
}

TEST(EndpointCodec, GivesDeliveriesBack) {
  const auto back = decode_delivery(encode(full_delivery()));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, full_delivery());
}

TEST(EndpointCodec, SortsRowsByPositionAndByTime) {
  EXPECT_LT(waiting_key({1, 9}), waiting_key({2, 0}));
  EXPECT_LT(waiting_key({2, 0}), waiting_key({2, 1}));
  EXPECT_LT(due_key(kTime, {9, 0}), due_key(kTime + milliseconds{1}, {1, 0}));
  EXPECT_LT(log_key(255), log_key(256));
  EXPECT_EQ(position_of_key(waiting_key({5, 6})), (Position{5, 6}));
  EXPECT_EQ(position_of_key(dead_key({5, 6})), (Position{5, 6}));
  EXPECT_FALSE(position_of_key(log_key(5)));
  const auto due = parse_due_key(due_key(kTime, {5, 6}));
  ASSERT_TRUE(due);
  EXPECT_EQ(due->due, kTime);
  EXPECT_EQ(due->position, (Position{5, 6}));
}

// The bytes on the disk: a change here is a change of the format.
TEST(EndpointCodec, WritesTheBytesItAlwaysDid) {
  const auto hex = [](const std::string& bytes) {
    std::string out;
    for (const char c : bytes) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[static_cast<unsigned char>(c) & 15];
    }
    return out;
  };
  EXPECT_EQ(hex(waiting_key({1042, 7})), "7700000000000004120007");
  EXPECT_EQ(hex(dead_key({1042, 7})), "6400000000000004120007");
  EXPECT_EQ(hex(due_key(WallTime{milliseconds{1}}, {1042, 7})),
            "74800000000000000100000000000004120007");
  EXPECT_EQ(hex(log_key(1042)), "6c0000000000000412");
  EXPECT_EQ(hex(encode(DeliveredLog{{{1042, 7}, WallTime{milliseconds{1}}, 204, 12, 1}})),
            "010192080702cc010c01");
}

TEST(EndpointCodec, GivesInputsBack) {
  DeliveryResults results;
  results.generation = 2;
  results.cursor = {9, 1};
  results.filtered = 4;
  AttemptResult failed;
  failed.position = {8, 0};
  failed.event_id = "evt_x";
  failed.event_type = "a.b";
  failed.probe = true;
  failed.attempt = {kTime, 503, 7, "", "later"};
  failed.retry_after = std::chrono::seconds{0};
  results.attempts = {failed};
  const auto back = decode_endpoint_input(input_type::kResults, encode(results));
  ASSERT_TRUE(back);
  const auto& same = std::get<DeliveryResults>(*back);
  EXPECT_EQ(same.cursor, results.cursor);
  ASSERT_EQ(same.attempts.size(), 1U);
  EXPECT_EQ(same.attempts[0].attempt, failed.attempt);
  EXPECT_EQ(same.attempts[0].retry_after, std::chrono::seconds{0});
  EXPECT_TRUE(same.attempts[0].probe);

  const auto put =
      decode_endpoint_input(input_type::kPut, encode(PutEndpoint{config(), true, true, "name"}));
  ASSERT_TRUE(put);
  EXPECT_EQ(std::get<PutEndpoint>(*put).config, config());
  EXPECT_EQ(std::get<PutEndpoint>(*put).secret, "name");

  const auto retry = decode_endpoint_input(
      input_type::kRetry, encode(RetryDeliveries{{{1, 2}}, milliseconds{3}, milliseconds{4}}));
  ASSERT_TRUE(retry);
  EXPECT_EQ(std::get<RetryDeliveries>(*retry).spacing, milliseconds{3});
  EXPECT_EQ(std::get<RetryDeliveries>(*retry).offset, milliseconds{4});
}

TEST(EndpointCodec, RefusesInputsThatCannotBeRead) {
  for (const auto type : {input_type::kPut, input_type::kRotate, input_type::kRewind,
                          input_type::kResults, input_type::kRetry}) {
    EXPECT_FALSE(decode_endpoint_input(type, "")) << type;
    EXPECT_FALSE(decode_endpoint_input(type, "\x01garbage")) << type;
    EXPECT_FALSE(decode_endpoint_input(type, std::string(100, '\xff'))) << type;
  }
  EXPECT_FALSE(decode_endpoint_input("no.such.input", "\x01\xa0"));
  RetryDeliveries many;
  many.positions.resize(kMaxPositions + 1);
  EXPECT_FALSE(decode_endpoint_input(input_type::kRetry, encode(many)));
}

}  // namespace
}  // namespace tidemark::test
