#include "delivery/deliverer.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/metrics.h"
#include "delivery/endpoint_runner.h"
#include "engine/journal.h"

namespace tidemark::delivery {

std::string_view to_text(Hold::Reason reason) {
  switch (reason) {
    case Hold::Reason::none: return "none";
    case Hold::Reason::paused: return "paused";
    case Hold::Reason::disabled: return "disabled";
    case Hold::Reason::breaker_open: return "breaker_open";
    case Hold::Reason::rate_limited: return "rate_limited";
    case Hold::Reason::quota_used: return "quota_used";
    case Hold::Reason::tenant_rate_limited: return "tenant_rate_limited";
    case Hold::Reason::tenant_quota_used: return "tenant_quota_used";
    case Hold::Reason::no_key: return "no_key";
    case Hold::Reason::busy: return "busy";
    case Hold::Reason::waits_for_retry: return "waits_for_retry";
    case Hold::Reason::store_failing: return "store_failing";
  }
  return "none";
}

Deliverer::Deliverer(Engine& engine, const StoreView& store, const Clock& clock, Metrics& metrics,
                     DeliveryDriver& driver, KeySource keys, DelivererOptions options)
    : engine_(engine),
      store_(store),
      clock_(clock),
      metrics_(metrics),
      driver_(driver),
      keys_(std::move(keys)),
      options_(std::move(options)),
      gate_(std::make_shared<DriverGate>(driver)) {}

Deliverer::~Deliverer() {
  gate_->close();
}

void DriverGate::post(std::function<void()> function) {
  const std::lock_guard lock(mutex_);
  if (driver_ != nullptr) driver_->post(std::move(function));
}

void DriverGate::close() {
  const std::lock_guard lock(mutex_);
  driver_ = nullptr;
}

Result<void> Deliverer::start() {
  running_ = true;
  TM_ASSIGN(const auto endpoints, list_instances(store_, std::string(kEndpointKind) + "/"));
  for (const auto& endpoint : endpoints) open(endpoint);
  const WallTime now = clock_.now();
  for (auto& [instance, runner] : runners_) {
    tenant(runner->instance().tenant()).quota.add(runner->used_today(now), now);
  }
  for (auto& [instance, runner] : runners_) runner->pump();
  return {};
}

void Deliverer::stop() {
  running_ = false;
}

Deliverer::Tenant& Deliverer::tenant(std::string_view name) {
  const auto found = tenants_.find(name);
  if (found != tenants_.end()) return found->second;
  Tenant& tenant = tenants_[std::string(name)];
  if (const auto limits = options_.tenants.find(name); limits != options_.tenants.end()) {
    tenant.limits = limits->second;
  }
  return tenant;
}

EndpointRunner* Deliverer::open(const InstanceId& endpoint) {
  auto runner = std::make_shared<EndpointRunner>(*this, endpoint);
  const auto loaded = runner->load();
  if (!loaded) {
    log::error("an endpoint cannot be read and gets nothing",
               {.company_id = endpoint.tenant(),
                .error_code = name(loaded.error().code),
                .detail = endpoint.value + ": " + loaded.error().message});
    return nullptr;
  }
  if (!*loaded) return nullptr;
  Tenant& owner = tenant(endpoint.tenant());
  owner.runners.push_back(runner.get());
  return (runners_[endpoint.value] = std::move(runner)).get();
}

void Deliverer::close(const InstanceId& endpoint) {
  const auto found = runners_.find(endpoint.value);
  if (found == runners_.end()) return;
  std::erase(tenant(endpoint.tenant()).runners, found->second.get());
  std::erase(tenant(endpoint.tenant()).queue, found->second.get());
  found->second->retire();
  runners_.erase(found);
  const std::lock_guard lock(mutex_);
  holds_.erase(endpoint.value);
}

void Deliverer::reload(const InstanceId& endpoint) {
  const auto found = runners_.find(endpoint.value);
  if (found == runners_.end()) {
    if (EndpointRunner* runner = open(endpoint)) runner->pump();
    return;
  }
  const auto runner = found->second;  // it may be let go of here
  const auto loaded = runner->load();
  if (loaded && !*loaded) return close(endpoint);
  if (!loaded) {
    log::error("an endpoint's new state cannot be read; it goes on with the old one",
               {.company_id = endpoint.tenant(),
                .error_code = name(loaded.error().code),
                .detail = endpoint.value + ": " + loaded.error().message});
  }
  runner->pump();
}

void Deliverer::events_committed() {
  if (news_posted_.exchange(true)) return;
  driver_.post([this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.lock()) look_for_events();
  });
}

// One look for each tenant, however many endpoints it has: most commits concern few tenants.
void Deliverer::look_for_events() {
  news_posted_ = false;
  if (!running_) return;
  const Position newest{engine_.wait_for_record(0, milliseconds{0}), kRecordIndex};
  for (auto& [name, tenant] : tenants_) {
    if (tenant.runners.empty()) continue;
    const auto page = read_feed_lines(store_, {.tenant = name, .after = tenant.seen, .limit = 1});
    if (!page || page->items.empty()) continue;
    // Only that there is something new counts; how much, the runners find out.
    tenant.seen = std::max(newest, page->items.front().position);
    const auto runners = tenant.runners;
    for (EndpointRunner* runner : runners) {
      runner->events_arrived();
      runner->pump();
    }
  }
}

void Deliverer::endpoint_changed(const InstanceId& endpoint) {
  driver_.post([this, endpoint, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.lock() && running_) reload(endpoint);
  });
}

bool Deliverer::take_slot(EndpointRunner& runner) {
  if (in_flight_ < options_.max_in_flight) {
    ++in_flight_;
    return true;
  }
  if (runner.queue_for_slot()) waiting_for_slot_.push_back(runner.weak_from_this());
  return false;
}

// Whoever waits longest goes first.
void Deliverer::give_back_slot() {
  --in_flight_;
  while (!waiting_for_slot_.empty()) {
    const auto next = waiting_for_slot_.front().lock();
    waiting_for_slot_.erase(waiting_for_slot_.begin());
    if (!next) continue;
    next->leave_slot_queue();
    pump_later(next);
    return;
  }
}

void Deliverer::pump_later(std::weak_ptr<EndpointRunner> weak) {
  driver_.post([weak = std::move(weak), alive = std::weak_ptr<bool>(alive_)] {
    const auto runner = weak.lock();
    if (runner && alive.lock()) runner->pump();
  });
}

void Deliverer::publish(const InstanceId& endpoint, Hold hold) {
  const std::lock_guard lock(mutex_);
  holds_[endpoint.value] = std::move(hold);
}

void Deliverer::count_open(std::ptrdiff_t change) {
  const std::lock_guard lock(mutex_);
  open_ += change;
  if (open_ == 0) quiet_.notify_all();
}

void Deliverer::wait_until_quiet(milliseconds patience) const {
  std::unique_lock lock(mutex_);
  quiet_.wait_for(lock, patience, [this] { return open_ == 0; });
}

Hold Deliverer::hold_of(const InstanceId& endpoint) const {
  const std::lock_guard lock(mutex_);
  const auto found = holds_.find(endpoint.value);
  return found == holds_.end() ? Hold{} : found->second;
}

void describe_delivery_metrics(Metrics& metrics) {
  metrics.describe("tidemark_delivery_attempts_total",
                   "Delivery attempts by outcome: delivered, refused (an answer that is no 2xx), "
                   "unreachable (no answer).");
  metrics.describe_histogram("tidemark_delivery_seconds", "How long delivery attempts took.",
                             {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30});
}

}  // namespace tidemark::delivery
