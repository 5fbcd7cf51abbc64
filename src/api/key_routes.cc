#include "api/handlers.h"
#include "api/key_machine.h"
#include "api/key_token.h"
#include "api/tenant_name.h"
#include "base/text.h"

namespace tidemark {
namespace {

std::string text_of(const Json& body, const char* key) {
  const auto found = body.find(key);
  return found == body.end() || found->is_null() ? std::string() : found->get<std::string>();
}

}  // namespace

Result<ServerResponse> get_keys(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto keys, list_keys(parts.store, call.tenant()));
  Json items = Json::array();
  for (const auto& key : keys) items.push_back(to_json(key));
  return list_response(std::move(items));
}

Result<ServerResponse> post_key(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const Json body, json_body(call.request(), {"tenant", "name", "expires_in"}));
  KeyRecord record;
  record.tenant = to_lower_ascii(text_of(body, "tenant"));
  record.name = text_of(body, "name");
  if (!is_tenant_name(record.tenant)) {
    return fail(Errc::invalid_argument, "tenant must be 1 to 64 letters, digits, '_' or '-'");
  }
  if (record.name.size() > kMaxKeyNameBytes) {
    return fail(Errc::invalid_argument, "name is longer than 200 bytes");
  }
  if (const auto expires_in = text_of(body, "expires_in"); !expires_in.empty()) {
    TM_ASSIGN(const auto lifetime, parse_duration(expires_in));
    if (lifetime.count() <= 0) return fail(Errc::invalid_argument, "expires_in must be above zero");
    record.expires_at = parts.clock.now() + lifetime;
  }
  TM_ASSIGN(const auto key, make_key_token());
  record.id = key.id;
  record.hash = to_hex(key.hash);
  TM_TRY(parts.engine.submit(create_key_input(record)));
  TM_ASSIGN(const auto stored, find_key(parts.store, key.id));
  if (!stored) return fail(Errc::internal, "the new API key cannot be found");
  Json answer = to_json(*stored);
  answer["key"] = key.token.reveal();
  auto response = json_response(answer, 201);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Result<ServerResponse> delete_key(const ApiParts& parts, const Call& call) {
  const std::string& id = call.capture("id");
  const auto unknown = [&] {
    return fail(Errc::not_found, "no API key has the id \"" + to_valid_utf8(id.substr(0, 64)) +
                                     "\"; `tidemark key list` shows them");
  };
  if (!is_key_id(id)) return unknown();
  TM_ASSIGN(const auto record, find_key(parts.store, id));
  if (!record || !call.may_see(record->tenant)) return unknown();
  TM_TRY(parts.engine.submit(revoke_key_input(id)));
  ServerResponse response;
  response.status = 204;
  return response;
}

}  // namespace tidemark
