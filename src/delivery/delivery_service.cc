#include "delivery/delivery_service.h"

#include <algorithm>
#include <future>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "delivery/delivery_service_impl.h"
#include "delivery/http_attempt.h"
#include "domain/event.h"
#include "engine/journal.h"
#include "net/address_guard.h"
#include "vault/vault.h"

namespace tidemark::delivery {
namespace {

constexpr ExecutorLimits kNoticeLimits{64, 1};
constexpr std::chrono::hours kLongestOverlap{24 * 30};
constexpr std::string_view kUndeclared = "it is no longer in the configuration file";
constexpr std::string_view kTestEvent = "tidemark.endpoint.test";

tl::unexpected<Error> no_endpoint(std::string_view id) {
  return fail(Errc::not_found, "there is no endpoint " + to_valid_utf8(id.substr(0, 64)));
}

}  // namespace

void NoticeExecutor::start(Effect effect, std::unique_ptr<EffectHandle> handle) {
  {
    const std::lock_guard lock(mutex_);
    if (deliverer_ != nullptr) deliverer_->endpoint_changed(effect.instance);
  }
  handle->complete(std::string(input_type::kNoticed), {});
}

void NoticeExecutor::tell(Deliverer* deliverer) {
  const std::lock_guard lock(mutex_);
  deliverer_ = deliverer;
}

DeliveryService::Impl::Impl(Engine& the_engine, const Store& the_store, const Clock& the_clock,
                            Metrics& the_metrics, Vault* the_vault, const AddressGuard* the_guard,
                            DeliveryOptions the_options)
    : engine(the_engine),
      store(the_store),
      clock(the_clock),
      metrics(the_metrics),
      vault(the_vault),
      guard(the_guard),
      options(std::move(the_options)) {}

DeliveryService::DeliveryService(Engine& engine, const Store& store, const Clock& clock,
                                 Metrics& metrics, Vault* vault, const AddressGuard* guard,
                                 DeliveryOptions options)
    : impl_(
          std::make_unique<Impl>(engine, store, clock, metrics, vault, guard, std::move(options))) {
  describe_delivery_metrics(metrics);
}

DeliveryService::~DeliveryService() {
  stop(milliseconds{0});
}

void DeliveryService::register_with_engine() {
  impl_->engine.register_machine(erase<EndpointMachine>());
  impl_->engine.register_executor(std::string(kNoticeExecutor), impl_->notice, kNoticeLimits);
}

Result<void> DeliveryService::start(bool deliver) {
  TM_TRY(impl_->apply_declared());
  TM_TRY(impl_->pause_undeclared());
  if (!deliver) return {};
  TM_ASSIGN(auto driver,
            HttpDriver::make(impl_->clock, impl_->guard, impl_->options.max_connections));
  {
    const std::lock_guard lock(impl_->driver_mutex);
    impl_->driver = std::move(driver);
  }
  DelivererOptions options;
  options.max_in_flight = impl_->options.max_connections;
  options.version = impl_->options.version;
  options.tenants = impl_->options.tenants;
  impl_->deliverer = std::make_unique<Deliverer>(
      impl_->engine, impl_->store, impl_->clock, impl_->metrics, *impl_->driver,
      [impl = impl_.get()](std::string_view tenant, const EndpointState& state) {
        return impl->keys_of(tenant, state);
      },
      std::move(options));
  impl_->notice.tell(impl_->deliverer.get());
  Result<void> started;
  impl_->on_driver([&] { started = impl_->deliverer->start(); });
  TM_TRY(std::move(started));
  impl_->engine.on_events([deliverer = impl_->deliverer.get()] { deliverer->events_committed(); });
  return {};
}

void DeliveryService::stop(milliseconds patience) {
  if (!impl_->deliverer) return;
  impl_->engine.on_events({});
  impl_->on_driver([this] { impl_->deliverer->stop(); });
  impl_->deliverer->wait_until_quiet(patience);
  impl_->driver->cancel_all();
  impl_->notice.tell(nullptr);
  // Where it lives; the driver itself ends after it, with whatever it still has to call back.
  impl_->on_driver([this] { impl_->deliverer.reset(); });
  const std::lock_guard lock(impl_->driver_mutex);
  impl_->driver.reset();
}

void DeliveryService::Impl::on_driver(const std::function<void()>& function) const {
  const auto done = std::make_shared<std::promise<void>>();
  auto future = done->get_future();
  driver->post([&function, done] {
    function();
    done->set_value();
  });
  future.wait();
}

const DeclaredEndpoint* DeliveryService::Impl::declared(std::string_view tenant,
                                                        std::string_view id) const {
  const auto found = std::find_if(
      options.declared.begin(), options.declared.end(),
      [&](const auto& endpoint) { return endpoint.tenant == tenant && endpoint.config.id == id; });
  return found == options.declared.end() ? nullptr : &*found;
}

Result<EndpointState> DeliveryService::Impl::find(std::string_view tenant,
                                                  std::string_view id) const {
  TM_ASSIGN(const auto bytes, read_state(store, endpoint_instance(tenant, id)));
  if (!bytes) return no_endpoint(id);
  TM_ASSIGN(auto state, decode_endpoint_state(*bytes));
  if (state.status == EndpointStatus::removing) return no_endpoint(id);
  return state;
}

Result<void> DeliveryService::Impl::check_url(const std::string& url) const {
  if (guard == nullptr) return {};
  auto checked = guard->check_url(url);
  if (!checked && checked.error().code == Errc::unavailable) {
    return fail(Errc::invalid_argument, "url: " + checked.error().message);
  }
  return checked;
}

// One that the API may change.
Result<EndpointState> DeliveryService::Impl::find_own(std::string_view tenant,
                                                      std::string_view id) const {
  TM_ASSIGN(auto state, find(tenant, id));
  if (state.declared) {
    return fail(Errc::conflict, "endpoint " + state.config.id +
                                    " is declared in the configuration file; change it there");
  }
  return state;
}

Result<Receipt> DeliveryService::Impl::submit(std::string_view tenant, std::string_view id,
                                              std::string_view type, std::string payload,
                                              std::vector<SealedSecret> secrets) {
  tidemark::Input input;
  input.instance = endpoint_instance(tenant, id);
  input.type = type;
  input.payload = std::move(payload);
  input.secrets = std::move(secrets);
  return engine.submit(std::move(input));
}

Result<SealedSecret> DeliveryService::Impl::seal(std::string_view tenant, const std::string& name,
                                                 const Secret& secret) const {
  if (vault == nullptr) {
    return fail(Errc::no_key,
                "no master key is configured, so no secret can be kept: set [secrets] master_key "
                "(`tidemark secrets generate-key` makes one)");
  }
  return vault->seal(tenant, name, secret);
}

Result<std::vector<SigningKey>> DeliveryService::Impl::keys_of(std::string_view tenant,
                                                               const EndpointState& state) {
  std::vector<SigningKey> keys;
  if (const auto* endpoint = declared(tenant, state.config.id); endpoint && state.declared) {
    for (const auto& secret : endpoint->secrets) {
      TM_ASSIGN(auto key, parse_signing_secret(secret.reveal()));
      keys.push_back(std::move(key));
    }
    return keys;
  }
  if (state.secrets.empty()) {
    return fail(Errc::no_key,
                "endpoint " + state.config.id + " has no signing secret; rotate it to make one");
  }
  if (vault == nullptr) return fail(Errc::no_key, "no master key is configured");
  for (const auto& ref : state.secrets) {
    TM_ASSIGN(const Secret secret, vault->open(tenant, ref.name));
    TM_ASSIGN(auto key, parse_signing_secret(secret.reveal()));
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<void> DeliveryService::Impl::apply_declared() {
  for (const auto& endpoint : options.declared) {
    const auto state = find(endpoint.tenant, endpoint.config.id);
    if (state && state->declared && state->config == endpoint.config &&
        state->reason != kUndeclared) {
      continue;
    }
    if (guard != nullptr) {
      if (auto checked = guard->check_url(endpoint.config.url);
          !checked && checked.error().code == Errc::forbidden) {
        return fail(in_context("endpoint " + endpoint.config.id, checked.error()));
      }
    }
    const bool returns = state && state->reason == kUndeclared;
    TM_TRY(submit(endpoint.tenant, endpoint.config.id, input_type::kPut,
                  encode(PutEndpoint{endpoint.config, true, false, {}})));
    if (returns) TM_TRY(submit(endpoint.tenant, endpoint.config.id, input_type::kResume, {}));
  }
  return {};
}

Result<void> DeliveryService::Impl::pause_undeclared() {
  TM_ASSIGN(const auto instances, list_instances(store, std::string(kEndpointKind) + "/"));
  for (const auto& instance : instances) {
    const auto id = endpoint_of(instance);
    if (!id || declared(instance.tenant(), *id) != nullptr) continue;
    const auto state = find(instance.tenant(), *id);
    if (!state || !state->declared || state->reason == kUndeclared) continue;
    TM_TRY(submit(instance.tenant(), *id, input_type::kPause,
                  encode(PauseEndpoint{std::string(kUndeclared)})));
  }
  return {};
}

Result<DeliveryService::NewSecret> DeliveryService::create(std::string_view tenant,
                                                           const EndpointConfig& config,
                                                           std::optional<Secret> secret) {
  TM_TRY(impl_->check_url(config.url));
  if (const auto state = impl_->find(tenant, config.id); state) {
    return fail(Errc::conflict, "an endpoint " + config.id + " exists already");
  }
  const std::string endpoints_of_tenant = endpoint_instance(tenant, {}).value;
  TM_ASSIGN(const auto existing, list_instances(impl_->store, endpoints_of_tenant));
  if (existing.size() >= kMaxEndpoints) {
    return fail(Errc::limit_exceeded, "there are " + std::to_string(kMaxEndpoints) +
                                          " endpoints already, the most a tenant may have");
  }
  if (!secret) {
    TM_ASSIGN(secret, generate_signing_secret());
  }
  TM_TRY(parse_signing_secret(secret->reveal()));
  // The number alone would name the secret of an endpoint of this id that was removed before.
  const auto stamp = static_cast<std::uint64_t>(impl_->clock.now().time_since_epoch().count());
  const std::string name = endpoint_secret_name(config.id, stamp);
  TM_ASSIGN(auto sealed, impl_->seal(tenant, name, *secret));
  std::vector<SealedSecret> secrets;
  secrets.push_back(std::move(sealed));
  TM_ASSIGN(auto receipt,
            impl_->submit(tenant, config.id, input_type::kPut,
                          encode(PutEndpoint{config, false, true, name}), std::move(secrets)));
  return NewSecret{std::move(*secret), std::move(receipt)};
}

Result<Receipt> DeliveryService::update(std::string_view tenant, const EndpointConfig& config) {
  TM_ASSIGN(const auto state, impl_->find_own(tenant, config.id));
  TM_TRY(impl_->check_url(config.url));
  return impl_->submit(tenant, config.id, input_type::kPut,
                       encode(PutEndpoint{config, false, false, {}}));
}

Result<Receipt> DeliveryService::pause(std::string_view tenant, std::string_view id,
                                       std::string reason) {
  TM_TRY(impl_->find(tenant, id));
  return impl_->submit(tenant, id, input_type::kPause, encode(PauseEndpoint{std::move(reason)}));
}

Result<Receipt> DeliveryService::resume(std::string_view tenant, std::string_view id) {
  TM_TRY(impl_->find(tenant, id));
  return impl_->submit(tenant, id, input_type::kResume, {});
}

Result<Receipt> DeliveryService::remove(std::string_view tenant, std::string_view id) {
  TM_TRY(impl_->find_own(tenant, id));
  return impl_->submit(tenant, id, input_type::kRemove, {});
}

Result<DeliveryService::NewSecret> DeliveryService::rotate_secret(std::string_view tenant,
                                                                  std::string_view id,
                                                                  milliseconds overlap,
                                                                  std::optional<Secret> secret) {
  TM_ASSIGN(const auto state, impl_->find_own(tenant, id));
  if (overlap < milliseconds{0} || overlap > kLongestOverlap) {
    return fail(Errc::invalid_argument, "overlap: must be from 0 to 30 days");
  }
  if (!secret) {
    TM_ASSIGN(secret, generate_signing_secret());
  }
  TM_TRY(parse_signing_secret(secret->reveal()));
  const auto stamp = static_cast<std::uint64_t>(impl_->clock.now().time_since_epoch().count());
  const std::string name = endpoint_secret_name(id, stamp + state.next_secret);
  TM_ASSIGN(auto sealed, impl_->seal(tenant, name, *secret));
  std::vector<SealedSecret> secrets;
  secrets.push_back(std::move(sealed));
  TM_ASSIGN(auto receipt, impl_->submit(tenant, id, input_type::kRotate,
                                        encode(RotateSecret{name, overlap}), std::move(secrets)));
  return NewSecret{std::move(*secret), std::move(receipt)};
}

Result<Receipt> DeliveryService::rewind(std::string_view tenant, std::string_view id,
                                        Position after) {
  TM_TRY(impl_->find(tenant, id));
  return impl_->submit(tenant, id, input_type::kRewind, encode(RewindEndpoint{after}));
}

// Records come in the order of their times, but for a clock that was set back.
Result<Receipt> DeliveryService::rewind(std::string_view tenant, std::string_view id,
                                        WallTime from) {
  TM_ASSIGN(const auto records,
            read_records(impl_->store, {.tenant = std::string(tenant), .since = from, .limit = 1}));
  const Sequence first =
      records.empty() ? impl_->store.last_sequence() + 1 : records.front().sequence;
  return rewind(tenant, id, Position{first - 1, kRecordIndex});
}

Result<Json> DeliveryService::test(std::string_view tenant, std::string_view id) {
  TM_ASSIGN(const auto state, impl_->find(tenant, id));
  TM_TRY(impl_->check_url(state.config.url));
  TM_ASSIGN(const auto keys, impl_->keys_of(tenant, state));
  const WallTime now = impl_->clock.now();
  Event event;
  event.id = make_id(kEventPrefix, now, {});
  event.type = kTestEvent;
  event.occurred_at = now;
  event.company_id = tenant;
  event.source = "endpoint:" + state.config.id;
  event.correlation_id = make_id(kCorrelationPrefix, now, {});
  event.payload = {{"test", true}, {"endpoint", state.config.id}};
  TM_ASSIGN(auto request, request_for(state.config, {{}, event.id, event.type, to_json_text(event)},
                                      keys, impl_->options.version, now));
  auto answered = std::make_shared<std::promise<std::pair<Result<HttpResponse>, milliseconds>>>();
  auto answer = answered->get_future();
  {
    const std::lock_guard lock(impl_->driver_mutex);
    if (!impl_->driver) {
      return fail(Errc::unavailable, "nothing is delivered here: `tidemark serve` does");
    }
    impl_->driver->send(std::move(request),
                        [answered](Result<HttpResponse> response, milliseconds latency) {
                          answered->set_value({std::move(response), latency});
                        });
  }
  const auto [response, latency] = answer.get();
  return Json{
      {"event", to_json(event)},
      {"latency_ms", latency.count()},
      {"status", response ? Json(response->status) : Json()},
      {"error", response ? Json() : Json(response.error().message)},
      {"answer",
       response ? Json(to_valid_utf8(response->body.substr(0, kMaxKeptAnswerBytes))) : Json()}};
}

}  // namespace tidemark::delivery
