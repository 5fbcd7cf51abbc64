// Retention and erasure: what is dropped and why, doing it now, and erasing payloads.
#include <chrono>

#include "api/handlers.h"
#include "audit/audit_service.h"
#include "base/text.h"

namespace tidemark {
namespace {

constexpr std::size_t kErasuresTold = 1000;
constexpr std::uint64_t kMostCounted = 100'000;
// How long an answer waits for the end; what takes longer goes on without anybody watching.
constexpr std::chrono::seconds kPatience{60};

Json duration_or_null(milliseconds duration) {
  return duration.count() == 0 ? Json() : Json(format_duration(duration));
}

Json to_json(const audit::PayloadRetention& limits) {
  return {{"inputs", duration_or_null(limits.inputs)}, {"events", duration_or_null(limits.events)}};
}

Json to_json(const audit::DropCounts& counts) {
  return {{"records", counts.records}, {"inputs", counts.inputs}, {"events", counts.events}};
}

Json policy_of(const audit::RetentionOptions& options) {
  Json policy = to_json(options.payloads);
  policy["records"] = duration_or_null(options.records);
  policy["hold"] = format_duration(options.hold);
  policy["tenants"] = Json::object();
  for (const auto& [tenant, limits] : options.tenants) policy["tenants"][tenant] = to_json(limits);
  return policy;
}

std::string_view to_text(audit::Cut::Kind kind) {
  switch (kind) {
    case audit::Cut::Kind::records: return "records";
    case audit::Cut::Kind::inputs: return "inputs";
    case audit::Cut::Kind::events: return "events";
    case audit::Cut::Kind::payloads: return "payloads";
  }
  return "payloads";
}

Json to_json(const audit::RetentionPlan& plan) {
  Json cuts = Json::array();
  for (const auto& cut : plan.cuts) {
    cuts.push_back({{"kind", to_text(cut.kind)},
                    {"tenant", cut.scope.tenant.empty() ? Json() : Json(cut.scope.tenant)},
                    {"after", cut.after},
                    {"through", cut.through}});
  }
  return {{"cuts", std::move(cuts)}, {"overtaken", plan.overtaken}};
}

Json to_json(const audit::Erasure& erasure) {
  const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  return {{"record", erasure.by},
          {"tenant", or_null(erasure.scope.tenant)},
          {"instance", or_null(erasure.scope.instance)},
          {"correlation", or_null(erasure.scope.correlation)},
          {"why", erasure.why}};
}

Result<ServerResponse> told(const audit::Retention& retention, const Receipt& receipt) {
  TM_ASSIGN(const auto counts, retention.wait_for(receipt, kPatience));
  Json answer = to_json(counts.value_or(audit::DropCounts{}));
  answer["record"] = receipt.sequence;
  answer["done"] = counts.has_value();
  return json_response(answer);
}

}  // namespace

Result<ServerResponse> get_retention(const ApiParts& parts, const Call&) {
  audit::Retention& retention = parts.audit.retention();
  TM_ASSIGN(const auto state, audit::read_retention(parts.store));
  TM_ASSIGN(const auto plan, retention.plan(parts.clock.now()));
  TM_ASSIGN(const auto erasures, retention.erasures(kErasuresTold));
  Json answer{{"policy", policy_of(retention.options())},
              {"running", state.running},
              {"dropped", nullptr},
              {"next", to_json(plan)},
              {"erasures", Json::array()}};
  if (state.through > 0) {
    answer["dropped"] = {{"through", state.through},
                         {"at", format_rfc3339(state.at)},
                         {"record", state.by},
                         {"checkpoint", state.size}};
  }
  for (const auto& erasure : erasures) answer["erasures"].push_back(to_json(erasure));
  return json_response(answer);
}

Result<ServerResponse> post_retention(const ApiParts& parts, const Call& call) {
  TM_TRY(json_body(call.request(), {}));
  audit::Retention& retention = parts.audit.retention();
  TM_ASSIGN(const auto receipt, retention.run());
  return told(retention, receipt);
}

Result<ServerResponse> post_erasure(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const Json body,
            json_body(call.request(), {"tenant", "instance", "correlation", "why", "dry_run"}));
  const audit::ErasureScope scope{body.value("tenant", ""), body.value("instance", ""),
                                  body.value("correlation", "")};
  audit::Retention& retention = parts.audit.retention();
  if (body.value("dry_run", "") != "true") {
    TM_ASSIGN(const auto receipt, retention.erase(scope, body.value("why", "")));
    return told(retention, receipt);
  }
  if (scope.tenant.empty() && scope.instance.empty() && scope.correlation.empty()) {
    return fail(Errc::invalid_argument, "name a tenant, an instance or a correlation");
  }
  TM_ASSIGN(const auto count, audit::count_payloads(parts.store, scope, kMostCounted));
  Json answer = to_json(count.counts);
  answer["record"] = nullptr;
  answer["done"] = false;
  answer["more"] = count.more;
  return json_response(answer);
}

}  // namespace tidemark
