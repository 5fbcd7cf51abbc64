// The configured accounts as the executors need them: with secrets, with a provider each. Secrets
// stay here; what reaches the engine is made of orders and results only.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/metrics.h"
#include "providers/calendar_provider.h"

namespace tidemark::sync {

using ProviderFactory =
    std::function<std::unique_ptr<CalendarProvider>(const AccountSettings&, HttpClient&)>;

struct AccountRuntime {
  AccountSettings settings;
  std::unique_ptr<HttpClient> http;
  std::unique_ptr<CalendarProvider> provider;  // null: no provider of that name
  // The server has refused the credentials: pulls that were already ordered are not even tried,
  // since each refusal brings the account closer to being locked. A discovery that works resets it.
  std::atomic<bool> refused{false};

  std::string connector() const { return settings.provider + ":" + settings.id; }
};

// Thread-safe. Whoever works with one that is replaced meanwhile works with the old one to its end;
// one that is not wanted any more stays until the process ends.
class AccountRuntimes {
 public:
  void put(const AccountSettings& settings, HttpClient& http, Metrics& metrics,
           const ProviderFactory& factory);
  std::shared_ptr<AccountRuntime> find(std::string_view tenant, std::string_view account) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<AccountRuntime>> accounts_;
};

// What every order for an account that cannot be served is answered with.
Error no_such_account(std::string_view account);

}  // namespace tidemark::sync
