// What became of the events for an endpoint: those that wait, went out or died.
#include <utility>

#include "api/delivery_calls.h"
#include "api/handlers.h"
#include "base/text.h"
#include "domain/event.h"

namespace tidemark {
namespace {

using delivery::DeadLetterChange;
using delivery::DeliveryFilter;
using delivery::DeliveryState;
using delivery::EndpointView;
using delivery::ObjectReader;

constexpr std::size_t kMaxEventIds = 1000;
constexpr std::size_t kMaxTypeGlobBytes = 256;
constexpr double kLeastPerSecond = 0.01;
constexpr double kMostPerSecond = 10'000;

DeliveryState state_of(const std::string& text) {
  for (const auto state : {DeliveryState::dead, DeliveryState::delivered}) {
    if (text == delivery::to_text(state)) return state;
  }
  return DeliveryState::waiting;
}

Result<void> check_span(const DeliveryFilter& filter) {
  if (!filter.since || !filter.until || *filter.since < *filter.until) return {};
  return fail(Errc::invalid_argument, "since must be before until");
}

Result<ServerResponse> list(const ApiParts& parts, const Call& call, const EndpointView& endpoint,
                            DeliveryState state) {
  DeliveryFilter filter;
  filter.tenant = endpoint.tenant;
  filter.endpoint = endpoint.state.config.id;
  filter.state = state;
  filter.type_glob = call.text("type");
  filter.since = call.time("since");
  filter.until = call.time("until");
  filter.limit = static_cast<std::size_t>(call.integer("limit", 100));
  filter.page = call.text("page");
  if (filter.limit == 0) return fail(Errc::invalid_argument, "limit must be at least 1");
  if (state == DeliveryState::delivered && !filter.type_glob.empty()) {
    return fail(Errc::invalid_argument,
                "type does not go with state=delivered: of those only the ids are kept");
  }
  TM_TRY(check_span(filter));
  TM_ASSIGN(auto page, parts.delivery.deliveries(filter));
  return list_response(std::move(page.items), page.next_page);
}

// One event of one endpoint, both by ids from the path.
struct Addressed {
  EndpointView endpoint;
  std::string event_id;

  const std::string& endpoint_id() const { return endpoint.state.config.id; }
};

// The service's words could tell an event of another tenant from one that never was: ours cannot.
tl::unexpected<Error> no_such_event(const Addressed& what) {
  return fail(Errc::not_found, "endpoint " + in_quotes(what.endpoint_id()) + " knows no event " +
                                   in_quotes(what.event_id));
}

Result<Addressed> addressed(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(auto endpoint, find_endpoint(parts, call, call.capture("id")));
  Addressed what{std::move(endpoint), call.capture("event")};
  if (!parse_id(kEventPrefix, what.event_id)) return no_such_event(what);
  return what;
}

ServerResponse receipt_response(const Receipt& receipt, int status) {
  return json_response({{"sequence", receipt.sequence},
                        {"duplicate", receipt.duplicate},
                        {"correlation_id", receipt.correlation_id}},
                       status);
}

template <class T>
Result<T> unless_unknown(const Addressed& what, Result<T> result) {
  if (!result && result.error().code == Errc::not_found) return no_such_event(what);
  return result;
}

std::vector<std::string> read_event_ids(ObjectReader& reader) {
  std::vector<std::string> ids;
  const Json* list = reader.find("event_ids");
  if (list == nullptr) return ids;
  if (!list->is_array() || list->empty() || list->size() > kMaxEventIds) {
    reader.refuse("event_ids", "must be a list of 1 to 1000 event ids; leave it out for all");
    return ids;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Json& id = (*list)[i];
    if (!id.is_string() || !parse_id(kEventPrefix, id.get_ref<const std::string&>())) {
      reader.refuse(delivery::problem_at(delivery::item_place("event_ids", i),
                                         "must be an event's id, evt_ and 26 letters"));
      return ids;
    }
    ids.push_back(id.get<std::string>());
  }
  return ids;
}

double read_per_second(ObjectReader& reader, double preset) {
  const Json* value = reader.find("per_second");
  if (value == nullptr) return preset;
  const double number = value->is_number() ? value->get<double>() : 0;
  if (number >= kLeastPerSecond && number <= kMostPerSecond) return number;
  reader.refuse("per_second", "must be a number from 0.01 to 10000");
  return preset;
}

enum class ChangeKind { replay, drop };

Result<DeadLetterChange> change_of(const ApiParts& parts, const Call& call, ChangeKind kind) {
  TM_ASSIGN(const Json body, json_object(call.request()));
  ObjectReader reader(body, "");
  DeadLetterChange change;
  const std::string endpoint = reader.text("endpoint", "", 64);
  if (endpoint.empty()) reader.refuse("endpoint", "is missing; name the endpoint by its id");
  change.filter.type_glob = reader.text("type", "", kMaxTypeGlobBytes);
  change.filter.since = read_time(reader, "since");
  change.filter.until = read_time(reader, "until");
  change.event_ids = read_event_ids(reader);
  change.dry_run = reader.flag("dry_run", false);
  if (kind == ChangeKind::replay) change.per_second = read_per_second(reader, change.per_second);
  TM_TRY(reader.finish());
  TM_TRY(check_span(change.filter));
  TM_ASSIGN(const auto found, find_endpoint(parts, call, endpoint));
  change.filter.tenant = found.tenant;
  change.filter.endpoint = found.state.config.id;
  change.filter.state = DeliveryState::dead;
  return change;
}

ServerResponse count_response(const delivery::DeadLetterCount& count, bool dry_run) {
  return json_response(
      {{"matched", count.matched}, {"changed", count.changed}, {"dry_run", dry_run}});
}

}  // namespace

Result<ServerResponse> get_deliveries(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto endpoint, find_endpoint(parts, call, call.capture("id")));
  return list(parts, call, endpoint, state_of(call.text("state")));
}

Result<ServerResponse> get_dead_letters(const ApiParts& parts, const Call& call) {
  const std::string id = call.text("endpoint");
  if (id.empty()) {
    return fail(Errc::invalid_argument,
                "name the endpoint whose dead letters to show: ?endpoint=ID");
  }
  TM_ASSIGN(const auto endpoint, find_endpoint(parts, call, id));
  return list(parts, call, endpoint, DeliveryState::dead);
}

Result<ServerResponse> get_delivery(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto what, addressed(parts, call));
  TM_ASSIGN(const Json explained,
            unless_unknown(what, parts.delivery.explain(what.endpoint.tenant, what.endpoint_id(),
                                                        what.event_id)));
  return json_response(explained);
}

Result<ServerResponse> post_delivery_retry(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto what, addressed(parts, call));
  TM_TRY(json_body(call.request(), {}));
  TM_ASSIGN(const auto receipt,
            unless_unknown(what, parts.delivery.retry(what.endpoint.tenant, what.endpoint_id(),
                                                      what.event_id)));
  return receipt_response(receipt, 202);
}

Result<ServerResponse> post_delivery_cancel(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto what, addressed(parts, call));
  TM_TRY(json_body(call.request(), {}));
  TM_ASSIGN(const auto receipt,
            unless_unknown(what, parts.delivery.cancel(what.endpoint.tenant, what.endpoint_id(),
                                                       what.event_id)));
  return receipt_response(receipt, 200);
}

Result<ServerResponse> post_dead_letters_replay(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto change, change_of(parts, call, ChangeKind::replay));
  TM_ASSIGN(const auto count, parts.delivery.replay_dead(change));
  return count_response(count, change.dry_run);
}

Result<ServerResponse> post_dead_letters_drop(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto change, change_of(parts, call, ChangeKind::drop));
  TM_ASSIGN(const auto count, parts.delivery.drop_dead(change));
  return count_response(count, change.dry_run);
}

}  // namespace tidemark
