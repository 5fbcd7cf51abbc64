// Those who act on their own: clients who place orders until they are told that they are placed,
// operators who ask for things. The tenants' editors edit when it occurs to them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "sim/journal_auditor.h"
#include "sim/receivers.h"
#include "sim/stage.h"
#include "sim/tenant.h"
#include "sim/writers.h"

namespace tidemark::sim {

class Process;

class Users {
 public:
  // process() is the one that lives at the moment; null: none does.
  Users(Stage& stage, std::vector<Tenant>& tenants,
        std::vector<std::unique_ptr<Receiver>>& receivers, std::function<Process*()> process)
      : stage_(stage),
        tenants_(tenants),
        receivers_(receivers),
        process_(std::move(process)),
        writers_(stage, tenants, process_) {}

  void begin();
  // A command of some client's.
  void write() { writers_.write(); }
  // They make no more changes; orders that were placed are still placed until they are.
  void stop();
  // Whoever waits for an answer of a process that is gone asks again.
  void process_ended();
  bool all_answered() const;
  // Whatever was acknowledged is in the journal, where the answer said.
  void check_answers(const JournalAuditor& journal) const;
  const std::deque<Command>& commands() const { return writers_.commands(); }

 private:
  struct Order {
    bool asked = false;
    Sequence answered = 0;
  };
  using Key = std::pair<std::string, std::string>;  // tenant, order

  void every(milliseconds most, std::function<void()> act);
  void place_order();
  void ask(const Key& key);
  void answered(const Key& key, const Result<Receipt>& receipt);
  void operate();
  void configure();

  Stage& stage_;
  std::vector<Tenant>& tenants_;
  std::vector<std::unique_ptr<Receiver>>& receivers_;
  const std::function<Process*()> process_;
  Writers writers_;
  std::map<Key, Order> orders_;
  std::uint64_t order_ = 0;
  bool stopped_ = false;
};

}  // namespace tidemark::sim
