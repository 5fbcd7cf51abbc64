#include "engine/stepper.h"

#include <utility>

#include "base/mutation.h"
#include "engine/instance_rows.h"
#include "engine/keys.h"

namespace tidemark::engine {
namespace {

constexpr std::chrono::minutes kSweepPause{10};

}  // namespace

void Stepper::begin(Sequence last, WallTime now) {
  outcome_ = BatchOutcome{};
  outcome_.first = outcome_.last = last;
  next_ = last + 1;
  now_ = now;
}

Outcome Stepper::step(Work& work) {
  auto outcome = try_step(work);
  if (!outcome && work.source == Work::Source::message && !retryable(outcome.error().code)) {
    outcome = reject(work, outcome.error());
  }
  if (outcome) return *outcome;
  work.result = fail(std::move(outcome).error());
  return Outcome::failed;
}

Result<Outcome> Stepper::try_step(Work& work) {
  // Stepped before in a batch that came to nothing: an id made from its sequence then would lie.
  if (std::exchange(work.made_correlation_id, false)) work.input.correlation_id.clear();
  TM_ASSIGN(auto first, find_duplicate(work));
  if (first) {
    work.result = *std::move(first);
    return Outcome::duplicate;
  }
  TM_ASSIGN(const bool wanted, still_wanted(work));
  if (!wanted) {
    if (work.source == Work::Source::completion || work.source == Work::Source::message) {
      outcome_.outbox_removed.push_back(work.outbox_key);
    }
    work.result = fail(Errc::cancelled, "the effect is no longer wanted: it ended before");
    return Outcome::stale;
  }
  const auto machine = machines_.find(work.input.instance.kind());
  if (machine == machines_.end()) {
    return fail(Errc::invalid_argument,
                "no machine of kind \"" + std::string(work.input.instance.kind()) +
                    "\" is registered (instance " + work.input.instance.value + ")");
  }
  TM_ASSIGN(auto loaded, load(work.input.instance));
  if (mutated(Mutation::previous_record_forgotten) && next_ % 50 == 0) loaded.value.last = 0;
  const bool reports =
      work.source == Work::Source::progress || work.source == Work::Source::completion;
  if (reports && !loaded.exists) {
    // Its instance has ended: the effect leaves the outbox and nobody is told.
    remove_outbox_entry(work);
    work.result = fail(Errc::cancelled, "the instance that asked for the effect has ended");
    return Outcome::stale;
  }
  if (work.input.correlation_id.empty()) {
    work.made_correlation_id = true;
    work.input.correlation_id = make_id(kCorrelationPrefix, now_, {next_, kRecordIndex});
  }
  TM_ASSIGN(auto planned, run_and_plan(machine->second, work, loaded));
  write(work, machine->second, loaded, std::move(planned));
  return Outcome::accepted;
}

Result<std::optional<Receipt>> Stepper::find_duplicate(const Work& work) const {
  if (work.input.dedupe_key.empty()) return std::nullopt;
  const auto key = dedupe_key(work.input.instance.tenant(), work.input.dedupe_key);
  TM_ASSIGN(const auto bytes, overlay_.get(Table::dedupe, key));
  if (!bytes) return std::nullopt;
  TM_ASSIGN(auto mark, decode_dedupe(*bytes));
  if (mark.expires <= now_ || mutated(Mutation::dedupe_ignored)) return std::nullopt;
  return Receipt{mark.sequence, true, std::move(mark.correlation_id)};
}

Result<bool> Stepper::still_wanted(Work& work) const {
  if (!work.outbox_key.empty()) {
    TM_ASSIGN(const auto entry, overlay_.get(Table::outbox, work.outbox_key));
    return entry.has_value();
  }
  if (work.source != Work::Source::timer) return true;
  const auto key = timer_due_key(*work.timer_due, work.input.instance.value, work.input.payload);
  TM_ASSIGN(const auto bytes, overlay_.get(Table::timer, key));
  if (!bytes) return false;
  TM_ASSIGN(auto timer, decode_timer(*bytes));
  work.input.correlation_id = timer.new_cause ? std::string() : std::move(timer.correlation_id);
  work.input.causation_id = make_id(kRecordPrefix, timer.set_at, {timer.set_by, kRecordIndex});
  return true;
}

Result<Stepper::Loaded> Stepper::load(const InstanceId& id) const {
  TM_ASSIGN(const auto bytes, overlay_.get(Table::instance, instance_key(id.value)));
  Loaded loaded;
  if (bytes) {
    loaded.exists = true;
    TM_ASSIGN(loaded.value, decode_instance(*bytes));
    return loaded;
  }
  // Never seen, or ended: then its journal goes on where it stopped.
  const auto prefix = by_instance_prefix(id.value);
  TM_TRY(overlay_.scan_last(Table::journal_index, prefix, [&](std::string_view key) {
    loaded.value.last = sequence_of_index_key(key).value_or(0);
  }));
  return loaded;
}

Result<Stepper::Plan> Stepper::run_and_plan(const AnyMachine& machine, const Work& work,
                                            const Loaded& loaded) const {
  const InstanceRows rows(overlay_, work.input.instance.value, machine.remembers != nullptr);
  TM_ASSIGN(auto transition, run(machine, work, loaded, rows));
  TM_ASSIGN(auto planned, plan(work, std::move(transition)));
  if (machine.remembers != nullptr) TM_TRY(plan_history(machine, rows, planned));
  return planned;
}

Result<Transition<std::string>> Stepper::run(const AnyMachine& machine, const Work& work,
                                             const Loaded& loaded, const InstanceRows& rows) const {
  const StepContext context{
      next_, now_, work.input.instance.tenant(), work.input.instance, work.input.correlation_id,
      rows};
  // A machine reports failure by its result; what it throws all the same is a bug of its own and
  // must not take the other instances down with it.
  try {
    auto transition =
        machine.step(context, loaded.value.state, work.input.type, work.input.payload);
    if (rows.failure()) return fail(*rows.failure());
    return transition;
  } catch (const std::exception& e) {
    return fail(Errc::internal, "the machine of " + work.input.instance.value +
                                    " threw for input " + work.input.type + ": " + e.what());
  }
}

void Stepper::sweep_dedupe(std::size_t max_keys) {
  if (now_ < sweep_again_) return;
  std::vector<std::string> expired;
  std::size_t looked_at = 0;
  bool at_end = true;
  const auto scanned =
      overlay_.scan(Table::dedupe, partition_prefix(), sweep_from_,
                    [&](std::string_view key, std::string_view value) {
                      if (looked_at++ == max_keys) {
                        sweep_from_ = key;
                        return at_end = false;
                      }
                      const auto mark = decode_dedupe(value);
                      if (mark && mark->expires <= now_ && !overlay_.touched(Table::dedupe, key)) {
                        expired.emplace_back(key);
                      }
                      return true;
                    });
  if (!scanned || at_end) {
    sweep_from_.clear();
    sweep_again_ = now_ + kSweepPause;
  }
  for (const auto& key : expired) overlay_.erase(Table::dedupe, key);
}

}  // namespace tidemark::engine
