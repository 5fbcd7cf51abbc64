#include "audit/retention_plan.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "audit/checkpoint_machine.h"
#include "engine/journal.h"
#include "engine/journal_codec.h"
#include "engine/journal_tree.h"
#include "engine/keys.h"

namespace tidemark::audit {

using namespace engine;

namespace {

Result<std::vector<std::string>> list_tenants(const StoreView& view) {
  std::vector<std::string> tenants;
  std::string from;
  for (bool found = true; found && tenants.size() < kMaxRetentionTenants;) {
    found = false;
    TM_TRY(view.scan(Table::journal_index, tenants_prefix(), from,
                     [&](std::string_view key, std::string_view) {
                       tenants.push_back(tenant_of_index_key(key));
                       return !(found = true);
                     }));
    if (found) from = behind_index_prefix(records_of_tenant_prefix(tenants.back()));
  }
  return tenants;
}

// The last sequence under an index prefix within (after, through]; 0: none.
Result<Sequence> last_within(const StoreView& view, const std::string& prefix, Sequence after,
                             Sequence through) {
  Sequence last = 0;
  TM_TRY(view.scan_reverse(Table::journal_index, prefix, index_key(prefix, through + 1),
                           [&](std::string_view key, std::string_view) {
                             last = sequence_of_index_key(key).value_or(0);
                             return false;
                           }));
  return last > after ? last : 0;
}

// Records (after, last] are older than a limit; the one behind is not, if it `ended` there.
struct Walk {
  Sequence after = 0;
  Sequence last = 0;
  bool ended = false;
};

class Planner {
 public:
  Planner(const StoreView& view, const RetentionOptions& options, WallTime now,
          const NeededEvents& needed)
      : view_(view), options_(options), now_(now), needed_(needed) {}

  Result<RetentionPlan> plan() && {
    TM_ASSIGN(state_, read_retention(view_));
    TM_ASSIGN(const auto checkpoints, read_checkpoint_state(view_));
    plan_.size = checkpoints.size;
    plan_.through = state_.through;
    if (plan_.size == 0) return std::move(plan_);
    TM_ASSIGN(const auto tenants, list_tenants(view_));
    TM_TRY(ask_who_needs(tenants));
    TM_TRY(plan_records());
    for (const auto& tenant : tenants) TM_TRY(plan_payloads(tenant));
    return std::move(plan_);
  }

 private:
  // The last record that is older than `limit` and behind the checkpoint; 0: none.
  Result<Sequence> oldest_kept(milliseconds limit) {
    if (limit.count() == 0) return 0;
    const auto known = cut_at_.find(limit);
    if (known != cut_at_.end()) return known->second;
    TM_ASSIGN(const Sequence first, first_record_since(view_, now_ - limit, state_.through));
    const Sequence through = std::min<Sequence>(first - 1, plan_.size);
    cut_at_.emplace(limit, through);
    return through;
  }

  // Where no clock was ever set back that is `through`: the last record of (after, through] before
  // the first one that is not older than the limit.
  Result<Sequence> before_younger(milliseconds limit, Sequence after, Sequence through) {
    if (through <= after) return through;
    Walk& walk = walked_[limit];
    if (after < walk.after || after > walk.last) walk = {after, after, false};
    std::optional<Error> failure;
    if (walk.last < through && !walk.ended) {
      TM_TRY(view_.scan(Table::journal, partition_prefix(), sequence_key(walk.last + 1),
                        [&](std::string_view key, std::string_view bytes) {
                          const Sequence sequence = parse_sequence_key(key).value_or(0);
                          if (sequence > through) return false;
                          const auto record = decode_record(bytes);
                          if (!record) {
                            failure = record.error();
                            return false;
                          }
                          walk.ended = record->at >= now_ - limit;
                          if (!walk.ended) walk.last = sequence;
                          return !walk.ended;
                        }));
    }
    if (failure) return fail(*std::move(failure));
    return std::min(walk.last, through);
  }

  // The same as oldest_kept(), but before `needed` as long as the hold lasts.
  Result<Sequence> events_through(milliseconds limit, Sequence needed) {
    TM_ASSIGN(const Sequence through, oldest_kept(limit));
    if (needed == 0 || needed > through) return through;
    TM_ASSIGN(Sequence after_hold, oldest_kept(limit + options_.hold));
    TM_ASSIGN(after_hold, before_younger(limit + options_.hold, needed - 1, after_hold));
    return std::max(after_hold, needed - 1);
  }

  Result<void> ask_who_needs(const std::vector<std::string>& tenants) {
    if (!needed_) return {};
    for (const auto& tenant : tenants) {
      TM_ASSIGN(const Sequence needed, needed_(tenant));
      if (needed != 0) needed_of_[tenant] = needed;
    }
    return {};
  }

  Result<void> plan_records() {
    TM_ASSIGN(Sequence through, oldest_kept(options_.records));
    for (const auto& [tenant, needed] : needed_of_) {
      TM_ASSIGN(const Sequence kept, events_through(options_.records, needed));
      through = std::min(through, kept);
    }
    TM_ASSIGN(through, before_younger(options_.records, state_.through, through));
    through -= through % kTileLeaves;
    if (through <= state_.through) return {};
    plan_.through = through;
    plan_.cuts.push_back({Cut::Kind::records, {}, state_.through, through, 0});
    return {};
  }

  Result<void> plan_payloads(const std::string& tenant) {
    const auto own = options_.tenants.find(tenant);
    const auto& limits = own == options_.tenants.end() ? options_.payloads : own->second;
    const auto found = needed_of_.find(tenant);
    const Sequence needed = found == needed_of_.end() ? 0 : found->second;
    TM_ASSIGN(const Sequence events, events_through(limits.events, needed));
    TM_ASSIGN(const Sequence inputs, oldest_kept(limits.inputs));
    // A row for the events that go with their records, too: readers are told by it.
    TM_ASSIGN(const Sequence dropped,
              cut(Cut::Kind::events, tenant, limits.events, std::max(events, plan_.through)));
    if (needed != 0 && needed <= dropped) plan_.overtaken.push_back(tenant);
    if (inputs > plan_.through) TM_TRY(cut(Cut::Kind::inputs, tenant, limits.inputs, inputs));
    return {};
  }

  // Through which record it goes; 0: there is nothing to drop.
  Result<Sequence> cut(Cut::Kind kind, const std::string& tenant, milliseconds limit,
                       Sequence through) {
    const bool events = kind == Cut::Kind::events;
    TM_ASSIGN(const auto done,
              read_payloads_dropped(view_, events ? kEventsRow : kInputsRow, tenant));
    const auto prefix = events ? events_of_tenant_prefix(tenant) : records_of_tenant_prefix(tenant);
    const Sequence after = std::max(done.through, state_.through);
    if (through <= after) return 0;
    TM_ASSIGN(Sequence last, last_within(view_, prefix, after, through));
    if (last == 0) return 0;
    // What goes with its records does so whatever the limit of payloads is.
    const Sequence from = std::max(after, plan_.through);
    TM_ASSIGN(through, before_younger(limit, from, through));
    if (through <= after) return 0;
    TM_ASSIGN(last, last_within(view_, prefix, after, through));
    if (last == 0) return 0;
    plan_.cuts.push_back({kind, {tenant, {}, {}}, after, through, events ? last : 0});
    return through;
  }

  const StoreView& view_;
  const RetentionOptions& options_;
  const WallTime now_;
  const NeededEvents& needed_;
  RetentionMachine::State state_;
  std::map<milliseconds, Sequence> cut_at_;  // looked up once
  std::map<milliseconds, Walk> walked_;
  std::map<std::string, Sequence> needed_of_;
  RetentionPlan plan_;
};

}  // namespace

Result<RetentionPlan> plan_retention(const StoreView& view, const RetentionOptions& options,
                                     WallTime now, const NeededEvents& needed) {
  return Planner(view, options, now, needed).plan();
}

}  // namespace tidemark::audit
