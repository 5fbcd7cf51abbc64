#include <algorithm>
#include <chrono>

#include "api/handlers.h"
#include "api/sync_progress.h"
#include "base/text.h"
#include "sync/mirror.h"

namespace tidemark {
namespace {

Result<SyncRequestMode> mode_of(const Json& body) {
  const auto found = body.find("mode");
  const std::string text =
      found == body.end() || found->is_null() ? "incremental" : found->get<std::string>();
  if (text == "incremental") return SyncRequestMode::incremental;
  if (text == "full") return SyncRequestMode::full;
  if (text == "reconcile") return SyncRequestMode::reconcile;
  return fail(Errc::invalid_argument, "mode must be incremental, full or reconcile");
}

bool runs_since_before(const CalendarStatus& calendar, const SyncProgress& progress) {
  if (calendar.state != "syncing") return false;
  return !calendar.last_sync || *calendar.last_sync < progress.started;
}

// A discovery that ran already when the request came serves it, too, under its own correlation id:
// nothing of ours is outstanding then, and yet the account is not done.
Result<bool> accounts_busy(const StoreView& view, const std::string& tenant,
                           const SyncProgress& progress) {
  const auto concerned = [&](const std::string& of_tenant, const std::string& account) {
    return std::any_of(progress.accounts.begin(), progress.accounts.end(), [&](const auto& entry) {
      return entry.second.tenant == of_tenant && entry.second.account == account;
    });
  };
  TM_ASSIGN(const auto accounts, list_accounts(view, tenant));
  for (const auto& account : accounts) {
    if (account.discovering && concerned(account.tenant, account.id)) return true;
  }
  TM_ASSIGN(const auto calendars, list_calendars(view, tenant));
  return std::any_of(calendars.begin(), calendars.end(), [&](const CalendarStatus& calendar) {
    return runs_since_before(calendar, progress) && concerned(calendar.tenant, calendar.account);
  });
}

// A pass of before the request still runs, and the request waits for its end or joined it.
Result<bool> still_busy(const StoreView& view, const std::string& tenant,
                        const SyncProgress& progress) {
  if (progress.calendars.empty()) return accounts_busy(view, tenant, progress);
  TM_ASSIGN(const auto calendars, list_calendars(view, tenant));
  return std::any_of(calendars.begin(), calendars.end(), [&](const CalendarStatus& calendar) {
    return runs_since_before(calendar, progress) &&
           std::any_of(
               progress.calendars.begin(), progress.calendars.end(),
               [&](const auto& entry) { return entry.second.parts.calendar == calendar.id; });
  });
}

ServerResponse accepted(const Receipt& receipt) {
  auto response = json_response({{"sequence", receipt.sequence},
                                 {"duplicate", receipt.duplicate},
                                 {"correlation_id", receipt.correlation_id}},
                                202);
  response.headers.emplace_back("Location", "/v1/sync/" + receipt.correlation_id);
  return response;
}

}  // namespace

Result<ServerResponse> post_sync(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const Json body, json_body(call.request(), {"target", "mode"}));
  TM_ASSIGN(const auto mode, mode_of(body));
  const auto target = body.find("target");
  const std::string wanted =
      target == body.end() || target->is_null() ? std::string() : target->get<std::string>();
  TM_ASSIGN(const auto receipt, parts.sync.request_sync(call.tenant(), wanted, mode));
  return accepted(receipt);
}

Result<ServerResponse> post_calendar_sync(const ApiParts& parts, const Call& call) {
  TM_ASSIGN(const auto calendar, find_calendar(parts.store, call.tenant(), call.capture("id")));
  TM_ASSIGN(const Json body, json_body(call.request(), {"mode"}));
  TM_ASSIGN(const auto mode, mode_of(body));
  TM_ASSIGN(const auto receipt,
            parts.sync.request_sync(calendar.tenant, calendar.account + "/" + calendar.id, mode));
  return accepted(receipt);
}

Result<ServerResponse> get_sync(const ApiParts& parts, const Call& call) {
  const std::string& correlation = call.capture("correlation");
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(call.integer("wait", 0));
  for (;;) {
    // Taken first, so that a record which arrives while we look ends the wait at once.
    const Sequence seen = parts.store.last_sequence();
    TM_ASSIGN(const auto progress, parts.progress->read(parts.store, call.tenant(), correlation));
    if (!progress.known) {
      return fail(Errc::not_found, "nothing is known of the correlation id " +
                                       to_valid_utf8(correlation.substr(0, 64)));
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    bool done = progress.outstanding() <= 0;
    if (done) {
      TM_ASSIGN(const bool busy, still_busy(parts.store, call.tenant(), progress));
      done = !busy;
    }
    if (!done && left.count() > 0 && parts.not_ready().empty()) {
      parts.engine.wait_for_record(seen, left);
      continue;
    }
    return json_response({{"correlation_id", correlation},
                          {"done", done},
                          {"outstanding", std::max<std::int64_t>(0, progress.outstanding())},
                          {"last_sequence", progress.last},
                          {"calendars", to_json(progress)}});
  }
}

}  // namespace tidemark
