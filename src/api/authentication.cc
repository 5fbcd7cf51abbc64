#include "api/authentication.h"

#include "api/key_machine.h"
#include "api/key_token.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"

namespace tidemark {
namespace {

tl::unexpected<Problem> refuse(int status, std::string code, std::string detail) {
  return tl::unexpected(Problem{status, std::move(code), std::move(detail)});
}

// The token of "Authorization: Bearer <token>" (RFC 6750 section 2.1).
std::string bearer_token(const ServerRequest& request) {
  const auto header = find_header(request.headers, "Authorization");
  if (!header || header->size() < 8 || to_lower_ascii(header->substr(0, 7)) != "bearer ") return {};
  return std::string(trim(std::string_view(*header).substr(7)));
}

tl::expected<std::string, Problem> tenant_of_key(const ApiParts& parts, const std::string& token) {
  const auto bad = [] {
    return refuse(401, "invalid_key", "this API key is not valid, or no longer");
  };
  const auto key = parse_key_token(token);
  if (!key) return bad();
  const auto found = find_key(parts.store, key->id);
  if (!found) {
    log::error("cannot read API keys", {.error_code = name(found.error().code)});
    return refuse(503, std::string(name(found.error().code)), "API keys cannot be read right now");
  }
  // Compared also when there is no such key, so that time does not tell.
  const std::string stored = *found ? (*found)->hash : std::string(64, '0');
  const bool equal = equal_in_constant_time(to_hex(key->hash), stored);
  if (!*found || !equal) return bad();
  if ((*found)->expires_at && *(*found)->expires_at <= parts.clock.now()) return bad();
  return (*found)->tenant;
}

}  // namespace

bool is_loopback_peer(std::string_view peer) {
  if (peer.starts_with("::ffff:")) peer.remove_prefix(7);
  return peer == "::1" || peer.starts_with("127.");
}

tl::expected<Principal, Problem> authenticate(const ApiParts& parts, const Route& route,
                                              const ServerRequest& request) {
  const auto wanted = request.query_value("tenant");
  if (request.from_unix_socket) return Principal{true, wanted.value_or("")};
  if (route.access == Access::operator_only) {
    return refuse(403, "operator_only",
                  "only the operator may do this: use the command line beside the data directory");
  }
  if (route.access == Access::metrics && !parts.behind_proxy && is_loopback_peer(request.peer)) {
    return Principal{};
  }
  if (route.access == Access::metrics) {
    return refuse(403, "local_only",
                  "metrics are served to this machine's own addresses (not through a proxy) and "
                  "over the Unix socket");
  }
  const std::string token = bearer_token(request);
  if (route.access == Access::open && token.empty()) return Principal{};
  if (token.empty()) {
    return refuse(401, "unauthenticated",
                  "send an API key: \"Authorization: Bearer tm_...\"; the operator makes one with "
                  "`tidemark key create`");
  }
  auto tenant = tenant_of_key(parts, token);
  if (!tenant) return tl::unexpected(std::move(tenant).error());
  if (wanted) {
    return refuse(403, "operator_only", "\"tenant\" is the operator's; a key has its own tenant");
  }
  return Principal{false, std::move(*tenant)};
}

}  // namespace tidemark
