// The master key of the secrets that are kept: which tenants are under it, and bringing all there.
#include "api/handlers.h"
#include "api/problem.h"
#include "base/text.h"
#include "vault/vault.h"

namespace tidemark {
namespace {

Result<Vault*> find_vault(const ApiParts& parts) {
  if (parts.vault != nullptr) return parts.vault;
  return fail(Errc::no_key,
              "no master key is configured, so no secret can be kept: make one with `tidemark "
              "secrets generate-key --file FILE`, name it in the configuration under [secrets] "
              "master_key = { file = \"FILE\" }, and start again");
}

// "current": nothing to do; "old": a rotation brings it under the current key; "missing": its
// secrets cannot be opened.
std::string_view state_of(const VaultStatus& status, const VaultStatus::Tenant& tenant) {
  if (!tenant.configured) return "missing";
  return status.current == tenant.master_key ? "current" : "old";
}

Json to_json(const VaultStatus& status) {
  Json old = Json::array();
  for (const auto& key : status.former) old.push_back(key.text());
  Json tenants = Json::array();
  for (const auto& tenant : status.tenants) {
    tenants.push_back({{"tenant", tenant.tenant},
                       {"data_key", tenant.data_key.text()},
                       {"master_key", tenant.master_key.text()},
                       {"state", state_of(status, tenant)},
                       {"created_at", format_rfc3339(tenant.created_at)},
                       {"wrapped_at", format_rfc3339(tenant.wrapped_at)}});
  }
  return {{"master_key", status.current ? Json(status.current->text()) : Json()},
          {"old_master_keys", std::move(old)},
          {"tenants", std::move(tenants)}};
}

Json to_json(const RotationReport& report) {
  Json failures = Json::array();
  for (const auto& failure : report.failures) {
    failures.push_back({{"tenant", failure.tenant},
                        {"code", name(failure.error.code)},
                        {"error", failure.error.message}});
  }
  return {{"master_key", report.current.text()},
          {"tenants", report.tenants},
          {"rewrapped", report.rewrapped},
          {"already_current", report.already_current},
          {"failures", std::move(failures)}};
}

}  // namespace

Result<ServerResponse> get_secrets(const ApiParts& parts, const Call&) {
  TM_ASSIGN(const Vault* const vault, find_vault(parts));
  TM_ASSIGN(const auto status, vault->status());
  return json_response(to_json(status));
}

Result<ServerResponse> post_secrets_rotate(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(Vault* const vault, find_vault(parts));
  TM_TRY(json_body(call.request(), {}));
  TM_ASSIGN(const auto report, vault->rotate_master_key());
  return json_response(to_json(report));
}

}  // namespace tidemark
