#include "sync/account_runtime.h"

#include "sync/counting_http.h"

namespace tidemark::sync {

void AccountRuntimes::put(const AccountSettings& settings, HttpClient& http, Metrics& metrics,
                          const ProviderFactory& factory) {
  auto runtime = std::make_shared<AccountRuntime>();
  runtime->settings = settings;
  runtime->http = std::make_unique<CountingHttpClient>(http, metrics, settings.provider);
  if (factory) {
    runtime->provider = factory(settings, *runtime->http);
  } else if (const ProviderInfo* info = find_calendar_provider(settings.provider)) {
    runtime->provider = info->make(settings, *runtime->http);
  }
  const std::lock_guard lock(mutex_);
  accounts_[{settings.tenant, settings.id}] = std::move(runtime);
}

std::shared_ptr<AccountRuntime> AccountRuntimes::find(std::string_view tenant,
                                                      std::string_view account) const {
  const std::lock_guard lock(mutex_);
  const auto found = accounts_.find({std::string(tenant), std::string(account)});
  return found == accounts_.end() || !found->second->provider ? nullptr : found->second;
}

// Not not_found: that would be taken for a calendar that is gone.
Error no_such_account(std::string_view account) {
  return {Errc::invalid_argument,
          "account " + std::string(account) +
              " is not configured, or names no known provider: nothing was asked of its server",
          std::nullopt};
}

}  // namespace tidemark::sync
