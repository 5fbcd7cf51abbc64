// What retention drops, decided and kept by a state machine: that something was dropped, when, why
// and behind which checkpoint is itself in the journal, and a crash in the middle goes on.
//
//   due or asked for -> effect "plan": what is old enough -> decided: state, rows, effect "drop":
//   erases it in bounded commits -> dropped: an event with the counts.
//
// What counts as dropped is what was decided: readers refuse it from that commit on, however much
// of it is still there. Rows, each value beginning with u8 format 1:
//
//   'e' tenant   u64 through, u64 last event, u64 by    its events up to `through` are dropped
//   'i' tenant   u64 through, u64 0, u64 by             its inputs
//   'x' u64 by   CBOR {tenant, instance, correlation, why}   an erasure of payloads
//
// `by` is the record of the decision, which holds the row's hash: whoever changes a row to explain
// away a payload that is missing, must change that record, too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "engine/engine.h"
#include "engine/machine.h"
#include "store/store.h"

namespace tidemark::audit {

inline constexpr std::string_view kPlanExecutor = "audit.retention.plan";
inline constexpr std::string_view kDropExecutor = "audit.retention.drop";
inline constexpr std::string_view kDroppedEvent = "audit.retention.dropped";
inline constexpr std::string_view kErasedEvent = "audit.payloads.erased";

// Whose payloads are erased: of one tenant, instance or correlation, as far as named; at least one.
struct ErasureScope {
  std::string tenant;
  std::string instance;
  std::string correlation;
};

// One range to erase.
struct Cut {
  enum class Kind : std::uint8_t { records = 0, inputs = 1, events = 2, payloads = 3 };
  Kind kind = Kind::records;
  ErasureScope scope;  // inputs, events: the tenant; records: all
  Sequence after = 0;
  Sequence through = 0;
  Sequence last_event = 0;  // events: the last one that goes
};

struct RetentionPlan {
  Sequence through = 0;    // records up to here; not more than what is dropped: none
  std::uint64_t size = 0;  // of the checkpoint it is behind
  std::vector<Cut> cuts;
  std::vector<std::string> overtaken;  // tenants whose endpoints lose events they were not sent

  bool empty() const { return cuts.empty(); }
};

struct DropCounts {
  std::uint64_t records = 0;
  std::uint64_t inputs = 0;
  std::uint64_t events = 0;
};

struct RetentionMachine {
  static constexpr std::string_view kind = "retention";
  static constexpr std::uint32_t version = 1;

  // CBOR {"v": 1, "every" (ms), "running", "through", "at" (ms), "by", "size", "last_event"}.
  struct State {
    milliseconds every{};
    bool running = false;
    Sequence through = 0;     // records up to here are dropped, with all that belongs to them
    WallTime at{};            // when that was decided
    Sequence by = 0;          // and in which record
    std::uint64_t size = 0;   // of the checkpoint it is behind
    Sequence last_event = 0;  // the last event that was dropped, of any tenant
  };
  struct Schedule {
    milliseconds every{};
  };
  struct Due {};
  struct Run {};
  struct Decided {
    RetentionPlan plan;
  };
  struct Dropped {
    DropCounts counts;
    bool erasure = false;
  };
  struct Erase {
    ErasureScope scope;
    std::string why;
  };
  using Input = std::variant<Schedule, Due, Run, Decided, Dropped, Erase>;

  static std::string encode(const State& state);
  static Result<State> decode_state(std::string_view bytes);
  static Result<Input> decode_input(std::string_view type, std::string_view payload);
  // Errc::conflict for a run while one is running.
  static Result<Transition<State>> step(const StepContext& context, State state,
                                        const Input& input);
};

// There is one; it belongs to the operator.
InstanceId retention_instance();
tidemark::Input retention_schedule_input(milliseconds every);
tidemark::Input retention_run_input();
tidemark::Input erase_input(const ErasureScope& scope, std::string_view why);
tidemark::Input decided_input(const RetentionPlan& plan);
tidemark::Input dropped_input(const DropCounts& counts, bool erasure);

// The payloads of the two effects, read by those who run them.
Result<WallTime> decode_plan_effect(std::string_view payload);
Result<std::vector<Cut>> decode_drop_effect(std::string_view payload);

Result<RetentionMachine::State> read_retention(const StoreView& view);

struct PayloadsDropped {
  Sequence through = 0;
  Sequence last_event = 0;
  Sequence by = 0;
};
inline constexpr char kEventsRow = 'e';
inline constexpr char kInputsRow = 'i';
inline constexpr char kErasureRow = 'x';
std::string payload_row_key(char letter, std::string_view tenant);
Result<PayloadsDropped> decode_payload_row(std::string_view bytes);
// All zero when nothing was dropped.
Result<PayloadsDropped> read_payloads_dropped(const StoreView& view, char letter,
                                              std::string_view tenant);
// The last dropped event that a reader of this tenant (empty: of all) would have seen.
Result<Sequence> last_dropped_event(const StoreView& view, std::string_view tenant);

struct Erasure {
  ErasureScope scope;
  std::string why;
  Sequence by = 0;

  bool covers(const std::string& tenant, const std::string& instance,
              const std::string& correlation, Sequence sequence) const;
};
Result<Erasure> decode_erasure(std::string_view key, std::string_view bytes);

}  // namespace tidemark::audit
