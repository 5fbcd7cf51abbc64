#include "sync/pull_run.h"

#include <exception>

#include "base/log.h"
#include "sync/calendar_step.h"
#include "sync/item_decoder.h"
#include "sync/known_rows.h"
#include "sync/page_sender.h"

namespace tidemark::sync {
namespace {

// One that is committed, one that is stepped and one that waits.
constexpr std::size_t kPagesAhead = 6;

PullMode provider_mode(PassMode mode) {
  switch (mode) {
    // A full pass shows the provider an empty mirror, so that it fetches every body.
    case PassMode::initial:
    case PassMode::full: return PullMode::initial;
    case PassMode::incremental: return PullMode::incremental;
    case PassMode::reconcile: return PullMode::reconcile;
  }
  return PullMode::initial;
}

}  // namespace

void PullRun::run() {
  const auto order = decode_pull_order(effect_.request.payload);
  if (!order) return fail_with(order.error());
  const auto account = context_.accounts.find(effect_.tenant, order->account);
  if (account == nullptr) return fail_with(no_such_account(order->account));
  if (account->refused) {
    return fail_with({Errc::unauthorized,
                      "account " + order->account +
                          ": the server refused the credentials a moment ago; not tried again",
                      std::nullopt});
  }
  pull(*account, *order);
}

void PullRun::pull(AccountRuntime& account, const PullOrder& order) {
  PageSender sender(handle_, effect_.key.sequence, context_.workers.is_inline() ? 0 : kPagesAhead);
  auto result = ask_provider(account, order, sender);
  context_.metrics.add("tidemark_sync_bodies_fetched_total",
                       {{"provider", account.settings.provider}},
                       static_cast<double>(sender.bodies()));
  if (result) return succeed(account, order, *result, sender);
  // The sink's cancelled: the engine is stopping, or the calendar is not to be pulled any more.
  if (handle_.stopping() || result.error().code == Errc::cancelled) return;
  if (result.error().code == Errc::unauthorized) account.refused = true;
  note_failure(account, order, result.error());
  // What has arrived is not to be fetched again; if even this fails, the first error stands.
  if (const auto flushed = sender.flush(); !flushed && flushed.error().code == Errc::cancelled) {
    return;
  }
  fail_with(result.error());
}

Result<PullResult> PullRun::ask_provider(AccountRuntime& account, const PullOrder& order,
                                         PageSender& sender) {
  const KnownRows known(context_.store, effect_.instance, order, [&] { return sender.flush(); });
  ItemDecoder decoder(known, account.settings.max_resource_bytes,
                      [&](PageItem&& item) { return sender.add(std::move(item)); });
  const ItemSink sink = [&](std::vector<RemoteItem>&& items) -> Result<void> {
    if (handle_.stopping()) return fail(Errc::cancelled, "shutting down");
    for (auto& item : items) TM_TRY(decoder.decode(std::move(item)));
    return {};
  };
  try {
    return account.provider->pull({order.remote_id, provider_mode(order.mode), order.cursor}, known,
                                  sink);
  } catch (const std::exception& error) {
    return fail(Errc::internal, std::string("the pull failed unexpectedly: ") + error.what());
  }
}

void PullRun::succeed(const AccountRuntime& account, const PullOrder& order,
                      const PullResult& result, PageSender& sender) {
  auto rest = sender.finish();
  if (!rest) {
    if (rest.error().code != Errc::cancelled) fail_with(rest.error());
    return;
  }
  if (sender.quarantined() > 0) {
    context_.metrics.add("tidemark_sync_quarantined_total",
                         {{"provider", account.settings.provider}},
                         static_cast<double>(sender.quarantined()));
    log::warning(
        "resources were quarantined: their bytes are kept, the rest goes on",
        {.connector = account.connector(),
         .correlation_id = effect_.correlation_id,
         .company_id = effect_.tenant,
         .calendar = order.calendar,
         .detail = std::to_string(sender.quarantined()) + " of " + std::to_string(sender.items())});
  }
  if (is_quiet(order.mode, order.first, result.last, sender.items(), result.complete_listing)) {
    const std::chrono::duration<double, std::milli> took =
        std::chrono::steady_clock::now() - begun_;
    count_quiet_pass(context_.metrics, account.settings.provider);
    log::debug("calendar is in step", {.connector = account.connector(),
                                       .correlation_id = effect_.correlation_id,
                                       .company_id = effect_.tenant,
                                       .latency_ms = took.count(),
                                       .calendar = order.calendar});
  }
  handle_.complete(std::string(input_type::kPullDone),
                   encode(PullDone{effect_.key.sequence, result.cursor, result.last,
                                   result.complete_listing, result.suspicious, std::move(*rest)}));
}

void PullRun::fail_with(const Error& error) {
  handle_.complete(std::string(input_type::kPullFailed),
                   encode(PullFailed{effect_.key.sequence, error}));
}

void PullRun::note_failure(const AccountRuntime& account, const PullOrder& order,
                           const Error& error) {
  count_upstream_error(context_.metrics, account.settings.provider, error);
  context_.metrics.add("tidemark_sync_passes_total", {{"provider", account.settings.provider},
                                                      {"mode", std::string(to_text(order.mode))},
                                                      {"outcome", "failed"}});
  log::warning("a calendar could not be synced", {.connector = account.connector(),
                                                  .correlation_id = effect_.correlation_id,
                                                  .company_id = effect_.tenant,
                                                  .error_code = name(error.code),
                                                  .calendar = order.calendar,
                                                  .detail = error.message});
}

}  // namespace tidemark::sync
