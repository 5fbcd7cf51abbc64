// Sends events to endpoints. Reads the feed from each endpoint's cursor, sends what its filter
// selects, within its limits, and tells the endpoint's machine how that went; the cursor moves with
// that commit. So a crash repeats at most what was on its way, under the same ids.
//
// Everything lives on the driver's thread: no locks but around what other threads may ask.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "delivery/endpoint_state.h"
#include "delivery/signature.h"
#include "delivery/token_bucket.h"
#include "engine/engine.h"
#include "net/http.h"
#include "store/store.h"

namespace tidemark {
class Metrics;
}

namespace tidemark::delivery {

// The thread that deliveries run on, with its network and its time.
class DeliveryDriver {
 public:
  virtual ~DeliveryDriver() = default;
  using Answered = std::function<void(Result<HttpResponse>, milliseconds latency)>;
  // `answered` is called once, on the driver's thread, never from within send().
  virtual void send(HttpRequest request, Answered answered) = 0;
  virtual void post(std::function<void()> function) = 0;  // from any thread
  virtual void wake_at(WallTime when, std::function<void()> function) = 0;
};

// The keys an endpoint's deliveries are signed with, newest first. An error holds the endpoint
// back: nothing leaves unsigned.
using KeySource = std::function<Result<std::vector<SigningKey>>(std::string_view tenant,
                                                                const EndpointState& state)>;

// Over all endpoints of a tenant.
struct TenantLimits {
  std::optional<RateLimit> rate;
  std::optional<std::uint64_t> daily_quota;
};

struct DelivererOptions {
  std::size_t max_in_flight = 256;  // requests on their way, over all endpoints
  std::string version;
  std::map<std::string, TenantLimits, std::less<>> tenants{};
};

// Why an endpoint sends nothing at the moment.
struct Hold {
  enum class Reason : std::uint8_t {
    none,
    paused,
    disabled,
    breaker_open,
    rate_limited,
    quota_used,
    tenant_rate_limited,
    tenant_quota_used,
    no_key,           // its signing secret cannot be read
    busy,             // as many as it may have are on their way
    waits_for_retry,  // ordered: the event in front waits for its next attempt; too many wait
    store_failing,    // results cannot be stored
  };
  Reason reason = Reason::none;
  std::optional<WallTime> until{};
  std::string detail{};
};
std::string_view to_text(Hold::Reason reason);

class EndpointRunner;

// The way back to the driver's thread for those who may answer after everything here is gone.
class DriverGate {
 public:
  explicit DriverGate(DeliveryDriver& driver) : driver_(&driver) {}
  void post(std::function<void()> function);
  void close();

 private:
  std::mutex mutex_;
  DeliveryDriver* driver_;
};

class Deliverer {
 public:
  // All of these outlive it. The engine and the store may be used from any thread.
  Deliverer(Engine& engine, const StoreView& store, const Clock& clock, Metrics& metrics,
            DeliveryDriver& driver, KeySource keys, DelivererOptions options);
  ~Deliverer();  // on the driver's thread
  Deliverer(const Deliverer&) = delete;
  Deliverer& operator=(const Deliverer&) = delete;

  // Reads every endpoint and begins. On the driver's thread.
  Result<void> start();
  // Sends nothing more. What is on its way ends, and its results are submitted.
  void stop();

  // From any thread: nothing is on its way and no result waits to be stored.
  void wait_until_quiet(milliseconds patience) const;

  // From any thread: the feed has grown; this endpoint's state has changed.
  void events_committed();
  void endpoint_changed(const InstanceId& endpoint);
  // From any thread.
  Hold hold_of(const InstanceId& endpoint) const;

 private:
  friend class EndpointRunner;
  struct Tenant {
    TenantLimits limits;
    TokenBucket bucket;
    DailyQuota quota;
    Position seen;  // the newest event known of
    std::vector<EndpointRunner*> runners;
    std::vector<EndpointRunner*> queue;  // who waits for the tenant's rate: they take turns
  };

  EndpointRunner* open(const InstanceId& endpoint);
  void reload(const InstanceId& endpoint);
  void close(const InstanceId& endpoint);
  void look_for_events();
  Tenant& tenant(std::string_view name);

  bool take_slot(EndpointRunner& runner);
  void give_back_slot();
  void pump_later(std::weak_ptr<EndpointRunner> runner);
  void publish(const InstanceId& endpoint, Hold hold);
  void count_open(std::ptrdiff_t change);

  Engine& engine_;
  const StoreView& store_;
  const Clock& clock_;
  Metrics& metrics_;
  DeliveryDriver& driver_;
  const KeySource keys_;
  const DelivererOptions options_;
  bool running_ = false;
  std::size_t in_flight_ = 0;
  std::map<std::string, std::shared_ptr<EndpointRunner>, std::less<>> runners_;  // by instance
  std::map<std::string, Tenant, std::less<>> tenants_;
  std::vector<std::weak_ptr<EndpointRunner>> waiting_for_slot_;
  // What is called later finds out here whether the deliverer still is.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  const std::shared_ptr<DriverGate> gate_;

  std::atomic<bool> news_posted_{false};
  mutable std::mutex mutex_;
  mutable std::condition_variable quiet_;
  std::ptrdiff_t open_ = 0;  // requests on their way and submissions not yet answered
  std::map<std::string, Hold, std::less<>> holds_;
};

void describe_delivery_metrics(Metrics& metrics);

}  // namespace tidemark::delivery
