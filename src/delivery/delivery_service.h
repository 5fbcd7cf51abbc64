// Deliveries as one part: registers the endpoint machine with an engine, runs the deliverer, and is
// what the API and the command line ask. Thread-safe; calls that change something are durable when
// they return.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "base/secret.h"
#include "delivery/attempt.h"
#include "delivery/deliverer.h"
#include "delivery/endpoint_config.h"
#include "delivery/endpoint_state.h"
#include "engine/engine.h"
#include "store/store.h"

namespace tidemark {
class AddressGuard;
class Metrics;
class Vault;
}  // namespace tidemark

namespace tidemark::delivery {

inline constexpr std::size_t kMaxEndpoints = 1000;  // of a tenant, made by the API

// An endpoint of the configuration file: its secrets stay where they are and are never stored.
struct DeclaredEndpoint {
  std::string tenant;
  EndpointConfig config;
  std::vector<Secret> secrets;  // newest first, at least one; they all sign
};

struct DeliveryOptions {
  std::string version;
  std::size_t max_connections = 256;
  std::map<std::string, TenantLimits, std::less<>> tenants{};
  std::vector<DeclaredEndpoint> declared{};
};

struct EndpointView {
  std::string tenant;
  EndpointState state;
  Hold hold;  // why nothing is being sent right now; none in a process that delivers nothing
};
// Without secrets, header values masked.
Json to_json(const EndpointView& endpoint);

enum class DeliveryState : std::uint8_t { waiting, dead, delivered };
std::string_view to_text(DeliveryState state);

struct DeliveryFilter {
  std::string tenant;    // must not be empty
  std::string endpoint;  // must not be empty
  DeliveryState state = DeliveryState::waiting;
  std::string type_glob{};          // waiting and dead only
  std::optional<WallTime> since{};  // of the last attempt
  std::optional<WallTime> until{};
  std::size_t limit = 100;  // at most 1000
  std::string page{};       // DeliveryPage::next_page of the page before
};
struct DeliveryPage {
  Json items = Json::array();
  std::string next_page;  // empty: that was all
};

// One event at one endpoint.
struct EventDelivery {
  Position position;
  std::string endpoint;
  std::string state;    // delivered, waiting, dead or pending (not its turn yet)
  Sequence record = 0;  // of a delivered one: the step that saw it
  // {"at", "status", "latency_ms", "error", "answer"}, oldest first; of a delivered one only the
  // last, and `attempt` is its number.
  Json attempts = Json::array();
  std::uint32_t attempt = 0;
};
inline constexpr std::size_t kMaxHistoryEndpoints = 100;

// For bulk changes of dead letters: those of one endpoint that fit.
struct DeadLetterChange {
  DeliveryFilter filter;                 // state, limit and page do not count
  std::vector<std::string> event_ids{};  // not empty: only these
  bool dry_run = false;
  double per_second = 10;  // of a replay: how fast they are begun
};
struct DeadLetterCount {
  std::uint64_t matched = 0;
  std::uint64_t changed = 0;  // 0 in a dry run
};

class DeliveryService {
 public:
  // All of these outlive it. vault may be null: then no endpoint can be created and those that
  // have stored secrets are held back. guard may be null: any address (tests).
  DeliveryService(Engine& engine, const Store& store, const Clock& clock, Metrics& metrics,
                  Vault* vault, const AddressGuard* guard, DeliveryOptions options);
  ~DeliveryService();  // stop()

  // Before Engine::recover().
  void register_with_engine();
  // After recover(): applies the declared endpoints. With `deliver` it sends; without, it only
  // takes commands. An endpoint that is no longer declared is paused, and says so.
  Result<void> start(bool deliver);
  // Sends nothing more and waits until what is on its way has ended, at most so long.
  void stop(milliseconds patience);

  // tenant empty: of all. By tenant, then by id.
  Result<std::vector<EndpointView>> endpoints(std::string_view tenant) const;
  // Errc::not_found. Also for what follows.
  Result<EndpointView> endpoint(std::string_view tenant, std::string_view id) const;

  struct NewSecret {
    Secret secret;  // to be shown once
    Receipt receipt;
  };
  // Without a secret of the caller's one is made. Errc::conflict when the id is taken; forbidden
  // when the guard refuses its address.
  Result<NewSecret> create(std::string_view tenant, const EndpointConfig& config,
                           std::optional<Secret> secret = {});
  // The whole configuration. Errc::conflict for a declared endpoint: also for remove().
  Result<Receipt> update(std::string_view tenant, const EndpointConfig& config);
  Result<Receipt> pause(std::string_view tenant, std::string_view id, std::string reason);
  Result<Receipt> resume(std::string_view tenant, std::string_view id);
  Result<Receipt> remove(std::string_view tenant, std::string_view id);
  // The old ones go on signing for `overlap`, at most 30 days.
  Result<NewSecret> rotate_secret(std::string_view tenant, std::string_view id,
                                  milliseconds overlap, std::optional<Secret> secret = {});
  // Deliver again everything after a position (of a whole record: with kRecordIndex), or from a
  // time on. At most up to where it had got.
  Result<Receipt> rewind(std::string_view tenant, std::string_view id, Position after);
  Result<Receipt> rewind(std::string_view tenant, std::string_view id, WallTime from);
  // Sends one sample event now, signed, past limits and breaker, and tells how it went:
  // {"status", "latency_ms", "error", "answer", "event"}. Nothing of it is kept.
  Result<Json> test(std::string_view tenant, std::string_view id);

  Result<DeliveryPage> deliveries(const DeliveryFilter& filter) const;
  // Why an event was or was not sent to an endpoint: {"event_id", "endpoint", "state", "reason",
  // "until", "attempts": [...]}. State is delivered, waiting, dead, filtered, pending (not its turn
  // yet; the reason says what holds it) or settled (long ago: no longer known how).
  Result<Json> explain(std::string_view tenant, std::string_view endpoint,
                       std::string_view event_id) const;
  // How these events of one tenant did at its endpoints, as far as is known: a delivery that
  // succeeded long ago has left the log, and one that an endpoint does not want is left out. Of at
  // most kMaxHistoryEndpoints endpoints; by event, then by endpoint.
  Result<std::vector<EventDelivery>> history(std::string_view tenant,
                                             const std::vector<Position>& events) const;
  // The first record with an event that an endpoint of the tenant was not sent yet, or tries again;
  // 0: none. Dead letters do not count.
  Result<Sequence> first_needed(std::string_view tenant) const;
  // Waiting ones are tried at once, dead ones begun anew. Errc::not_found when it is neither.
  Result<Receipt> retry(std::string_view tenant, std::string_view endpoint,
                        std::string_view event_id);
  Result<Receipt> cancel(std::string_view tenant, std::string_view endpoint,
                         std::string_view event_id);
  Result<DeadLetterCount> replay_dead(const DeadLetterChange& change);
  Result<DeadLetterCount> drop_dead(const DeadLetterChange& change);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidemark::delivery
