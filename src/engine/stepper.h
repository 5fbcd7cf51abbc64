// Turns one input after the other into the writes of one batch: dedupe, effect check, load, step,
// journal. Nothing of an input is written unless its whole step succeeded. Used by the loop only.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "engine/inbox.h"
#include "engine/journal.h"
#include "engine/journal_tree.h"
#include "engine/overlay.h"
#include "engine/stored_values.h"

namespace tidemark::engine {

class InstanceRows;

using Machines = std::map<std::string, AnyMachine, std::less<>>;

enum class Outcome : std::uint8_t {
  accepted,
  duplicate,
  stale,     // about an effect or timer that is no longer wanted: nothing to do
  rejected,  // a message its target refuses: journaled and dropped
  failed,    // work.result says why
};

// What the batch changes outside the store, to be acted on once it is durable.
struct BatchOutcome {
  Sequence first = 0;  // the sequence before the batch
  Sequence last = 0;
  std::vector<OutboxEntry> outbox_added;
  std::vector<std::string> outbox_removed;
  std::vector<WallTime> timers_set;
  std::ptrdiff_t timers_delta = 0;
  std::map<std::string, std::size_t, std::less<>> events_by_type;
  std::map<std::string, std::size_t, std::less<>> steps_by_machine;
};

class Stepper {
 public:
  Stepper(const StoreView& store, const Machines& machines)
      : machines_(machines), overlay_(store) {}

  // At open, before the first batch; of a tree that is complete.
  Result<void> recover(const Store& store) { return tree_.recover(store, store.last_sequence()); }
  // The batch's steps continue after `last`.
  void begin(Sequence last, WallTime now);
  // The steps from here on happen at this time.
  void go_on(WallTime now) { now_ = now; }
  // Sets work.result.
  Outcome step(Work& work);
  // A step of a journal again (step_replay.cc), at the place and time of its record: what it would
  // write today, but for the record itself, which adopt() appends. Errc::corrupt when the journal
  // holds what cannot have been; else the machine's own error.
  Result<JournalRecord> replay(Work& work, const JournalRecord& recorded);
  // The record as it was stored, whatever the step would write today.
  void adopt(Work& work, const JournalRecord& recorded, std::string_view bytes);
  // Erases some expired dedupe marks, at most so many keys looked at.
  void sweep_dedupe(std::size_t max_keys);

  const WriteBatch& batch() const { return overlay_.batch(); }
  // For the commit. The next batch may be begun and stepped on top of it before that has returned,
  // but not taken: first comes settled().
  WriteBatch take_batch() { return overlay_.take(); }
  void settled(bool committed) { overlay_.settled(committed); }
  // Undoes the steps since begin().
  void drop_batch() { overlay_.drop(); }
  BatchOutcome& outcome() { return outcome_; }

 private:
  // What a step starts from.
  struct Loaded {
    bool exists = false;
    InstanceValue value{};
  };
  // What it will write; every read that can fail is done by then.
  struct Plan {
    struct TimerWrite {
      std::string name;
      std::optional<WallTime> erase{};
      std::optional<WallTime> put{};
      bool new_cause = false;
    };
    Transition<std::string> transition;
    std::vector<TimerWrite> timers{};
    // Of rows that are remembered: those that keep their value, and so the record that gave it; the
    // others as they were stored.
    std::set<std::string, std::less<>> unchanged{};
    std::vector<std::pair<std::string, std::string>> replaced{};
  };

  Result<Outcome> try_step(Work& work);
  Result<std::optional<Receipt>> find_duplicate(const Work& work) const;
  Result<bool> still_wanted(Work& work) const;
  Result<Loaded> load(const InstanceId& id) const;
  // The machine's transition and all that writing it will take.
  Result<Plan> run_and_plan(const AnyMachine& machine, const Work& work,
                            const Loaded& loaded) const;
  Result<Transition<std::string>> run(const AnyMachine& machine, const Work& work,
                                      const Loaded& loaded, const InstanceRows& rows) const;
  Result<Plan> plan(const Work& work, Transition<std::string> transition) const;
  static Result<void> plan_history(const AnyMachine& machine, const InstanceRows& rows, Plan& plan);
  Result<void> plan_timers(const Work& work, Plan& plan) const;
  Result<void> plan_end(const Work& work, Plan& plan) const;
  Result<Outcome> reject(Work& work, const Error& error);
  JournalRecord begin_record(const Work& work, const Loaded& loaded) const;
  void finish_record(Work& work, JournalRecord& record);
  void append_record(Work& work, const JournalRecord& record, std::string_view bytes);
  void write(Work& work, const AnyMachine& machine, const Loaded& loaded, Plan plan);
  JournalRecord carry_out(const Work& work, const AnyMachine& machine, const Loaded& loaded,
                          Plan plan);
  JournalRecord carry_out_refusal(const Work& work, Loaded loaded, const Error& error);
  void write_instance(const Work& work, const Transition<std::string>& transition);
  void write_rows(JournalRecord& record, Plan& plan);
  void write_history(std::string_view instance, const Plan& plan);
  void write_events(JournalRecord& record, std::vector<EmittedEvent>& events);
  void write_timers(const Work& work, const std::vector<Plan::TimerWrite>& timers);
  void write_outbox(const Work& work, Transition<std::string>& transition);
  void remove_outbox_entry(const Work& work);
  void write_dedupe(const Work& work);
  void write_secrets(const Work& work, JournalRecord& record, std::vector<std::string>& dropped);

  const Machines& machines_;
  Overlay overlay_;
  TreeWriter tree_;
  WallTime now_{};
  Sequence next_ = 1;
  BatchOutcome outcome_;
  std::string sweep_from_;
  WallTime sweep_again_{};
};

}  // namespace tidemark::engine
