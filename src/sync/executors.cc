#include "sync/executors.h"

#include <exception>
#include <set>
#include <string>

#include "base/log.h"
#include "sync/account_inputs.h"
#include "sync/account_machine.h"
#include "sync/calendar_inputs.h"
#include "sync/counting_http.h"
#include "sync/pull_run.h"
#include "sync/write_run.h"

namespace tidemark::sync {
namespace {

Result<Discovery> discover(AccountRuntime& account, const std::string& hint) {
  auto found = [&]() -> Result<Discovery> {
    try {
      return account.provider->discover(hint);
    } catch (const std::exception& error) {
      return fail(Errc::internal, std::string("discovery failed unexpectedly: ") + error.what());
    }
  }();
  if (!found) return found;
  std::set<std::string> ids;
  std::erase_if(found->calendars, [&](const RemoteCalendar& calendar) {
    return calendar.id.empty() || !ids.insert(calendar.id).second;
  });
  if (found->calendars.size() > kMaxCalendars) {
    return fail(Errc::limit_exceeded, "the server lists " +
                                          std::to_string(found->calendars.size()) +
                                          " calendars; at most " + std::to_string(kMaxCalendars) +
                                          " of one account can be mirrored");
  }
  return found;
}

void run_discovery(const ExecutorContext& context, const Effect& effect, EffectHandle& handle) {
  const auto answer = [&](Result<Discovery> found) {
    if (found) {
      handle.complete(std::string(input_type::kDiscovered),
                      encode(Discovered{effect.key.sequence, std::move(*found)}));
    } else {
      handle.complete(std::string(input_type::kDiscoverFailed),
                      encode(DiscoverFailed{effect.key.sequence, std::move(found).error()}));
    }
  };
  const auto order = decode_discover_order(effect.request.payload);
  if (!order) return answer(fail(order.error()));
  const auto account = context.accounts.find(effect.tenant, order->account);
  if (account == nullptr) return answer(fail(no_such_account(order->account)));
  auto found = discover(*account, order->hint);
  if (!found && handle.stopping()) return;  // stays in the outbox
  const bool unauthorized = !found && found.error().code == Errc::unauthorized;
  if (found || unauthorized) account->refused = unauthorized;
  if (!found) {
    count_upstream_error(context.metrics, account->settings.provider, found.error());
    log::warning("discovery failed", {.connector = account->connector(),
                                      .correlation_id = effect.correlation_id,
                                      .company_id = effect.tenant,
                                      .error_code = name(found.error().code),
                                      .detail = found.error().message});
  }
  answer(std::move(found));
}

constexpr auto kFull = "calendar_sync_full_total";
constexpr auto kIncremental = "calendar_sync_incremental_total";
constexpr auto kCreated = "calendar_events_created_total";
constexpr auto kUpdated = "calendar_events_updated_total";
constexpr auto kDeleted = "calendar_events_deleted_total";

std::string summary_of(const PassReport& report) {
  return report.name + ": " + report.mode + " pass, " + std::to_string(report.created) +
         " created, " + std::to_string(report.updated) + " updated, " +
         std::to_string(report.deleted) + " deleted, " + std::to_string(report.fetched) +
         " fetched, " + std::to_string(report.resources) + " mirrored, " +
         std::to_string(report.quarantined) + " quarantined";
}

}  // namespace

void PullExecutor::start(Effect effect, std::unique_ptr<EffectHandle> handle) {
  auto shared = std::make_shared<std::pair<Effect, std::unique_ptr<EffectHandle>>>(
      std::move(effect), std::move(handle));
  context_.workers.post(
      [this, shared] { PullRun(context_, shared->first, *shared->second).run(); });
}

void WriteExecutor::start(Effect effect, std::unique_ptr<EffectHandle> handle) {
  auto shared = std::make_shared<std::pair<Effect, std::unique_ptr<EffectHandle>>>(
      std::move(effect), std::move(handle));
  context_.workers.post(
      [this, shared] { WriteRun(context_, shared->first, *shared->second).run(); });
}

void DiscoverExecutor::start(Effect effect, std::unique_ptr<EffectHandle> handle) {
  auto shared = std::make_shared<std::pair<Effect, std::unique_ptr<EffectHandle>>>(
      std::move(effect), std::move(handle));
  context_.workers.post(
      [this, shared] { run_discovery(context_, shared->first, *shared->second); });
}

void ReportExecutor::start(Effect effect, std::unique_ptr<EffectHandle> handle) {
  const auto report = decode_pass_report(effect.request.payload);
  if (report) {
    const std::string summary = summary_of(*report);
    log::info("calendar synced", {.connector = report->connector,
                                  .correlation_id = effect.correlation_id,
                                  .company_id = effect.tenant,
                                  .latency_ms = static_cast<double>(report->latency_ms),
                                  .calendar = report->calendar,
                                  .detail = summary});
    const std::string provider = report->connector.substr(0, report->connector.find(':'));
    count_pass(context_.metrics, provider, *report);
  }
  handle->complete(std::string(input_type::kReportDone), {});
}

void count_pass(Metrics& metrics, const std::string& provider, const PassReport& report) {
  const Metrics::Labels of_provider{{"provider", provider}};
  metrics.add("tidemark_sync_passes_total",
              {{"provider", provider}, {"mode", report.mode}, {"outcome", "ok"}});
  metrics.observe("tidemark_sync_pass_seconds", {{"mode", report.mode}},
                  static_cast<double>(report.latency_ms) / 1000.0);
  if (const auto mode = pass_mode_from(report.mode)) {
    metrics.add(*mode == PassMode::incremental ? kIncremental : kFull, of_provider);
  }
  metrics.add(kCreated, of_provider, static_cast<double>(report.created));
  metrics.add(kUpdated, of_provider, static_cast<double>(report.updated));
  metrics.add(kDeleted, of_provider, static_cast<double>(report.deleted));
}

void count_quiet_pass(Metrics& metrics, const std::string& provider) {
  metrics.add("tidemark_sync_passes_total",
              {{"provider", provider}, {"mode", "incremental"}, {"outcome", "unchanged"}});
  metrics.add(kIncremental, {{"provider", provider}});
}

void count_upstream_error(Metrics& metrics, const std::string& provider, const Error& error) {
  metrics.add("tidemark_upstream_errors_total",
              {{"provider", provider}, {"code", std::string(name(error.code))}});
}

void describe_sync_metrics(Metrics& metrics) {
  metrics.describe(kFull, "Ended passes over whole calendars, by provider");
  metrics.describe(kIncremental, "Ended passes over what had changed, by provider");
  metrics.describe(kCreated, "Events told as created, by provider");
  metrics.describe(kUpdated, "Events told as updated, by provider");
  metrics.describe(kDeleted, "Events told as deleted, by provider");
  describe_http_metrics(metrics);
  metrics.describe("tidemark_sync_passes_total", "Ended sync passes by provider, mode, outcome.");
  metrics.describe("tidemark_upstream_errors_total",
                   "Failed pulls and discoveries by provider and error code.");
  metrics.describe("tidemark_writes_total",
                   "Attempts to change events, by provider, kind and outcome.");
  metrics.describe("tidemark_sync_bodies_fetched_total",
                   "Calendar resources fetched, by provider.");
  metrics.describe("tidemark_sync_quarantined_total",
                   "Calendar resources that could not be read, by provider.");
  metrics.describe_histogram("tidemark_sync_pass_seconds",
                             "How long ended sync passes took, by mode.",
                             {0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3600});
}

}  // namespace tidemark::sync
