// Endpoints: making, changing, pausing and rewinding them.
#include <algorithm>
#include <utility>

#include "api/delivery_calls.h"
#include "api/handlers.h"
#include "api/problem.h"
#include "api/tenant_name.h"
#include "api/turn.h"
#include "base/random.h"
#include "base/text.h"

namespace tidemark {
namespace {

using delivery::EndpointView;
using delivery::ObjectReader;

constexpr std::chrono::hours kPresetOverlap{24};
constexpr std::chrono::hours kLongestOverlap{24 * 30};
constexpr std::size_t kMaxReasonBytes = 200;
constexpr std::size_t kMaxSecretTextBytes = 256;
// Each holds a thread of the server until the endpoint has answered.
constexpr int kMaxTestsAtOnce = 4;

// 12 letters of RFC 4648's base32 in lower case: 60 random bits.
Result<std::string> make_endpoint_id() {
  constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";
  TM_ASSIGN(const std::string bytes, random_bytes(12));
  std::string id = "ep_";
  for (const char c : bytes) id += kBase32[static_cast<unsigned char>(c) % kBase32.size()];
  return id;
}

Result<std::optional<Secret>> take_secret(Json& body) {
  const auto found = body.find("secret");
  if (found == body.end()) return std::nullopt;
  const Json value = std::move(*found);
  body.erase(found);
  if (value.is_null()) return std::nullopt;
  if (!value.is_string() || value.get_ref<const std::string&>().size() > kMaxSecretTextBytes) {
    return fail(Errc::invalid_argument,
                "secret: must be a text such as whsec_ and base64; leave it out to get a new one");
  }
  return Secret(value.get<std::string>());
}

// The guard's own words name addresses that only the operator should learn from us: a tenant could
// look through the names of a private network otherwise.
Result<ServerResponse> refused(const Call& call, const Error& error) {
  if (error.code != Errc::forbidden) return fail(error);
  return problem_response(
      Problem{422, "address_refused",
              call.is_operator()
                  ? "url: " + error.message
                  : "url: is not an address of the public internet, and only the operator can "
                    "allow others"});
}

ServerResponse never_stored(ServerResponse response) {
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Result<ServerResponse> show(const ApiParts& parts, const EndpointView& endpoint) {
  TM_ASSIGN(const auto now, parts.delivery.endpoint(endpoint.tenant, endpoint.state.config.id));
  return json_response(delivery::to_json(now));
}

// A whole configuration may be what GET has shown, with changes: what only tells how the endpoint
// does is left aside.
void drop_what_only_tells(Json& config, const EndpointView& endpoint) {
  const Json own = delivery::to_json(endpoint.state.config);
  const Json shown = delivery::to_json(endpoint);
  for (const auto& [key, value] : shown.items()) {
    if (!own.contains(key)) config.erase(key);
  }
}

// A header's value that is still the mask stands for the real one.
void unmask_headers(Json& config, const EndpointView& endpoint) {
  const auto headers = config.find("headers");
  if (headers == config.end() || !headers->is_object()) return;
  const Json masked = delivery::to_json(endpoint).value("headers", Json::object());
  for (const auto& [name, value] : endpoint.state.config.headers) {
    const auto sent = headers->find(name);
    const auto mask = masked.find(name);
    if (sent != headers->end() && mask != masked.end() && *sent == *mask) *sent = value;
  }
}

Result<ServerResponse> replace(const ApiParts& parts, const Call& call,
                               const EndpointView& endpoint, Json config) {
  const std::string& id = endpoint.state.config.id;
  const auto given = config.find("id");
  if (given == config.end() || given->is_null()) config["id"] = id;
  if (config["id"] != id) {
    return fail(Errc::invalid_argument,
                "id: must be " + in_quotes(id) + " as in the path: an endpoint keeps its id");
  }
  unmask_headers(config, endpoint);
  TM_ASSIGN(const auto parsed, delivery::endpoint_config_from_json(config));
  const auto receipt = parts.delivery.update(endpoint.tenant, parsed);
  if (!receipt) return refused(call, receipt.error());
  return show(parts, endpoint);
}

Result<Position> before_event(const std::string& id) {
  const auto position = parse_id(kEventPrefix, id);
  if (!position || position->sequence == 0) {
    return fail(Errc::invalid_argument,
                "from: must be a time such as 2025-12-16T12:00:00Z, or an event's id");
  }
  if (position->index == 0) return Position{position->sequence - 1, kRecordIndex};
  return Position{position->sequence, static_cast<std::uint16_t>(position->index - 1)};
}

Result<Receipt> rewind(const ApiParts& parts, const EndpointView& endpoint, const Json& body) {
  ObjectReader reader(body, "");
  const Json* after = reader.find("after");
  const std::string from = reader.text("from", "", 64);
  if ((after == nullptr) == from.empty()) {
    reader.refuse("after",
                  "give either \"after\", a sequence, or \"from\", a time or an event's id");
  } else if (after != nullptr && !after->is_number_unsigned()) {
    reader.refuse("after", "must be a sequence: a whole number, 0 for the very beginning");
  }
  TM_TRY(reader.finish());
  const std::string& id = endpoint.state.config.id;
  if (after != nullptr) {
    return parts.delivery.rewind(endpoint.tenant, id,
                                 Position{after->get<Sequence>(), kRecordIndex});
  }
  if (const auto time = parse_rfc3339(from); time) {
    return parts.delivery.rewind(endpoint.tenant, id, *time);
  }
  TM_ASSIGN(const Position before, before_event(from));
  return parts.delivery.rewind(endpoint.tenant, id, before);
}

// By tenant, then by id; a page goes on after "tenant/id", where neither has a slash.
using Place = std::pair<std::string_view, std::string_view>;

Place place_of(const EndpointView& endpoint) {
  return {endpoint.tenant, endpoint.state.config.id};
}

Result<Place> place_from(std::string_view page) {
  if (page.empty()) return Place{};
  const auto slash = page.find('/');
  if (slash != std::string_view::npos) return Place{page.substr(0, slash), page.substr(slash + 1)};
  return fail(Errc::invalid_argument, "page is not a next_page of this list");
}

Result<Json> made_secret(const ApiParts& parts, std::string_view tenant, std::string_view id,
                         const delivery::DeliveryService::NewSecret& made) {
  TM_ASSIGN(const auto endpoint, parts.delivery.endpoint(tenant, id));
  Json answer = delivery::to_json(endpoint);
  answer["secret"] = made.secret.reveal();
  return answer;
}

}  // namespace

Result<ServerResponse> get_endpoints(const ApiParts& parts, const Call& call) {
  const auto limit = static_cast<std::size_t>(call.integer("limit", kMaxEndpointPage));
  if (limit == 0) return fail(Errc::invalid_argument, "limit must be at least 1");
  const std::string page = call.text("page");
  TM_ASSIGN(const Place after, place_from(page));
  TM_ASSIGN(auto endpoints, parts.delivery.endpoints(call.tenant()));
  std::sort(endpoints.begin(), endpoints.end(),
            [](const auto& left, const auto& right) { return place_of(left) < place_of(right); });
  Json items = Json::array();
  std::string next;
  for (const auto& endpoint : endpoints) {
    if (!page.empty() && place_of(endpoint) <= after) continue;
    if (items.size() == limit) return list_response(std::move(items), next);
    items.push_back(delivery::to_json(endpoint));
    next = endpoint.tenant + "/" + endpoint.state.config.id;
  }
  return list_response(std::move(items));
}

Result<ServerResponse> get_endpoint(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto endpoint, find_endpoint(parts, call, call.capture("id")));
  return json_response(delivery::to_json(endpoint));
}

Result<ServerResponse> post_endpoint(const ApiParts& parts, const Call& call) {
  const std::string tenant = call.tenant().empty() ? std::string(kDefaultTenant) : call.tenant();
  if (!is_tenant_name(tenant)) {
    return fail(Errc::invalid_argument,
                "tenant must be 1 to 64 lower-case letters, digits, '_' or '-'");
  }
  TM_ASSIGN(Json body, json_object(call.request()));
  TM_ASSIGN(auto secret, take_secret(body));
  if (const auto id = body.find("id"); id == body.end() || id->is_null()) {
    TM_ASSIGN(body["id"], make_endpoint_id());
  }
  TM_ASSIGN(const auto config, delivery::endpoint_config_from_json(body));
  const auto made = parts.delivery.create(tenant, config, std::move(secret));
  if (!made) return refused(call, made.error());
  TM_ASSIGN(const Json answer, made_secret(parts, tenant, config.id, *made));
  auto response = never_stored(json_response(answer, 201));
  response.headers.emplace_back("Location", "/v1/endpoints/" + config.id);
  return response;
}

Result<ServerResponse> put_endpoint(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto endpoint, find_endpoint(parts, call, call.capture("id")));
  TM_ASSIGN(Json config, json_object(call.request()));
  drop_what_only_tells(config, endpoint);
  return replace(parts, call, endpoint, std::move(config));
}

Result<ServerResponse> patch_endpoint(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto endpoint, find_endpoint(parts, call, call.capture("id")));
  TM_ASSIGN(const Json patch, json_object(call.request()));
  Json config = delivery::to_json(endpoint.state.config);
  config.merge_patch(patch);
  return replace(parts, call, endpoint, std::move(config));
}

Result<ServerResponse> delete_endpoint(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto endpoint, find_endpoint(parts, call, call.capture("id")));
  TM_TRY(parts.delivery.remove(endpoint.tenant, endpoint.state.config.id));
  ServerResponse response;
  response.status = 204;
  return response;
}

Result<ServerResponse> post_endpoint_pause(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto endpoint, find_endpoint(parts, call, call.capture("id")));
  TM_ASSIGN(const Json body, json_object(call.request()));
  ObjectReader reader(body, "");
  const std::string reason = reader.text("reason", "", kMaxReasonBytes);
  TM_TRY(reader.finish());
  TM_TRY(parts.delivery.pause(endpoint.tenant, endpoint.state.config.id, reason));
  return show(parts, endpoint);
}

Result<ServerResponse> post_endpoint_resume(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto endpoint, find_endpoint(parts, call, call.capture("id")));
  TM_TRY(json_body(call.request(), {}));
  TM_TRY(parts.delivery.resume(endpoint.tenant, endpoint.state.config.id));
  return show(parts, endpoint);
}

Result<ServerResponse> post_endpoint_rotate(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto endpoint, find_endpoint(parts, call, call.capture("id")));
  TM_ASSIGN(Json body, json_object(call.request()));
  TM_ASSIGN(auto secret, take_secret(body));
  ObjectReader reader(body, "");
  const auto overlap = reader.duration("overlap", kPresetOverlap, milliseconds{0}, kLongestOverlap);
  TM_TRY(reader.finish());
  const std::string& id = endpoint.state.config.id;
  TM_ASSIGN(const auto made,
            parts.delivery.rotate_secret(endpoint.tenant, id, overlap, std::move(secret)));
  TM_ASSIGN(const Json answer, made_secret(parts, endpoint.tenant, id, made));
  return never_stored(json_response(answer));
}

Result<ServerResponse> post_endpoint_rewind(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto endpoint, find_endpoint(parts, call, call.capture("id")));
  TM_ASSIGN(const Json body, json_object(call.request()));
  TM_TRY(rewind(parts, endpoint, body));
  return show(parts, endpoint);
}

Result<ServerResponse> post_endpoint_test(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto endpoint, find_endpoint(parts, call, call.capture("id")));
  TM_TRY(json_body(call.request(), {}));
  const Turn turn(*parts.running_tests, kMaxTestsAtOnce);
  if (!turn.got()) {
    return fail(Errc::overloaded, "other endpoints are being tested right now; try again soon");
  }
  auto outcome = parts.delivery.test(endpoint.tenant, endpoint.state.config.id);
  if (!outcome) return refused(call, outcome.error());
  return json_response(*outcome);
}

}  // namespace tidemark
