#include "api/delivery_calls.h"

#include "base/text.h"

namespace tidemark {
namespace {

constexpr std::size_t kMostTenantsNamed = 20;

tl::unexpected<Error> no_such_endpoint(std::string_view id) {
  return fail(Errc::not_found,
              "there is no endpoint " + in_quotes(id) + "; GET /v1/endpoints lists what there is");
}

Result<delivery::EndpointView> find_in_any_tenant(const ApiParts& parts, std::string_view id) {
  TM_ASSIGN(auto endpoints, parts.delivery.endpoints(""));
  std::erase_if(endpoints, [&](const auto& endpoint) { return endpoint.state.config.id != id; });
  if (endpoints.empty()) return no_such_endpoint(id);
  if (endpoints.size() == 1) return std::move(endpoints.front());
  std::string tenants;
  for (std::size_t i = 0; i < endpoints.size() && i < kMostTenantsNamed; ++i) {
    tenants += (tenants.empty() ? "" : ", ") + endpoints[i].tenant;
  }
  if (endpoints.size() > kMostTenantsNamed) tenants += ", ...";
  return fail(Errc::conflict, "several tenants have an endpoint " + in_quotes(id) + ": " + tenants +
                                  "; name one with ?tenant=");
}

}  // namespace

std::string in_quotes(std::string_view text) {
  return '"' + to_valid_utf8(text.substr(0, 64)) + '"';
}

Result<delivery::EndpointView> find_endpoint(const ApiParts& parts, const Call& call,
                                             std::string_view id) {
  if (call.tenant().empty()) return find_in_any_tenant(parts, id);
  auto endpoint = parts.delivery.endpoint(call.tenant(), id);
  if (!endpoint && endpoint.error().code == Errc::not_found) return no_such_endpoint(id);
  return endpoint;
}

std::optional<WallTime> read_time(delivery::ObjectReader& reader, const char* key) {
  const std::string text = reader.text(key, "", 64);
  if (text.empty()) return std::nullopt;
  const auto time = parse_rfc3339(text);
  if (time) return *time;
  reader.refuse(key, "must be a time such as 2025-12-16T12:00:00Z");
  return std::nullopt;
}

}  // namespace tidemark
