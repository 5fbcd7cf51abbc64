#include "sync/sync_service.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "base/json.h"
#include "base/metrics.h"
#include "base/sha256.h"
#include "base/text.h"
#include "engine/journal.h"
#include "sync/account_machine.h"
#include "sync/calendar_machine.h"
#include "sync/executors.h"
#include "sync/push_receiver.h"
#include "sync/watch_executor.h"
#include "sync/watch_machine.h"
#include "sync/write_inputs.h"

namespace tidemark {
namespace {

// Of everything that says which calendars there are. The password is left out, its hash too: the
// journal keeps this for ever, and a stored hash can be guessed against.
std::string fingerprint(const AccountDefinition& account) {
  const AccountSettings& settings = account.settings;
  Json parts = Json::array({settings.provider, settings.url, settings.path,
                            settings.credentials ? settings.credentials->username : "",
                            account.calendars, settings.allowed_hosts, settings.tls.ca_file});
  if (settings.oauth) {
    parts.push_back(settings.oauth->client_id);
    parts.push_back(settings.oauth->scope);
    parts.push_back(settings.oauth->consent);
    const auto& service = settings.oauth->service_account;
    if (service) parts.push_back({service->email, service->subject});
  }
  return to_hex(sha256(dump_json(parts))).substr(0, 32);
}

// What a person does about refused credentials.
std::string mending(const AccountSettings& settings) {
  const ProviderInfo* info = find_calendar_provider(settings.provider);
  const bool by_consent = info != nullptr && info->authorization != nullptr && settings.oauth &&
                          !settings.oauth->service_account;
  if (by_consent) return "run: tidemark account connect " + settings.id;
  const std::string what =
      settings.oauth ? "replace the key file" : "correct username and password";
  return what + " of account \"" + settings.id + "\", then run: tidemark sync " + settings.id;
}

sync::AccountSetup setup_of(const AccountDefinition& account, bool scheduled, std::string push) {
  return {account.settings.provider,
          account.calendars,
          {scheduled, account.schedule.poll, account.schedule.reconcile,
           account.schedule.confirm_after},
          account.schedule.discover,
          fingerprint(account),
          mending(account.settings),
          account.settings.write,
          std::move(push)};
}

sync::PassMode mode_of(SyncRequestMode mode) {
  switch (mode) {
    case SyncRequestMode::incremental: return sync::PassMode::incremental;
    case SyncRequestMode::full: return sync::PassMode::full;
    case SyncRequestMode::reconcile: return sync::PassMode::reconcile;
  }
  return sync::PassMode::incremental;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& one : names) text += (text.empty() ? "" : ", ") + one;
  return text.empty() ? "none" : text;
}

}  // namespace

struct SyncService::Impl {
  Impl(Engine& the_engine, Store& the_store, HttpClient& the_http, Metrics& metrics,
       SyncOptions options)
      : engine(the_engine),
        store(the_store),
        http(the_http),
        make_provider(std::move(options.make_provider)),
        push(std::move(options.push)),
        workers(options.workers),
        context{the_store, metrics, runtimes, workers},
        pull(context),
        write(context),
        discover(context),
        report(context),
        watch(context, push.key, watched),
        receiver(the_engine, the_store, metrics, push.key, watched) {}

  Result<Receipt> submit(const InstanceId& instance, std::string_view type, std::string payload,
                         std::string correlation_id = {}) {
    Input input;
    input.instance = instance;
    input.type = type;
    input.payload = std::move(payload);
    input.correlation_id = std::move(correlation_id);
    return engine.submit(std::move(input));
  }

  // Where the account's calendars are to be told of; empty: its provider cannot.
  std::string push_address(const AccountDefinition& account) const {
    const auto runtime = runtimes.find(account.settings.tenant, account.settings.id);
    const bool can = runtime != nullptr && runtime->provider->watcher() != nullptr;
    return can ? push.address : std::string();
  }

  std::vector<AccountDefinition> all() const {
    const std::lock_guard lock(mutex);
    std::vector<AccountDefinition> result;
    for (const auto& [key, account] : definitions) result.push_back(account);
    return result;
  }

  void put(AccountDefinition account);
  Result<void> configure(const AccountDefinition& account, bool is_scheduled);
  Result<void> drop_unconfigured();
  Result<bool> account_knows(const AccountDefinition& account, const std::string& pattern,
                             std::vector<std::string>& names) const;

  Engine& engine;
  Store& store;
  HttpClient& http;
  const sync::ProviderFactory make_provider;
  mutable std::mutex mutex;  // guards the next two
  std::map<std::pair<std::string, std::string>, AccountDefinition> definitions;  // by tenant and id
  std::optional<bool> scheduled;  // nothing before apply_configuration()
  PushOptions push;
  sync::WatchedCalendars watched;
  sync::AccountRuntimes runtimes;
  sync::WorkerPool workers;
  sync::ExecutorContext context;
  sync::PullExecutor pull;
  sync::WriteExecutor write;
  sync::DiscoverExecutor discover;
  sync::ReportExecutor report;
  sync::WatchExecutor watch;
  sync::PushReceiver receiver;
};

SyncService::SyncService(Engine& engine, Store& store, HttpClient& http, Metrics& metrics,
                         std::vector<AccountDefinition> accounts, SyncOptions options)
    : impl_(std::make_unique<Impl>(engine, store, http, metrics, options)) {
  for (auto& account : accounts) impl_->put(std::move(account));
  sync::describe_sync_metrics(metrics);
  sync::describe_watch_metrics(metrics);
  sync::describe_push_metrics(metrics);
}

SyncService::~SyncService() = default;

void SyncService::register_with_engine() {
  Engine& engine = impl_->engine;
  engine.register_machine(erase<sync::AccountMachine>());
  engine.register_machine(erase<sync::CalendarMachine>());
  engine.register_machine(erase<sync::WatchMachine>());
  engine.register_executor(std::string(sync::kPullExecutor), impl_->pull,
                           {.running = 8, .running_per_host = 2});
  engine.register_executor(std::string(sync::kWriteExecutor), impl_->write,
                           {.running = 8, .running_per_host = 2});
  engine.register_executor(std::string(sync::kDiscoverExecutor), impl_->discover,
                           {.running = 8, .running_per_host = 1});
  engine.register_executor(std::string(sync::kReportExecutor), impl_->report,
                           {.running = 8, .running_per_host = 8});
  engine.register_executor(std::string(sync::kWatchExecutor), impl_->watch,
                           {.running = 4, .running_per_host = 2});
}

void SyncService::Impl::put(AccountDefinition account) {
  const AccountSettings settings = account.settings;
  runtimes.put(settings, http, context.metrics, make_provider);
  const std::lock_guard lock(mutex);
  definitions[{settings.tenant, settings.id}] = std::move(account);
}

Result<void> SyncService::Impl::configure(const AccountDefinition& account, bool is_scheduled) {
  const auto instance = sync::account_instance(account.settings.tenant, account.settings.id);
  return submit(instance, sync::input_type::kAccountConfigured,
                sync::encode(sync::AccountConfigured{
                    setup_of(account, is_scheduled, push_address(account))}))
      .map([](const Receipt&) {});
}

Result<void> SyncService::put_account(AccountDefinition account) {
  impl_->put(account);
  std::optional<bool> scheduled;
  {
    const std::lock_guard lock(impl_->mutex);
    scheduled = impl_->scheduled;
  }
  return scheduled ? impl_->configure(account, *scheduled) : Result<void>();
}

Result<void> SyncService::remove_account(std::string_view tenant, std::string_view id) {
  bool applied = false;
  {
    const std::lock_guard lock(impl_->mutex);
    const auto removed = impl_->definitions.erase({std::string(tenant), std::string(id)});
    applied = impl_->scheduled && removed != 0;
  }
  // What is still to be done at its server, as stopping channels, is done with what its runtime
  // has.
  if (!applied) return {};
  return impl_
      ->submit(sync::account_instance(tenant, id), sync::input_type::kAccountUnconfigured, {})
      .map([](const Receipt&) {});
}

Result<void> SyncService::Impl::drop_unconfigured() {
  std::set<std::string> configured;
  for (const auto& account : all()) {
    configured.insert(sync::account_instance(account.settings.tenant, account.settings.id).value);
  }
  TM_ASSIGN(const auto instances, list_instances(store, std::string(sync::kAccountKind) + "/"));
  for (const auto& instance : instances) {
    if (configured.contains(instance.value)) continue;
    TM_ASSIGN(const auto bytes, read_state(store, instance));
    if (!bytes) continue;
    TM_ASSIGN(const auto state, sync::decode_account_state(*bytes));
    if (!state.configured) continue;
    TM_TRY(submit(instance, sync::input_type::kAccountUnconfigured, {}));
  }
  return {};
}

Result<void> SyncService::apply_configuration(bool scheduled) {
  TM_TRY(impl_->watched.load(impl_->store));
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->scheduled = scheduled;
  }
  TM_TRY(impl_->drop_unconfigured());
  for (const auto& account : impl_->all()) TM_TRY(impl_->configure(account, scheduled));
  return {};
}

// Whether the pattern names a selected calendar. An account that was never discovered may have it.
Result<bool> SyncService::Impl::account_knows(const AccountDefinition& account,
                                              const std::string& pattern,
                                              std::vector<std::string>& names) const {
  const auto instance = sync::account_instance(account.settings.tenant, account.settings.id);
  TM_ASSIGN(const auto bytes, read_state(store, instance));
  if (!bytes) return true;
  TM_ASSIGN(const auto state, sync::decode_account_state(*bytes));
  if (!state.last_discovery) return true;
  bool found = false;
  std::optional<Error> error;
  const std::string prefix(1, sync::kCalendarRow);
  TM_TRY(
      scan_rows(store, instance, prefix, prefix, [&](std::string_view key, std::string_view value) {
        auto row = sync::decode_account_calendar(value);
        if (!row) {
          error = row.error();
          return false;
        }
        if (!row->selected) return true;
        found |= sync::is_selected({pattern}, row->name, key.substr(1), row->id);
        if (names.size() < 50) names.push_back(account.settings.id + "/" + row->name);
        return true;
      }));
  if (error) return fail(*error);
  return found;
}

Result<AcceptedWrite> SyncService::request_write(const WriteRequest& request) {
  Input input;
  input.instance = sync::calendar_instance(request.tenant, request.account, request.calendar);
  input.type = sync::input_type::kWriteRequested;
  sync::WriteRequested wanted{sync::WriteKind::create, request.event, request.if_match, {}};
  if (request.kind == WriteRequest::Kind::update) wanted.kind = sync::WriteKind::update;
  if (request.kind == WriteRequest::Kind::remove) wanted.kind = sync::WriteKind::remove;
  if (request.kind != WriteRequest::Kind::remove) {
    TM_ASSIGN(wanted.changes, sync::read_changes(request.members));
    if (wanted.changes.given == 0) {
      return fail(Errc::invalid_argument, "the event names no member that is to be written");
    }
  }
  input.payload = sync::encode(wanted);
  if (!request.idempotency_key.empty()) {
    input.dedupe_key = "write:" + request.calendar + ":" + request.idempotency_key;
  }
  const auto asked = sha256(input.payload);
  TM_ASSIGN(const Receipt receipt, impl_->engine.submit(std::move(input)));
  TM_ASSIGN(const auto record, read_record(impl_->store, receipt.sequence));
  if (receipt.duplicate && record.input_hash != asked) {
    return fail(Errc::invalid_argument,
                "the Idempotency-Key was used for another request; use a new one");
  }
  return AcceptedWrite{sync::write_id(record.at, receipt.sequence), receipt.duplicate,
                       receipt.correlation_id};
}

Result<PushOutcome> SyncService::take_push(const PushNotice& notice) {
  return impl_->receiver.take(notice);
}

Result<Receipt> SyncService::request_sync(std::string_view tenant, std::string_view target,
                                          SyncRequestMode mode) {
  const auto slash = target.find('/');
  const std::string account_id(target.substr(0, slash));
  const bool one_calendar = slash != std::string_view::npos;
  const std::string pattern(one_calendar ? target.substr(slash + 1) : "*");

  const std::vector<AccountDefinition> all = impl_->all();
  std::vector<const AccountDefinition*> matching;
  std::vector<std::string> accounts;
  std::vector<std::string> calendars;
  for (const auto& account : all) {
    if (!tenant.empty() && account.settings.tenant != tenant) continue;
    accounts.push_back(account.settings.id);
    if (!account_id.empty() && account.settings.id != account_id) continue;
    bool known = true;
    if (one_calendar) {
      TM_ASSIGN(known, impl_->account_knows(account, pattern, calendars));
    }
    if (known) matching.push_back(&account);
  }
  if (matching.empty()) {
    const bool account_exists =
        std::find(accounts.begin(), accounts.end(), account_id) != accounts.end();
    return fail(Errc::not_found,
                account_exists && one_calendar
                    ? "no selected calendar \"" + std::string(target) +
                          "\"; there are: " + joined(calendars)
                    : "no account \"" + account_id + "\"; configured are: " + joined(accounts));
  }
  std::optional<Receipt> first;
  for (const AccountDefinition* account : matching) {
    const auto instance = sync::account_instance(account->settings.tenant, account->settings.id);
    const sync::AccountSync wish{{mode_of(mode), {pattern}}};
    TM_ASSIGN(auto receipt,
              impl_->submit(instance, sync::input_type::kAccountSync, sync::encode(wish),
                            first ? first->correlation_id : std::string()));
    if (!first) first = std::move(receipt);
  }
  return *first;
}

}  // namespace tidemark
