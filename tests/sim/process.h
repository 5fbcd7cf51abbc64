// One life of the process: the real engine, machines, providers and deliverer on a simulated
// machine, from its start until it is killed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "delivery/deliverer.h"
#include "engine/engine.h"
#include "providers/google/quota_gate.h"
#include "sim/bank.h"
#include "sim/delivery_driver.h"
#include "sim/disk.h"
#include "sim/effects.h"
#include "sim/journal_auditor.h"
#include "sim/network.h"
#include "sim/signer.h"
#include "sync/executors.h"
#include "sync/push_receiver.h"
#include "sync/sync_service.h"
#include "sync/watch_executor.h"

namespace tidemark::sim {

// What outlives the processes, and what they are configured with.
struct Surroundings {
  Stage& stage;
  Disk& disk;
  Network& network;
  Bank& bank;
  EffectKeys& keys;
  std::vector<std::unique_ptr<Receiver>>& receivers;
  const std::vector<AccountDefinition>& accounts;
  const std::string& push_address;  // empty: nothing is watched
};

class Process {
 public:
  explicit Process(Surroundings& around);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Recovers and applies the configuration. An error, or a death, means: kill it and begin again.
  Result<void> start();
  // Turns the loop until nothing is left to do at this moment.
  void turn();
  bool dead() const { return store_.dead(); }
  void kill(Fault how) { store_.die(how); }
  // Nothing waits but for its time.
  bool idle() const { return engine_->idle() && fibers_.count() == 0; }
  std::string depths() const;
  bool wants_another_try() const { return another_try_; }

  Engine& engine() { return *engine_; }
  SyncService& sync() { return *sync_; }
  MortalStore& store() { return store_; }
  const StoreView& view() const { return store_; }
  SimulatedDriver& driver() { return driver_; }
  Result<PushOutcome> take_push(const PushNotice& notice) { return receiver_->take(notice); }
  Result<Receipt> submit(const InstanceId& instance, std::string_view type, std::string payload);

  static JournalAuditor::Machines machines();

 private:
  struct Notice final : EffectExecutor {
    void start(Effect effect, std::unique_ptr<EffectHandle> handle) override;
    delivery::Deliverer* deliverer = nullptr;
  };
  void register_executors();
  void add(std::string_view name, EffectExecutor& executor, ExecutorLimits limits);
  std::unique_ptr<CalendarProvider> make_provider(const AccountSettings& settings,
                                                  HttpClient& http);
  Result<void> configure();

  Surroundings& around_;
  MortalStore store_;
  Metrics metrics_;
  Fibers fibers_;
  SimulatedHttp http_;
  google::QuotaGates gates_;
  SimulatedDriver driver_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<SyncService> sync_;
  sync::AccountRuntimes runtimes_;
  sync::WorkerPool workers_{0};
  sync::ExecutorContext context_;
  sync::PullExecutor pull_;
  sync::DiscoverExecutor discover_;
  sync::ReportExecutor report_;
  sync::WriteExecutor write_;
  const Secret push_key_;
  sync::WatchedCalendars watched_;
  sync::WatchExecutor watch_;
  std::unique_ptr<sync::PushReceiver> receiver_;
  BankExecutor bank_;
  SignExecutor sign_;
  Notice notice_;
  std::vector<std::unique_ptr<ScheduledExecutor>> scheduled_;
  std::unique_ptr<delivery::Deliverer> deliverer_;
  bool another_try_ = false;
};

}  // namespace tidemark::sim
