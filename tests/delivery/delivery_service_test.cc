// The whole of it in a process: a started engine, the vault, the real driver, a real receiver.
#include "delivery/delivery_service.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/metrics.h"
#include "delivery_world.h"
#include "net/address_guard.h"
#include "support/raw_http_server.h"
#include "vault/vault.h"

namespace tidemark::test {
namespace {

using namespace std::chrono_literals;
using delivery::DeliveryState;

MasterKey master_key(char digit) {
  auto key = MasterKey::parse(std::string(64, digit));
  EXPECT_TRUE(key);
  return *std::move(key);
}

class Service : public testing::Test {
 protected:
  Service()
      : server_([this](const RawRequest& request, RawConnection& connection) {
          if (request.method.empty()) return;
          connection.reply(status_.load(), "said so");
        }),
        guard_(*AddressGuard::make({"127.0.0.1"})) {
    open();
  }
  ~Service() override { close(); }

  void open(std::vector<MasterKey> keys = {master_key('a')}) {
    StoreOptions options{.path = directory_ / "store"};
    auto opened = Store::open(options);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
    engine_ = std::make_unique<Engine>(*store_, clock_, metrics_);
    engine_->register_machine(erase<Source>());
    engine_->register_machine(erase<VaultMachine>());
    vault_ = std::make_unique<Vault>(*engine_, *store_, std::move(keys));
    service_ = std::make_unique<delivery::DeliveryService>(*engine_, *store_, clock_, metrics_,
                                                           vault_.get(), &guard_, options_);
    service_->register_with_engine();
    ASSERT_TRUE(engine_->recover());
    engine_->start();
    const auto started = service_->start(true);
    ASSERT_TRUE(started) << started.error().message;
  }
  void close() {
    if (service_) service_->stop(5s);
    if (engine_) engine_->stop();
    service_.reset();
    vault_.reset();
    engine_.reset();
    store_.reset();
  }

  delivery::EndpointConfig config(const std::string& id, Json more = Json::object()) {
    Json value{{"id", id}, {"url", server_.url("/" + id)}};
    value.update(more);
    auto parsed = delivery::endpoint_config_from_json(value);
    EXPECT_TRUE(parsed) << parsed.error().message;
    return *parsed;
  }
  std::string emit(const std::string& type = "test.happened") {
    tidemark::Input input;
    input.instance = make_instance_id("source", "acme", "s");
    input.type = type;
    input.payload = "{}";
    const auto receipt = engine_->submit(std::move(input));
    EXPECT_TRUE(receipt);
    const auto page =
        read_feed_lines(*store_, {.after = {receipt->sequence - 1, kRecordIndex}, .limit = 1});
    return page->items.empty() ? "" : page->items.front().id;
  }
  // Until the endpoint's state is as wanted; records tell when to look again.
  template <class Wanted>
  void wait_for(const std::string& id, const Wanted& wanted) {
    for (;;) {
      const Sequence seen = store_->last_sequence();
      const auto view = service_->endpoint("acme", id);
      ASSERT_TRUE(view);
      if (wanted(view->state)) return;
      engine_->wait_for_record(seen, 100ms);
    }
  }
  void wait_for_delivered(const std::string& id, std::uint64_t count) {
    wait_for(id, [&](const auto& state) { return state.counts.delivered >= count; });
  }
  // Which of the keys signed a request.
  static bool signed_by(const RawRequest& request, const Secret& secret) {
    const auto key = delivery::parse_signing_secret(secret.reveal());
    return delivery::verify({*key}, request.header("webhook-id"),
                            request.header("webhook-timestamp"), request.body,
                            request.header("webhook-signature"), SystemClock().now())
        .has_value();
  }

  TemporaryDirectory directory_;
  std::atomic<int> status_{200};
  RawHttpServer server_;
  SystemClock clock_;
  Metrics metrics_;
  AddressGuard guard_;
  delivery::DeliveryOptions options_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Vault> vault_;
  std::unique_ptr<delivery::DeliveryService> service_;
};

TEST_F(Service, DeliversWhatIsCommittedSignedWithTheSecretThatWasShown) {
  const auto made = service_->create("acme", config("one"));
  ASSERT_TRUE(made) << made.error().message;
  const auto id = emit();
  wait_for_delivered("one", 1);
  const auto requests = server_.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].target, "/one");
  EXPECT_EQ(requests[0].header("webhook-id"), id);
  EXPECT_TRUE(signed_by(requests[0], made->secret));
  const auto told = service_->explain("acme", "one", id);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->at("state"), "delivered");
  EXPECT_EQ(told->at("attempts")[0]["status"], 200);
  const auto page = service_->deliveries({"acme", "one", DeliveryState::delivered});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->items[0]["event_id"], id);
}

TEST_F(Service, RefusesAddressesThatAreNotAllowedWhenTheyAreSaved) {
  auto other = config("one");
  other.url = "http://10.0.0.1/hook";
  const auto made = service_->create("acme", other);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Errc::forbidden);
  ASSERT_TRUE(service_->create("acme", config("one")));
  EXPECT_FALSE(service_->update("acme", other));
  EXPECT_EQ(service_->endpoint("acme", "one")->state.config.url, server_.url("/one"));
}

TEST_F(Service, SignsWithBothSecretsDuringARotation) {
  const auto made = service_->create("acme", config("one"));
  ASSERT_TRUE(made);
  const auto rotated = service_->rotate_secret("acme", "one", 1h);
  ASSERT_TRUE(rotated) << rotated.error().message;
  emit();
  wait_for_delivered("one", 1);
  EXPECT_TRUE(signed_by(server_.requests()[0], made->secret));
  EXPECT_TRUE(signed_by(server_.requests()[0], rotated->secret));
  const auto last = service_->rotate_secret("acme", "one", 0s);
  ASSERT_TRUE(last);
  emit();
  wait_for_delivered("one", 2);
  EXPECT_FALSE(signed_by(server_.requests()[1], made->secret));
  EXPECT_TRUE(signed_by(server_.requests()[1], last->secret));
}

TEST_F(Service, KeepsSigningWhileTheMasterKeyIsChangedUnderLoad) {
  const auto made = service_->create("acme", config("one"));
  ASSERT_TRUE(made);
  vault_->use_master_keys({master_key('b'), master_key('a')});
  std::thread load([&] {
    for (int i = 0; i < 200; ++i) emit();
  });
  const auto report = vault_->rotate_master_key();
  load.join();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->rewrapped, 1U);
  wait_for_delivered("one", 200);
  for (const auto& request : server_.requests()) EXPECT_TRUE(signed_by(request, made->secret));
  close();
  open({master_key('b')});
  emit();
  wait_for_delivered("one", 201);
  EXPECT_TRUE(signed_by(server_.requests().back(), made->secret));
}

TEST_F(Service, SendsNothingWithTheWrongMasterKeyAndNoFileHoldsTheSecret) {
  const auto made = service_->create("acme", config("one"));
  ASSERT_TRUE(made);
  close();
  const std::string bytes = delivery::parse_signing_secret(made->secret.reveal())->bytes.reveal();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_ / "store")) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string all{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(all.find(made->secret.reveal().substr(6)), std::string::npos) << entry.path();
    EXPECT_EQ(all.find(bytes), std::string::npos) << entry.path();
  }
  open({master_key('c')});
  const auto id = emit();
  const auto view = service_->endpoint("acme", "one");
  EXPECT_EQ(view->hold.reason, delivery::Hold::Reason::no_key);
  EXPECT_EQ(service_->explain("acme", "one", id)->at("state"), "pending");
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(Service, TellsReplaysAndDropsDeadLetters) {
  status_ = 500;
  ASSERT_TRUE(service_->create("acme", config("one", {{"schedule", {"0s"}}})));
  const auto id = emit();
  const auto other = emit("other.type");
  wait_for("one", [](const auto& state) { return state.counts.dead == 2; });
  EXPECT_EQ(service_->explain("acme", "one", id)->at("attempts")[0]["answer"], "said so");
  const auto page = service_->deliveries({"acme", "one", DeliveryState::dead});
  EXPECT_EQ(page->items.size(), 2U);
  const auto first = service_->deliveries(
      {.tenant = "acme", .endpoint = "one", .state = DeliveryState::dead, .limit = 1});
  ASSERT_FALSE(first->next_page.empty());
  const auto second = service_->deliveries({.tenant = "acme",
                                            .endpoint = "one",
                                            .state = DeliveryState::dead,
                                            .limit = 1,
                                            .page = first->next_page});
  EXPECT_EQ(second->items[0]["event_id"], other);
  EXPECT_TRUE(second->next_page.empty());

  delivery::DeadLetterChange change{.filter = {"acme", "one"}};
  change.filter.type_glob = "test.*";
  change.dry_run = true;
  auto count = service_->replay_dead(change);
  ASSERT_TRUE(count);
  EXPECT_EQ(count->matched, 1U);
  EXPECT_EQ(count->changed, 0U);
  status_ = 200;
  change.dry_run = false;
  count = service_->replay_dead(change);
  ASSERT_TRUE(count);
  EXPECT_EQ(count->changed, 1U);
  wait_for_delivered("one", 1);
  EXPECT_EQ(service_->explain("acme", "one", id)->at("state"), "delivered");
  EXPECT_EQ(service_->drop_dead({.filter = {"acme", "one"}})->changed, 1U);
  EXPECT_EQ(service_->explain("acme", "one", other)->at("state"), "settled");
  EXPECT_EQ(service_->retry("acme", "one", other).error().code, Errc::conflict);
}

TEST_F(Service, ExplainsWhatWasNotSent) {
  ASSERT_TRUE(service_->create("acme", config("one", {{"types", {"wanted.*"}}})));
  ASSERT_TRUE(service_->pause("acme", "one", "maintenance"));
  const auto filtered = emit("other.type");
  const auto wanted = emit("wanted.type");
  EXPECT_EQ(service_->explain("acme", "one", filtered)->at("state"), "filtered");
  EXPECT_EQ(service_->explain("acme", "one", wanted)->at("reason"), "paused");
  EXPECT_EQ(service_->explain("acme", "one", "evt_nonsense").error().code, Errc::not_found);
  EXPECT_EQ(service_->explain("umbrella", "one", wanted).error().code, Errc::not_found);
}

TEST_F(Service, TestsAnEndpointPastItsLimits) {
  ASSERT_TRUE(service_->create("acme", config("one", {{"daily_quota", 1}})));
  const auto told = service_->test("acme", "one");
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_EQ(told->at("status"), 200);
  EXPECT_EQ(told->at("answer"), "said so");
  EXPECT_EQ(server_.requests()[0].header("webhook-id"), told->at("event")["id"]);
}

TEST_F(Service, AppliesDeclaredEndpointsAndPausesThoseThatAreNoLongerDeclared) {
  close();
  const auto secret = delivery::generate_signing_secret();
  options_.declared = {{"acme", config("declared"), {*secret}}};
  open({});
  emit();
  wait_for_delivered("declared", 1);
  EXPECT_TRUE(signed_by(server_.requests()[0], *secret));
  EXPECT_EQ(service_->remove("acme", "declared").error().code, Errc::conflict);
  const auto sequence = store_->last_sequence();
  close();
  open({});
  EXPECT_EQ(store_->last_sequence(), sequence) << "nothing changed, nothing is written";
  close();
  options_.declared.clear();
  open({});
  EXPECT_EQ(service_->endpoint("acme", "declared")->state.status, delivery::EndpointStatus::paused);
}

TEST_F(Service, RewindsToATime) {
  ASSERT_TRUE(service_->create("acme", config("one")));
  const auto begun = clock_.now();
  const auto first = emit();
  const auto second = emit();
  wait_for_delivered("one", 2);
  const auto rewound = service_->rewind("acme", "one", begun);
  ASSERT_TRUE(rewound) << rewound.error().message;
  wait_for_delivered("one", 4);
  // An endpoint that is not ordered may get the two of a round either way round.
  std::map<std::string, int> times;
  for (const auto& request : server_.requests()) ++times[request.header("webhook-id")];
  EXPECT_EQ(times, (std::map<std::string, int>{{first, 2}, {second, 2}}));
}

}  // namespace
}  // namespace tidemark::test
