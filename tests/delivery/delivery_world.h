// Deliveries in a world of one thread: a real engine and store, a network and a clock in the test's
// hands. What is sent is answered by functions; time jumps from one thing due to the next.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "delivery/deliverer.h"
#include "delivery/endpoint_inputs.h"
#include "delivery/endpoint_machine.h"
#include "engine/engine.h"
#include "engine/journal.h"
#include "store/store.h"
#include "support/manual_clock.h"
#include "support/temporary_directory.h"

namespace tidemark::test {

// Emits one event for each input: its type is the input's, its payload the input's.
struct Source {
  static constexpr std::string_view kind = "source";
  static constexpr std::uint32_t version = 1;
  struct State {};
  struct Input {
    std::string type;
    Json payload;
  };
  static std::string encode(const State&) { return "s"; }
  static Result<State> decode_state(std::string_view) { return State{}; }
  static Result<Input> decode_input(std::string_view type, std::string_view payload) {
    TM_ASSIGN(auto value, parse_json(payload));
    return Input{std::string(type), std::move(value)};
  }
  static Result<Transition<State>> step(const StepContext&, State state, const Input& input) {
    Transition<State> out{state};
    out.events.push_back({.type = input.type, .source = "test:source", .payload = input.payload});
    return out;
  }
};

class SimulatedDriver final : public delivery::DeliveryDriver {
 public:
  struct Answer {
    Result<HttpResponse> response = HttpResponse{200, {}, {}};
    milliseconds latency{10};
  };
  using Receiver = std::function<Answer(const HttpRequest& request)>;

  explicit SimulatedDriver(ManualClock& clock) : clock_(clock) {}

  void send(HttpRequest request, Answered answered) override {
    ++sent;
    const auto receiver = receivers.find(request.url);
    Answer answer = receiver == receivers.end()
                        ? Answer{fail(Errc::unavailable, "nobody listens"), milliseconds{1}}
                        : receiver->second(request);
    const WallTime at = clock_.now() + answer.latency;
    later_.emplace(at, [answered = std::move(answered), answer = std::move(answer)]() mutable {
      answered(std::move(answer.response), answer.latency);
    });
  }
  void post(std::function<void()> function) override { posted_.push_back(std::move(function)); }
  void wake_at(WallTime when, std::function<void()> function) override {
    later_.emplace(when, std::move(function));
  }

  // Runs what has been posted and what is due; false when there was nothing.
  bool run() {
    bool did_something = false;
    while (!posted_.empty()) {
      auto function = std::move(posted_.front());
      posted_.pop_front();
      function();
      did_something = true;
    }
    while (!later_.empty() && later_.begin()->first <= clock_.now()) {
      auto node = later_.extract(later_.begin());
      node.mapped()();
      did_something = true;
    }
    return did_something;
  }
  std::optional<WallTime> next() const {
    return later_.empty() ? std::nullopt : std::optional(later_.begin()->first);
  }
  void forget_all() {
    posted_.clear();
    later_.clear();
  }

  std::map<std::string, Receiver> receivers;
  std::size_t sent = 0;

 private:
  ManualClock& clock_;
  std::deque<std::function<void()>> posted_;
  std::multimap<WallTime, std::function<void()>> later_;
};

// What a receiver got.
struct Received {
  std::string id;
  std::string body;
  WallTime at{};
};

class DeliveryWorld : public testing::Test {
 protected:
  DeliveryWorld() { open(); }
  ~DeliveryWorld() override { crash(); }

  void open() {
    StoreOptions options{.path = directory_ / "store"};
    options.maintenance_interval = milliseconds{0};
    auto opened = Store::open(options);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
    engine_ = std::make_unique<Engine>(*store_, clock_, metrics_);
    engine_->register_machine(erase<Source>());
    engine_->register_machine(erase<delivery::EndpointMachine>());
    engine_->register_executor(std::string(delivery::kNoticeExecutor), notice_, {64, 1});
    ASSERT_TRUE(engine_->recover());
    deliverer_ = std::make_unique<delivery::Deliverer>(
        *engine_, *store_, clock_, metrics_, driver_,
        [this](std::string_view,
               const delivery::EndpointState&) -> Result<std::vector<delivery::SigningKey>> {
          if (no_key_) return fail(*no_key_);
          return std::vector<delivery::SigningKey>{
              *delivery::parse_signing_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
        },
        options_);
    notice_.deliverer = deliverer_.get();
    ASSERT_TRUE(deliverer_->start());
    engine_->on_events([this] { deliverer_->events_committed(); });
  }
  // As kill -9 would end it: what is on its way is forgotten by everyone but the receivers.
  void crash() {
    if (engine_) engine_->on_events({});
    notice_.deliverer = nullptr;
    driver_.forget_all();
    deliverer_.reset();
    if (engine_) engine_->stop(milliseconds{0});
    engine_.reset();
    store_.reset();
  }
  void reopen() {
    crash();
    open();
  }

  bool turn() {
    bool did_something = engine_->run_one_batch();
    return driver_.run() || did_something;
  }
  void settle() {
    while (turn()) {
    }
  }
  // Everything that is due within this time happens, each at its time.
  void run_for(milliseconds duration) {
    const WallTime end = clock_.now() + duration;
    for (;;) {
      settle();
      auto next = driver_.next();
      if (const auto timer = engine_->next_timer()) next = std::min(next.value_or(*timer), *timer);
      if (!next || *next > end) break;
      if (*next > clock_.now()) clock_.advance(*next - clock_.now());
    }
    if (end > clock_.now()) clock_.advance(end - clock_.now());
    settle();
  }

  static InstanceId endpoint(const std::string& id, std::string_view tenant = "acme") {
    return delivery::endpoint_instance(tenant, id);
  }
  static std::string url(const std::string& id) { return "http://" + id + ".example/hook"; }

  Result<Receipt> submit(const InstanceId& instance, std::string_view type, std::string payload) {
    tidemark::Input input;
    input.instance = instance;
    input.type = type;
    input.payload = std::move(payload);
    return engine_->submit(std::move(input));
  }
  // An endpoint "id" at http://id.example/hook, with what `more` says besides.
  void create(const std::string& id, Json more = Json::object(), std::string_view tenant = "acme") {
    Json config{{"id", id}, {"url", url(id)}};
    config.update(more);
    auto parsed = delivery::endpoint_config_from_json(config);
    ASSERT_TRUE(parsed) << parsed.error().message;
    const auto receipt = submit(endpoint(id, tenant), delivery::input_type::kPut,
                                encode(delivery::PutEndpoint{*parsed, false, false, "s"}));
    ASSERT_TRUE(receipt) << receipt.error().message;
    settle();
  }
  // The receiver behind an endpoint; keeps what it got.
  std::vector<Received>& receive(const std::string& id, SimulatedDriver::Receiver answer = {}) {
    auto& got = received_[id];
    driver_.receivers[url(id)] = [this, &got, answer](const HttpRequest& request) {
      got.push_back(
          {find_header(request.headers, "webhook-id").value_or(""), request.body, clock_.now()});
      return answer ? answer(request) : SimulatedDriver::Answer{};
    };
    return got;
  }
  static SimulatedDriver::Answer status(int code, HttpHeaders headers = {}, std::string body = {}) {
    return {HttpResponse{code, std::move(headers), std::move(body)}, milliseconds{10}};
  }
  // Emits events and returns their ids.
  std::vector<std::string> emit(int count, std::string_view tenant = "acme",
                                std::string_view type = "test.happened") {
    std::vector<std::string> ids;
    for (int i = 0; i < count; ++i) {
      const auto receipt =
          submit(make_instance_id("source", tenant, "s"), type, dump_json(Json{{"n", n_++}}));
      EXPECT_TRUE(receipt) << receipt.error().message;
      ids.push_back(make_id(kEventPrefix, clock_.now(), {receipt->sequence, 0}));
    }
    return ids;
  }
  delivery::EndpointState state(const std::string& id, std::string_view tenant = "acme") {
    const auto bytes = read_state(*store_, endpoint(id, tenant));
    EXPECT_TRUE(bytes && *bytes) << id;
    auto decoded = delivery::decode_endpoint_state(bytes && *bytes ? **bytes : "");
    EXPECT_TRUE(decoded) << id;
    return decoded.value_or(delivery::EndpointState{});
  }
  delivery::Hold hold(const std::string& id) { return deliverer_->hold_of(endpoint(id)); }
  static std::vector<std::string> ids_of(const std::vector<Received>& got) {
    std::vector<std::string> ids;
    for (const auto& one : got) ids.push_back(one.id);
    return ids;
  }
  std::vector<std::string> feed_types() {
    std::vector<std::string> types;
    const auto page = read_feed(*store_, {.limit = 1000});
    for (const auto& item : page->items) types.push_back(item.event.type);
    return types;
  }

  struct Notice final : EffectExecutor {
    void start(Effect effect, std::unique_ptr<EffectHandle> handle) override {
      if (deliverer) deliverer->endpoint_changed(effect.instance);
      handle->complete(std::string(delivery::input_type::kNoticed), {});
    }
    delivery::Deliverer* deliverer = nullptr;
  };

  TemporaryDirectory directory_;
  ManualClock clock_;
  Metrics metrics_;
  delivery::DelivererOptions options_;
  SimulatedDriver driver_{clock_};
  Notice notice_;
  std::optional<Error> no_key_;
  std::map<std::string, std::vector<Received>> received_;
  int n_ = 0;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<delivery::Deliverer> deliverer_;
};

}  // namespace tidemark::test
