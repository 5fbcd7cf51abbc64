// Everything a process needs on one data directory, opened in order and stopped in order.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "accounts/account_service.h"
#include "api/api.h"
#include "app/config.h"
#include "audit/audit_service.h"
#include "backup/backup_service.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"
#include "delivery/delivery_service.h"
#include "engine/engine.h"
#include "net/address_guard.h"
#include "net/curl_client.h"
#include "store/store.h"
#include "sync/sync_service.h"
#include "vault/vault.h"

namespace tidemark::app {

class Runtime {
 public:
  enum class Purpose {
    read,   // the store as it is; nothing runs, and a directory that is not there is not made
    write,  // inputs are stepped by their submitter; effects and timers of before stay untouched
    sync,   // what is asked for runs; no schedule
    serve,  // the schedule runs
  };

  // Opens the store and recovers the engine; nothing runs before start().
  static Result<std::unique_ptr<Runtime>> open(const Config& config, Purpose purpose);
  ~Runtime();  // stop()
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  Result<void> start();
  // Lets running work end, for this long at most; what does not is resumed by the next start.
  void stop(std::chrono::milliseconds deadline = std::chrono::seconds(9));

  const Api& api() const { return *api_; }
  const Store& store() const { return *store_; }
  Engine& engine() { return *engine_; }
  const Clock& clock() const { return clock_; }

 private:
  Runtime(const Config& config, Purpose purpose);
  Result<void> open_all(const Config& config);
  Result<void> make_sync(const Config& config);
  Result<void> make_deliveries(const Config& config);
  void make_accounts(const Config& config);
  void make_api(const Config& config);
  // Why no work is taken; empty: it is.
  std::string not_ready() const;

  Purpose purpose_;
  std::atomic<bool> running_{false};
  SystemClock clock_;
  Metrics metrics_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<CurlHttpClient> http_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Vault> vault_;
  AddressGuard guard_;  // of endpoints' addresses
  std::unique_ptr<audit::AuditService> audit_;
  std::unique_ptr<backup::BackupService> backup_;
  std::unique_ptr<delivery::DeliveryService> delivery_;
  std::unique_ptr<SyncService> sync_;
  std::unique_ptr<accounts::AccountService> accounts_;
  std::unique_ptr<Api> api_;
};

}  // namespace tidemark::app
