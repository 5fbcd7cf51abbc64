// One step of an endpoint's machine. Inside src/delivery/ only.
#pragma once

#include <map>

#include "delivery/delivery_rows.h"
#include "delivery/endpoint_machine.h"

namespace tidemark::delivery {

class EndpointStep {
 public:
  EndpointStep(const StepContext& context, EndpointState before);
  Transition<EndpointState> take() &&;

  // endpoint_step.cc: what people ask for
  Result<void> operator()(const PutEndpoint& input);
  Result<void> operator()(const PauseEndpoint& input);
  Result<void> operator()(const ResumeEndpoint& input);
  Result<void> operator()(const RemoveEndpoint& input);
  Result<void> operator()(const RotateSecret& input);
  Result<void> operator()(const RewindEndpoint& input);
  Result<void> operator()(const EndpointTimer& input);
  Result<void> operator()(const EndpointContinue& input);
  Result<void> operator()(const EndpointNoticed& input);

  // delivery_step.cc: how deliveries go
  Result<void> operator()(const DeliveryResults& input);
  Result<void> operator()(const RetryDeliveries& input);
  Result<void> operator()(const CancelDeliveries& input);
  Result<void> operator()(const DropDeadLetters& input);

 private:
  bool exists() const { return state_.created != WallTime{}; }
  Result<void> must_exist() const;
  void changed();
  void add_secret(const std::string& name, milliseconds overlap);
  void drop_secrets_until(WallTime now);
  void disable(std::string reason);

  Result<void> settle(const AttemptResult& result);
  void succeeded(const AttemptResult& result, std::optional<Delivery> before);
  void failed(const AttemptResult& result, std::optional<Delivery> before);
  void deferred(const AttemptResult& result);
  void count_for_health(const AttemptResult& result);
  void settle_in_order(Position position);
  Result<std::optional<Delivery>> revive(Position position);
  void put_waiting(Delivery delivery);
  void erase_waiting(const Delivery& delivery);
  void bury(Delivery delivery);
  void keep_log();
  Result<std::optional<Delivery>> find(const std::string& key) const;
  void put(std::string key, std::string value);
  void erase(std::string key);
  void emit(std::string_view type, Json payload);

  const StepContext& context_;
  Transition<EndpointState> out_;
  EndpointState& state_;
  std::map<std::string, std::size_t> changed_rows_;  // places in out_.rows
  DeliveredLog log_;
  bool current_ = true;  // the results are of the cursor's present course
};

}  // namespace tidemark::delivery
