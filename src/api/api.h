// The HTTP API apart from HTTP: a request in, a response out. The server calls it for every
// connection; the command line calls it directly when no server runs. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "audit/audit_service.h"
#include "backup/backup_service.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "delivery/delivery_service.h"
#include "engine/engine.h"
#include "net/http_server.h"
#include "store/store.h"
#include "sync/sync_service.h"

namespace tidemark {

namespace accounts {
class AccountService;
}
class SyncProgressReader;
class Vault;

// Where Google is to send its notifications, below the server's public URL.
inline constexpr std::string_view kGoogleHookPath = "/hooks/google";

// What the handlers work on; all of it outlives the Api.
struct ApiParts {
  const Store& store;
  Engine& engine;
  SyncService& sync;
  accounts::AccountService& accounts;
  delivery::DeliveryService& delivery;
  audit::AuditService& audit;
  backup::BackupService& backup;
  Metrics& metrics;
  const Clock& clock;
  std::string version;
  std::string data_dir;
  bool behind_proxy = false;
  std::string callback{};  // the URL of /oauth/callback as a browser reaches it; empty: unknown
  Vault* vault = nullptr;  // null: no master key is configured
  // Copies the store while it runs into a directory that must not exist (Store::checkpoint).
  std::function<Result<void>(const std::string& path)> copy_store{};
  // Why no work is taken right now (starting, stopping); empty: ready.
  std::function<std::string()> not_ready = [] { return std::string(); };
  // The Api makes its own.
  std::shared_ptr<SyncProgressReader> progress{};
  std::shared_ptr<std::atomic<int>> running_tests{};     // of endpoints, over all tenants
  std::shared_ptr<std::atomic<int>> running_consents{};  // being redeemed, over all tenants
};

class Api {
 public:
  // Describes its metrics and sets those that are computed on demand (lag, sizes, depths).
  explicit Api(ApiParts parts);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  // Any request to any path: finds the route, checks the key and the parameters, answers.
  ServerResponse handle(const ServerRequest& request) const;

  // Registers every route and the error answers with a server, before its start().
  void mount(HttpServer& server) const;

 private:
  ApiParts parts_;
};

}  // namespace tidemark
