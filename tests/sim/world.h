// One seed, one world: servers, receivers and users around a process that is killed again and
// again; then the faults cease, and everything has to come right within a bounded time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/bank.h"
#include "sim/disk.h"
#include "sim/effects.h"
#include "sim/google_push.h"
#include "sim/google_traffic.h"
#include "sim/journal_auditor.h"
#include "sim/network.h"
#include "sim/process.h"
#include "sim/tenant.h"
#include "sim/users.h"

namespace tidemark::sim {

struct WorldOptions {
  std::uint64_t seed = 1;
  StoreKind store = StoreKind::model;
  milliseconds trouble{std::chrono::minutes(10)};  // at most; then the faults cease
  std::function<void(const std::string&)> trace{};
};

struct WorldReport {
  std::optional<Violation> violation;
  milliseconds simulated{0};
  milliseconds settled_after{0};  // the faults ceased
  std::uint64_t records = 0;
  std::uint64_t commits = 0;
  std::uint64_t crashes = 0;
  std::uint64_t requests = 0;            // to calendar servers
  std::uint64_t deliveries = 0;          // that reached receivers
  std::uint64_t digest = 0;              // of the journal: the same for the same seed
  std::uint64_t most_at_one_moment = 0;  // what Patience bounds
  std::uint64_t things_in_all = 0;       // likewise
  bool in_peace = false;                 // clients and users could work after all was settled
  FaultCounts faults{};
};

// The world of a seed, from its beginning to its end, whatever comes of it.
WorldReport run_world(const WorldOptions& options);

class World {
 public:
  explicit World(const WorldOptions& options);
  ~World();
  // Throws NeverEnds: then nothing of it can be used or destroyed any more.
  WorldReport run();

 private:
  void build();
  void settle_in(Tenant tenant);
  void reconfigure(const AccountSettings& settings);
  void plan_faults();
  void every(milliseconds most, std::function<void()> act);
  void step_clock();
  void boot();
  void bury();
  void step();
  void turn();
  milliseconds next_moment();
  milliseconds world_time(WallTime wall) const;
  void run_until(milliseconds end);
  void settle();
  void rest_after(milliseconds time);
  void work_in_peace();
  void tell_what_waits();
  std::optional<std::string> unsettled();
  std::optional<std::string> waiting_write() const;
  std::optional<std::string> waiting_pass() const;
  void doubt_what_waits();
  void check_the_end();
  void check_ledgers();

  const WorldOptions options_;
  Stage stage_;
  Disk disk_;
  Network network_;
  Bank bank_;
  EffectKeys keys_;
  GoogleTraffic traffic_;
  PushSettings push_;
  std::vector<Tenant> tenants_;
  std::vector<std::unique_ptr<Receiver>> receivers_;
  std::vector<AccountDefinition> accounts_;
  Surroundings around_;
  JournalAuditor journal_;
  std::unique_ptr<Process> process_;
  Users users_;
  milliseconds engine_rests_until_{0};
  WorldReport report_;
};

}  // namespace tidemark::sim
