#include "app/runtime.h"

#include <filesystem>
#include <future>

#include "api/key_machine.h"
#include "base/log.h"
#include "sync/push_key.h"

namespace tidemark::app {
namespace {

// How long a running request upstream may take to end by itself once we are stopping.
constexpr std::chrono::seconds kPatienceWithUpstream{2};

Result<void> make_data_directory(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return {};
  std::filesystem::create_directories(path, error);
  if (!error) {
    // What is mirrored is private: nobody else on this machine may look at it.
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  }
  if (!error) return {};
  return fail(Errc::io_error, "cannot make the data directory " + path + ": " + error.message());
}

// Where a browser finds us, at least one on this machine; nothing when the port is not known
// beforehand.
std::string callback_url(const ServerConfig& server) {
  if (!server.public_url.empty()) return server.public_url + "/oauth/callback";
  if (server.listen.ends_with(":0")) return {};
  return "http://" + server.listen + "/oauth/callback";
}

Error nothing_there(const std::string& data_dir) {
  return {Errc::not_found, "there is no data in " + data_dir +
                               " yet; run `tidemark sync` or `tidemark serve` first"};
}

}  // namespace

Runtime::Runtime(const Config&, Purpose purpose) : purpose_(purpose) {}

Runtime::~Runtime() {
  stop();
}

Result<std::unique_ptr<Runtime>> Runtime::open(const Config& config, Purpose purpose) {
  std::unique_ptr<Runtime> runtime(new Runtime(config, purpose));
  TM_TRY(runtime->open_all(config));
  return runtime;
}

Result<void> Runtime::open_all(const Config& config) {
  StoreOptions options = config.store;
  options.path = config.data_dir + "/store";
  options.create_if_missing = purpose_ != Purpose::read;
  std::error_code error;
  if (purpose_ == Purpose::read && !std::filesystem::exists(options.path, error)) {
    return fail(nothing_there(config.data_dir));
  }
  if (purpose_ != Purpose::read) TM_TRY(make_data_directory(config.data_dir));
  auto store = Store::open(options);
  if (!store && store.error().code == Errc::not_found) return fail(nothing_there(config.data_dir));
  if (!store) return fail(std::move(store).error());
  store_ = std::move(*store);

  http_ = std::make_unique<CurlHttpClient>();
  engine_ = std::make_unique<Engine>(*store_, clock_, metrics_);
  engine_->register_machine(erase<KeyMachine>());
  TM_TRY(make_sync(config));
  audit::AuditOptions audit = config.audit;
  audit.data_dir = config.data_dir;
  audit_ = std::make_unique<audit::AuditService>(*engine_, *store_, std::move(audit));
  audit_->register_with_engine();
  backup::BackupOptions backup = config.backup;
  backup.data_dir = config.data_dir;
  backup.version = TIDEMARK_VERSION;
  backup_ = std::make_unique<backup::BackupService>(*store_, clock_, std::move(backup));
  TM_TRY(make_deliveries(config));
  make_accounts(config);
  TM_TRY(engine_->recover(purpose_ == Purpose::read    ? Engine::Recovery::work
                          : purpose_ == Purpose::write ? Engine::Recovery::journal
                                                       : Engine::Recovery::all));
  TM_TRY(accounts_->load(purpose_ == Purpose::sync || purpose_ == Purpose::serve));
  make_api(config);
  return {};
}

Result<void> Runtime::make_sync(const Config& config) {
  SyncOptions options;
  if (!config.server.public_url.empty()) {
    options.push.address = config.server.public_url + std::string(kGoogleHookPath);
    if (purpose_ == Purpose::sync || purpose_ == Purpose::serve) {
      TM_ASSIGN(options.push.key, load_or_make_push_key(config.data_dir));
    }
  }
  // Which accounts there are is accounts_' to say.
  sync_ = std::make_unique<SyncService>(*engine_, *store_, *http_, metrics_,
                                        std::vector<AccountDefinition>(), std::move(options));
  sync_->register_with_engine();
  return {};
}

Result<void> Runtime::make_deliveries(const Config& config) {
  engine_->register_machine(erase<VaultMachine>());
  vault_ = std::make_unique<Vault>(*engine_, *store_, config.secrets.keys);
  TM_ASSIGN(guard_, AddressGuard::make(config.delivery_allow));
  delivery::DeliveryOptions options = config.delivery;
  options.version = TIDEMARK_VERSION;
  delivery_ = std::make_unique<delivery::DeliveryService>(
      *engine_, *store_, clock_, metrics_, vault_.get(), &guard_, std::move(options));
  delivery_->register_with_engine();
  audit_->retention().ask_who_needs(
      [this](std::string_view tenant) { return delivery_->first_needed(tenant); });
  return {};
}

void Runtime::make_accounts(const Config& config) {
  accounts_ = std::make_unique<accounts::AccountService>(accounts::AccountService::Parts{
      *engine_, *store_, clock_, *http_, *vault_, *sync_, config.accounts});
  accounts_->register_with_engine();
}

void Runtime::make_api(const Config& config) {
  ApiParts parts{*store_, *engine_, *sync_,   *accounts_, *delivery_,
                 *audit_, *backup_, metrics_, clock_};
  if (!config.secrets.sources.empty()) parts.vault = vault_.get();
  parts.version = TIDEMARK_VERSION;
  parts.data_dir = config.data_dir;
  parts.callback = callback_url(config.server);
  parts.behind_proxy = config.server.behind_proxy;
  parts.copy_store = [this](const std::string& path) { return store_->checkpoint(path); };
  parts.not_ready = [this] { return not_ready(); };
  api_ = std::make_unique<Api>(std::move(parts));
}

std::string Runtime::not_ready() const {
  const bool runs = purpose_ == Purpose::sync || purpose_ == Purpose::serve;
  return runs && !running_ ? "starting or stopping" : "";
}

Result<void> Runtime::start() {
  engine_->start();
  if (purpose_ == Purpose::serve) TM_TRY(audit_->start());
  // Before the syncs, so that a declared endpoint gets what the first sync brings.
  TM_TRY(delivery_->start(purpose_ == Purpose::serve));
  TM_TRY(sync_->apply_configuration(purpose_ == Purpose::serve));
  if (purpose_ == Purpose::serve) backup_->start();
  running_ = true;
  return {};
}

void Runtime::stop(std::chrono::milliseconds deadline) {
  if (!engine_) return;
  running_ = false;
  if (backup_) backup_->stop();
  // First, for the results of what is on its way are the engine's to store.
  if (delivery_)
    delivery_->stop(std::min<std::chrono::milliseconds>(kPatienceWithUpstream, deadline));
  auto stopped = std::async(std::launch::async, [this, deadline] { engine_->stop(deadline); });
  const auto patience = std::min<std::chrono::milliseconds>(kPatienceWithUpstream, deadline);
  if (stopped.wait_for(patience) != std::future_status::ready) {
    // By now the engine takes no results, so what is cut off here is simply done again later.
    http_->cancel_all();
  }
  stopped.wait();
}

}  // namespace tidemark::app
