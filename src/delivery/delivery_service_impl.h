// The delivery service's parts. Inside src/delivery/ only.
#pragma once

#include <map>
#include <mutex>
#include <set>

#include "delivery/delivery_service.h"
#include "delivery/endpoint_machine.h"
#include "delivery/http_driver.h"
#include "engine/effect.h"

namespace tidemark::delivery {

// After a change has become durable: the deliverer looks at the endpoint again.
class NoticeExecutor final : public EffectExecutor {
 public:
  void start(Effect effect, std::unique_ptr<EffectHandle> handle) override;
  void tell(Deliverer* deliverer);  // null: nobody; when this returns, nobody is being told

 private:
  std::mutex mutex_;
  Deliverer* deliverer_ = nullptr;
};

struct DeliveryService::Impl {
  Impl(Engine& engine, const Store& store, const Clock& clock, Metrics& metrics, Vault* vault,
       const AddressGuard* guard, DeliveryOptions options);

  Result<EndpointState> find(std::string_view tenant, std::string_view id) const;
  // Invalid input, when it is refused or does not resolve.
  Result<void> check_url(const std::string& url) const;
  Result<EndpointState> find_own(std::string_view tenant, std::string_view id) const;
  Result<Receipt> submit(std::string_view tenant, std::string_view id, std::string_view type,
                         std::string payload, std::vector<SealedSecret> secrets = {});
  Result<SealedSecret> seal(std::string_view tenant, const std::string& name,
                            const Secret& secret) const;
  Result<std::vector<SigningKey>> keys_of(std::string_view tenant, const EndpointState& state);
  Result<void> apply_declared();
  Result<void> pause_undeclared();
  // Runs it on the driver's thread and waits for its end.
  void on_driver(const std::function<void()>& function) const;
  const DeclaredEndpoint* declared(std::string_view tenant, std::string_view id) const;

  // delivery_queries.cc
  struct Match {
    std::vector<Position> positions;
    bool more = false;
  };
  Result<Match> dead_positions(const DeliveryFilter& filter, const std::set<std::string>& ids,
                               Position after, std::size_t limit) const;

  Engine& engine;
  const Store& store;
  const Clock& clock;
  Metrics& metrics;
  Vault* const vault;
  const AddressGuard* const guard;
  DeliveryOptions options;
  NoticeExecutor notice;
  std::unique_ptr<HttpDriver> driver;  // changes under the mutex: requests to test come at any time
  std::mutex driver_mutex;
  std::unique_ptr<Deliverer> deliverer;
};

}  // namespace tidemark::delivery
