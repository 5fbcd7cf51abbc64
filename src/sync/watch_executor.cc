#include "sync/watch_executor.h"

#include <exception>
#include <memory>
#include <utility>

#include "base/log.h"
#include "engine/journal.h"
#include "providers/calendar_watcher.h"
#include "sync/push_key.h"
#include "sync/watch_machine.h"

namespace tidemark::sync {
namespace {

constexpr auto kCreated = "calendar_watch_created_total";
constexpr auto kRenewed = "calendar_watch_renewed_total";

}  // namespace

Result<void> WatchedCalendars::load(const StoreView& store) {
  TM_ASSIGN(const auto instances, list_instances(store, std::string(kWatchKind) + "/"));
  for (const auto& instance : instances) {
    add(instance.value.substr(instance.value.rfind('/') + 1), instance);
  }
  return {};
}

void WatchedCalendars::add(std::string_view calendar, const InstanceId& watch) {
  const std::lock_guard lock(mutex_);
  instances_.insert_or_assign(std::string(calendar), watch);
}

std::optional<InstanceId> WatchedCalendars::find(std::string_view calendar) const {
  const std::lock_guard lock(mutex_);
  const auto found = instances_.find(calendar);
  return found == instances_.end() ? std::nullopt : std::optional(found->second);
}

void WatchExecutor::start(Effect effect, std::unique_ptr<EffectHandle> handle) {
  auto shared = std::make_shared<std::pair<Effect, std::unique_ptr<EffectHandle>>>(
      std::move(effect), std::move(handle));
  context_.workers.post([this, shared] { run(shared->first, *shared->second); });
}

void WatchExecutor::run(const Effect& effect, EffectHandle& handle) const {
  const auto order = decode_channel_order(effect.request.payload);
  auto answer = order ? carry_out(effect, *order) : Result<Answer>(fail(order.error()));
  if (!answer && handle.stopping()) return;  // stays in the outbox
  if (answer) return handle.complete(std::move(answer->type), std::move(answer->payload));
  if (order) note_failure(effect, *order, answer.error());
  handle.complete(std::string(input_type::kWatchFailed),
                  encode(WatchFailed{effect.key.sequence, std::move(answer).error()}));
}

Result<WatchExecutor::Answer> WatchExecutor::carry_out(const Effect& effect,
                                                       const ChannelOrder& order) const {
  const auto account = context_.accounts.find(effect.tenant, order.account);
  if (account == nullptr) return fail(no_such_account(order.account));
  if (account->refused) {
    return fail(Errc::unauthorized, "account " + order.account +
                                        ": the server refused the credentials a moment ago; not "
                                        "tried again");
  }
  CalendarWatcher* watcher = account->provider->watcher();
  if (watcher == nullptr) {
    return fail(Errc::invalid_argument,
                "account " + order.account + ": its provider tells of no changes");
  }
  try {
    if (!order.stops) return watch(effect, order, *account, *watcher);
    TM_TRY(watcher->stop(order.channel, order.resource));
    return Answer{std::string(input_type::kWatchStopped),
                  encode(WatchStopped{effect.key.sequence})};
  } catch (const std::exception& error) {
    return fail(Errc::internal, std::string("watching failed unexpectedly: ") + error.what());
  }
}

Result<WatchExecutor::Answer> WatchExecutor::watch(const Effect& effect, const ChannelOrder& order,
                                                   const AccountRuntime& account,
                                                   CalendarWatcher& watcher) const {
  if (key_.empty()) {
    return fail(Errc::no_key, "no key for notifications: server.public_url is not configured");
  }
  // Before the server knows of the channel: its first notification may overtake its answer.
  calendars_.add(order.calendar, effect.instance);
  TM_ASSIGN(
      const Watch made,
      watcher.watch({order.remote_id, order.channel,
                     push_token(key_, effect.tenant, order.account, order.calendar, order.channel),
                     order.address, order.expires}));
  context_.metrics.add(order.renews ? kRenewed : kCreated,
                       {{"provider", account.settings.provider}});
  return Answer{std::string(input_type::kWatchDone),
                encode(WatchDone{effect.key.sequence, made.resource, made.expires})};
}

void WatchExecutor::note_failure(const Effect& effect, const ChannelOrder& order,
                                 const Error& error) const {
  const auto account = context_.accounts.find(effect.tenant, order.account);
  const std::string provider = account == nullptr ? "none" : account->settings.provider;
  count_upstream_error(context_.metrics, provider, error);
  log::warning(order.stops ? "a notification channel could not be stopped"
                           : "a calendar could not be watched",
               {.connector = provider + ":" + order.account,
                .correlation_id = effect.correlation_id,
                .company_id = effect.tenant,
                .error_code = name(error.code),
                .calendar = order.calendar,
                .detail = error.message});
}

void describe_watch_metrics(Metrics& metrics) {
  metrics.describe(kCreated, "Notification channels made for calendars that had none, by provider");
  metrics.describe(kRenewed, "Notification channels made to replace one, by provider");
}

}  // namespace tidemark::sync
