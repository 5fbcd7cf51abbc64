// Tidemark's side of the delivery benchmarks: a real store, a started engine, the delivery service
// with its own thread and client, and a machine that emits events.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "base/metrics.h"
#include "delivery/delivery_service.h"
#include "engine/engine.h"
#include "store/store.h"
#include "support.h"

namespace tidemark::bench {

inline constexpr std::string_view kTenant = "acme";
inline constexpr std::string_view kEventType = "bench.happened";

// Emits the events {"n": first, "text": "..."}, {"n": first + 1, ...}, ...
struct Emitter {
  static constexpr std::string_view kind = "emitter";
  static constexpr std::uint32_t version = 1;
  struct State {};
  struct Emit {
    std::uint64_t first = 0;
    std::uint64_t count = 1;
    std::string text;
  };
  using Input = std::variant<Emit>;

  static std::string encode(const State&) { return "-"; }
  static Result<State> decode_state(std::string_view) { return State{}; }
  static Result<Input> decode_input(std::string_view, std::string_view payload) {
    TM_ASSIGN(auto value, parse_json(payload));
    return Emit{value.at("first").get<std::uint64_t>(), value.at("count").get<std::uint64_t>(),
                value.at("text").get<std::string>()};
  }
  static Result<Transition<State>> step(const StepContext&, State state, const Input& input) {
    const auto& emit = std::get<Emit>(input);
    Transition<State> out{state};
    for (std::uint64_t i = 0; i < emit.count; ++i) {
      JsonText payload(Json{{"n", emit.first + i}, {"text", emit.text}});
      out.events.push_back({std::string(kEventType), 1, "bench:emitter", {}, std::move(payload)});
    }
    return out;
  }
};

class DeliverySide {
 public:
  struct Endpoint {
    std::string id;
    std::string url;
    std::uint32_t concurrency = 64;
  };
  using Steady = std::chrono::steady_clock;

  DeliverySide(const std::string& path, const std::vector<Endpoint>& endpoints) {
    store_ = must(Store::open({.path = path}));
    engine_ = std::make_unique<Engine>(*store_, clock_, metrics_);
    engine_->register_machine(erase<Emitter>());
    service_ = std::make_unique<delivery::DeliveryService>(*engine_, *store_, clock_, metrics_,
                                                           nullptr, nullptr, options(endpoints));
    service_->register_with_engine();
    must(engine_->recover());
    engine_->start();
    must(service_->start(false));
  }

  ~DeliverySide() {
    stop();
    engine_->stop();
  }
  DeliverySide(const DeliverySide&) = delete;
  DeliverySide& operator=(const DeliverySide&) = delete;

  // Begins to send; until then, and after stop(), events only pile up.
  void start() { must(service_->start(true)); }
  void stop() { service_->stop(std::chrono::seconds(10)); }

  // Returns when all of them are durable.
  void emit(std::uint64_t count, std::uint64_t each = 1) {
    for (std::uint64_t done = 0; done < count; done += each) {
      {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [this] { return under_way_ < kMostUnderWay; });
        ++under_way_;
      }
      emit_now(next_, std::min(each, count - done), [this](Steady::time_point) {
        const std::lock_guard lock(mutex_);
        if (--under_way_ == kMostUnderWay / 2 || under_way_ == 0) room_.notify_all();
      });
      next_ += std::min(each, count - done);
    }
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return under_way_ == 0; });
  }

  // Does not wait; `durable` is told when the commit was answered, on the engine's thread.
  template <class Durable>
  void emit_now(std::uint64_t first, std::uint64_t count, Durable durable) {
    Input input;
    input.instance = make_instance_id("emitter", kTenant, std::to_string(first % 16));
    input.type = "emit";
    input.payload = dump_json(Json{{"first", first}, {"count", count}, {"text", text_of(first)}});
    engine_->submit(std::move(input), [durable](const Result<Receipt>& receipt) {
      if (!receipt) give_up("an event was refused: " + receipt.error().message);
      durable(Steady::now());
    });
  }

  delivery::EndpointCounts counts(const std::string& endpoint) const {
    return must(service_->endpoint(kTenant, endpoint)).state.counts;
  }
  // Gives up when nothing at all is delivered for a while.
  void wait_until_delivered(const std::string& endpoint, std::uint64_t count) const {
    constexpr std::chrono::seconds kPatience{30};
    std::uint64_t before = 0;
    auto since = Steady::now();
    while (true) {
      const auto delivered = counts(endpoint).delivered;
      if (delivered >= count) return;
      if (std::exchange(before, delivered) != delivered) since = Steady::now();
      if (Steady::now() - since > kPatience) give_up("deliveries stand still: " + why(endpoint));
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  std::uint64_t emitted() const { return next_; }
  std::uint64_t disk_bytes() const { return store_->stats().disk_bytes; }

 private:
  static constexpr std::size_t kMostUnderWay = 2048;

  static delivery::DeliveryOptions options(const std::vector<Endpoint>& endpoints) {
    delivery::DeliveryOptions options;
    options.version = "bench";
    for (const auto& endpoint : endpoints) {
      delivery::EndpointConfig config;
      config.id = endpoint.id;
      config.url = endpoint.url;
      config.concurrency = endpoint.concurrency;
      config.types = {std::string(kEventType)};
      options.declared.push_back(
          {std::string(kTenant), config, {Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")}});
    }
    return options;
  }
  // Letters that compress no better than those of a real payload would.
  static std::string noise(std::size_t bytes) {
    std::mt19937 random(1);
    std::string text;
    while (text.size() < bytes) text += static_cast<char>('a' + random() % 26);
    return text;
  }
  // The payload is then about 256 bytes.
  std::string text_of(std::uint64_t n) const {
    constexpr std::size_t kBytes = 236;
    return noise_.substr(n * kBytes % (noise_.size() - kBytes), kBytes);
  }
  std::string why(const std::string& endpoint) const {
    return dump_json(to_json(must(service_->endpoint(kTenant, endpoint))));
  }

  SystemClock clock_;
  Metrics metrics_;
  const std::string noise_ = noise(64 << 10);
  std::unique_ptr<Store> store_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<delivery::DeliveryService> service_;
  std::uint64_t next_ = 0;
  std::mutex mutex_;
  std::condition_variable room_;
  std::size_t under_way_ = 0;
};

}  // namespace tidemark::bench
