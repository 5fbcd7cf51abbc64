#include "api/endpoint_summary.h"
#include "api/handlers.h"
#include "base/text.h"
#include "sync/mirror.h"

namespace tidemark {
namespace {

// "ok", "degraded" (it goes on, something wants attention) or "failing" (no work is taken).
struct PartHealth {
  std::string status = "ok";
  std::string reason{};
};

PartHealth store_health(const ApiParts& parts) {
  const auto fault = parts.store.fault();
  if (!fault) return {};
  return {"failing", std::string(name(fault->code)) + ": " + fault->message};
}

PartHealth engine_health(const ApiParts& parts) {
  const std::string reason = parts.not_ready();
  return reason.empty() ? PartHealth{} : PartHealth{"failing", reason};
}

// What somebody took out of the configuration is at rest, not ill.
bool is_well(const std::string& error_code) {
  return error_code.empty() || error_code == "not_configured" || error_code == "deselected";
}

PartHealth accounts_health(const ApiParts& parts, const std::string& tenant) {
  const auto accounts = list_accounts(parts.store, tenant);
  if (!accounts) return {"failing", accounts.error().message};
  std::string troubled;
  for (const auto& account : *accounts) {
    if (is_well(account.error_code)) continue;
    troubled += (troubled.empty() ? "" : "; ") + account.tenant + "/" + account.id + ": " +
                account.error_code;
    if (!account.mend.empty()) troubled += " (" + account.mend + ")";
  }
  return troubled.empty() ? PartHealth{} : PartHealth{"degraded", troubled};
}

PartHealth calendars_health(const ApiParts& parts, const std::string& tenant) {
  const auto calendars = list_calendars(parts.store, tenant);
  if (!calendars) return {"failing", calendars.error().message};
  std::size_t troubled = 0;
  for (const auto& calendar : *calendars) troubled += is_well(calendar.error_code) ? 0 : 1;
  if (troubled == 0) return {};
  return {"degraded", std::to_string(troubled) + " of " + std::to_string(calendars->size()) +
                          " calendars fail; see /v1/calendars"};
}

PartHealth endpoints_health(const ApiParts& parts, const std::string& tenant) {
  const auto endpoints = parts.delivery.endpoints(tenant);
  if (!endpoints) return {"failing", endpoints.error().message};
  const std::string trouble = trouble_text(summarize(*endpoints));
  return trouble.empty() ? PartHealth{} : PartHealth{"degraded", trouble};
}

Json to_json(const PartHealth& part) {
  Json value = {{"status", part.status}};
  if (!part.reason.empty()) value["reason"] = part.reason;
  return value;
}

Json store_json(const StoreStats& stats) {
  Json tables = Json::object();
  for (const auto& [table, keys] : stats.table_keys) tables[table] = keys;
  return {{"disk_bytes", stats.disk_bytes},     {"wal_bytes", stats.wal_bytes},
          {"memory_bytes", stats.memory_bytes}, {"last_sequence", stats.last_sequence},
          {"watermark", stats.watermark},       {"keys", std::move(tables)}};
}

}  // namespace

Result<ServerResponse> get_livez(const ApiParts&, const Call&) {
  return json_response({{"status", "ok"}});
}

Result<ServerResponse> get_readyz(const ApiParts& parts, const Call& call) {
  for (const auto& part : {engine_health(parts), store_health(parts)}) {
    if (part.status == "ok") continue;
    const std::string reason = call.is_operator() ? part.reason : "not ready to take work";
    return fail(Errc::unavailable, reason);
  }
  return json_response({{"status", "ok"}});
}

Result<ServerResponse> get_healthz(const ApiParts& parts, const Call& call) {
  // Whoever shows no key learns whether it works and nothing about whom it works for.
  const std::map<std::string, PartHealth> health{
      {"store", store_health(parts)},
      {"engine", engine_health(parts)},
      {"accounts", accounts_health(parts, call.tenant())},
      {"calendars", calendars_health(parts, call.tenant())},
      {"endpoints", endpoints_health(parts, call.tenant())}};
  std::string overall = "ok";
  Json details = Json::object();
  for (const auto& [name, part] : health) {
    if (part.status == "failing" || (part.status == "degraded" && overall == "ok")) {
      overall = part.status;
    }
    const bool of_a_tenant = name != "store" && name != "engine";
    const bool own = !call.tenant().empty() && of_a_tenant;
    if (call.is_operator() || own) details[name] = to_json(part);
  }
  Json body = {{"status", overall}};
  const bool known = call.is_operator() || !call.tenant().empty();
  if (!known && overall == "degraded") body["status"] = "ok";
  if (known) body["parts"] = std::move(details);
  return json_response(body, overall == "failing" ? 503 : 200);
}

Result<ServerResponse> get_metrics(const ApiParts& parts, const Call&) {
  ServerResponse response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = parts.metrics.render();
  return response;
}

Result<ServerResponse> get_status(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto accounts, list_accounts(parts.store, call.tenant()));
  TM_ASSIGN(const auto calendars, list_calendars(parts.store, call.tenant()));
  TM_ASSIGN(const auto endpoints, parts.delivery.endpoints(call.tenant()));
  Json body = {{"version", parts.version},
               {"now", format_rfc3339(parts.clock.now())},
               {"accounts", Json::array()},
               {"calendars", Json::array()},
               {"endpoints", to_json(summarize(endpoints))}};
  for (const auto& account : accounts) body["accounts"].push_back(to_json(account));
  for (const auto& calendar : calendars) body["calendars"].push_back(to_json(calendar));
  if (call.is_operator()) {
    const auto depths = parts.engine.depths();
    body["data_dir"] = parts.data_dir;
    body["engine"] = {{"inbox", depths.inbox},
                      {"inbox_bytes", depths.inbox_bytes},
                      {"outbox", depths.outbox},
                      {"running", depths.running},
                      {"timers", depths.timers}};
    body["store"] = store_json(parts.store.stats());
    const auto fault = parts.store.fault();
    body["store"]["fault"] = fault ? Json(fault->message) : Json(nullptr);
    body["backup"] = backup_status(parts);
  }
  return json_response(body);
}

}  // namespace tidemark
