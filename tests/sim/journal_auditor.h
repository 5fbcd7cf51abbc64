// Follows the journal record by record as it becomes durable, and holds the store to it: what is
// recorded follows from what came before, and nothing else is in the store.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/journal.h"
#include "engine/replay.h"
#include "sim/receivers.h"
#include "sim/stage.h"
#include "store/store.h"

namespace tidemark::sim {

class JournalAuditor {
 public:
  using Machines = std::map<std::string, AnyMachine, std::less<>>;
  JournalAuditor(Stage& stage, Machines machines) : stage_(stage), replayer_(std::move(machines)) {}

  // Every record up to `last` that it has not seen.
  void catch_up(const StoreView& view, Sequence last);
  // After a recovery: what was durable before is there, and as it was.
  void check_prefix(const Store& store);
  // At the end: so is everything that was ever there.
  void check_history(const StoreView& view);
  // The tables hold what the records say, and no more.
  void check_tables(const StoreView& view);
  // The feed holds each recorded event once, in order, for its tenant only.
  void check_feed(const StoreView& view);
  // The journal proves itself, and its signed checkpoints hold.
  void check_proofs(const StoreView& view, Sequence last);
  // Timers that are due have fired.
  void check_timers_fired(WallTime now);

  const ToldEvents& told() const { return told_; }
  Sequence audited() const { return audited_; }
  // Of all records: the same for the same history.
  std::uint64_t digest() const;
  // The record that booked this order; 0: none did.
  Sequence order(std::string_view tenant, std::string_view key) const;
  const std::map<std::pair<std::string, std::string>, Sequence>& orders() const { return orders_; }

 private:
  struct Waiting {  // in the outbox
    std::string instance;
    std::string executor;  // empty: a message
    std::string host;      // of a message: its target
    // Its instance has ended meanwhile: then its result is dropped without a record, unless there
    // is an instance of that name again.
    bool orphaned = false;
  };
  struct Life {
    Sequence last = 0;
    bool exists = false;
    std::string state;
  };
  bool is_as_it_was(const StoreView& view, Sequence sequence);
  void audit(const JournalRecord& record, const std::string& input);
  void audit_identity(const JournalRecord& record);
  void audit_order(const JournalRecord& record, const std::string& input);
  void audit_effect(const JournalRecord& record);
  void audit_timers(const JournalRecord& record, const std::string& input);
  void check_timer_table(const StoreView& view);
  void check_outbox_table(const StoreView& view);
  void check_instances(const StoreView& view);
  void violated(const std::string& auditor, const JournalRecord& record, const std::string& what);

  Stage& stage_;
  Replayer replayer_;
  Sequence audited_ = 0;
  std::vector<Sha256> hashes_;  // of each record
  std::map<std::string, Life> lives_;
  std::map<std::pair<std::string, std::string>, WallTime> timers_;  // instance, name -> due
  std::map<Position, Waiting> outbox_;
  std::map<std::string, Position> last_message_;  // sender and target -> the latest that arrived
  std::map<std::pair<std::string, std::string>, Sequence> dedupe_keys_;  // with their tenants
  std::map<std::pair<std::string, std::string>, Sequence> orders_;
  ToldEvents told_;
};

}  // namespace tidemark::sim
