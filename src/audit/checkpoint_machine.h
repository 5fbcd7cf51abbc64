// When the journal's checkpoints are signed, and keeping them: a state machine, so that the
// schedule is as durable as everything else and the history of checkpoints is itself in the
// journal. Signing needs the key, so it is an effect (audit/audit_service.h).
//
// Row: u64 size (big-endian) -> u8 format 1, the signed note.
#pragma once

#include <cstdint>
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

inline constexpr std::string_view kSignExecutor = "audit.sign";
inline constexpr std::string_view kCheckpointEvent = "audit.checkpoint.created";

struct CheckpointMachine {
  static constexpr std::string_view kind = "audit";
  static constexpr std::uint32_t version = 1;

  // CBOR {"v": 1, "every" (ms; 0: never), "size", "count"}.
  struct State {
    milliseconds every{};
    std::uint64_t size = 0;   // of the last checkpoint
    std::uint64_t count = 0;  // of checkpoints
  };
  struct Schedule {
    milliseconds every{};
  };
  struct Due {};
  struct Signed {
    std::uint64_t size = 0;
    std::string note;
  };
  using Input = std::variant<Schedule, Due, Signed>;

  static std::string encode(const State& state);
  static Result<State> decode_state(std::string_view bytes);
  static Result<Input> decode_input(std::string_view type, std::string_view payload);
  // A checkpoint that is not larger than the last one changes nothing.
  static Result<Transition<State>> step(const StepContext& context, State state,
                                        const Input& input);
};

// There is one; it belongs to the operator, whose tenant that is.
InstanceId checkpoint_instance();
tidemark::Input schedule_input(milliseconds every);
tidemark::Input signed_input(std::uint64_t size, std::string note);

Result<CheckpointMachine::State> read_checkpoint_state(const StoreView& view);

struct StoredCheckpoint {
  std::uint64_t size = 0;
  std::string note;
};
// The smallest of at least `size` records, in ascending order.
Result<std::vector<StoredCheckpoint>> read_checkpoints(const StoreView& view, std::uint64_t size,
                                                       std::size_t limit);

}  // namespace tidemark::audit
