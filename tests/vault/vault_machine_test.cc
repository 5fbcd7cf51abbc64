#include "vault/vault_machine.h"

#include "engine/replay.h"
#include "vault_fixture.h"

namespace tidemark::test {
namespace {

class VaultHistory : public VaultTest {
 protected:
  static KeyId key(char byte) {
    KeyId id;
    id.bytes.fill(byte);
    return id;
  }
  static SealedSecret wrapped(std::string bytes) { return {"vault/data-key/x", std::move(bytes)}; }
  Errc refusal(Input input) {
    const auto receipt = engine_->submit(std::move(input));
    EXPECT_FALSE(receipt);
    return receipt ? Errc::internal : receipt.error().code;
  }
  VaultMachine::Wrapped recorded() {
    const auto bytes = read_state(*store_, vault_instance("acme"));
    const auto state = VaultMachine::decode_state(bytes->value());
    EXPECT_TRUE(state && state->key);
    return *state->key;
  }
};

TEST_F(VaultHistory, TellsWhichKeysAreInUseSinceWhen) {
  const auto made_at = clock_.now();
  submit(data_key_made_input("acme", {key(1), key(2)}, wrapped("first")));
  clock_.advance(std::chrono::hours(1));
  submit(data_key_wrapped_anew_input("acme", {key(1), key(2), key(3)}, wrapped("second")));
  EXPECT_EQ(recorded().data_key, key(1));
  EXPECT_EQ(recorded().master_key, key(3));
  EXPECT_EQ(recorded().created_at, made_at);
  EXPECT_EQ(recorded().wrapped_at, clock_.now());
  EXPECT_EQ(stored("acme", "vault/data-key/x"), "second");
  EXPECT_EQ(record(2).secrets, (std::vector<std::string>{"vault/data-key/x"}));
}

TEST_F(VaultHistory, KeepsTheWrappedKeyOfWhoeverWasFirst) {
  submit(data_key_made_input("acme", {key(1), key(2)}, wrapped("first")));
  EXPECT_EQ(refusal(data_key_made_input("acme", {key(4), key(2)}, wrapped("late"))),
            Errc::conflict);
  EXPECT_EQ(stored("acme", "vault/data-key/x"), "first");
  submit(data_key_wrapped_anew_input("acme", {key(1), key(2), key(3)}, wrapped("second")));
  EXPECT_EQ(refusal(data_key_wrapped_anew_input("acme", {key(1), key(2), key(5)}, wrapped("late"))),
            Errc::conflict);
  EXPECT_EQ(refusal(data_key_wrapped_anew_input("acme", {key(9), key(3), key(5)}, wrapped("late"))),
            Errc::conflict);
  EXPECT_EQ(
      refusal(data_key_wrapped_anew_input("other", {key(1), key(2), key(3)}, wrapped("late"))),
      Errc::conflict);
  EXPECT_EQ(stored("acme", "vault/data-key/x"), "second");
  EXPECT_EQ(recorded().master_key, key(3));
}

TEST_F(VaultHistory, RefusesInputsItCannotRead) {
  const auto input = [&](std::string type, const std::string& payload) {
    return Input{.instance = vault_instance("acme"), .type = std::move(type), .payload = payload};
  };
  EXPECT_EQ(refusal(input("data_key.made", "no CBOR \xFF")), Errc::parse_error);
  EXPECT_EQ(refusal(input("data_key.made", to_cbor(Json::array()))), Errc::parse_error);
  EXPECT_EQ(refusal(input("data_key.made", to_cbor({{"data_key", "short"}}))), Errc::parse_error);
  EXPECT_EQ(refusal(input("data_key.lost", to_cbor(Json::object()))), Errc::invalid_argument);
}

TEST_F(VaultHistory, CanBeRunAgainFromTheJournalAlone) {
  must_keep("acme", "one", "1");
  vault_->use_master_keys({master_key('b'), master_key('a')});
  ASSERT_TRUE(vault_->rotate_master_key());
  const AnyMachine machine = erase<VaultMachine>();
  Replayer replayer({{std::string(machine.kind), machine}});
  const auto records = read_records(*store_, {.instance = vault_instance("acme").value});
  ASSERT_EQ(records->size(), 2U);
  for (const auto& each : *records) {
    const auto replayed = replayer.replay(each, *read_input(*store_, each.sequence));
    EXPECT_TRUE(replayed) << replayed.error().message;
  }
}

}  // namespace
}  // namespace tidemark::test
