// A machine that uses everything the engine has at once: dedupe keys, effects with idempotency
// keys, timers that are set and cancelled, messages between instances, rows, several events a step.
// What it must look like in the end is plain arithmetic.
//
// ledger/<tenant>/orders  takes "order": books it, asks for its payment, sets a reminder
//                         "paid" ends the effect, cancels some reminders, tells the totals
// ledger/<tenant>/totals  takes "add"
#pragma once

#include <string>
#include <string_view>

#include "engine/machine.h"

namespace tidemark::sim {

inline constexpr std::string_view kBankExecutor = "bank";

struct LedgerMachine {
  static constexpr std::string_view kind = "ledger";
  static constexpr std::uint32_t version = 1;
  struct State {
    std::uint64_t orders = 0;
    std::uint64_t paid = 0;
    std::uint64_t reminders = 0;
    std::uint64_t added = 0;
  };
  struct Input {
    std::string type;
    std::string key;
  };
  static std::string encode(const State& state);
  static Result<State> decode_state(std::string_view bytes);
  static Result<Input> decode_input(std::string_view type, std::string_view payload);
  static Result<Transition<State>> step(const StepContext& context, State state,
                                        const Input& input);
};

InstanceId orders_of(std::string_view tenant);
InstanceId totals_of(std::string_view tenant);
// Is the reminder of this order taken back when it is paid?
bool reminder_is_cancelled(std::string_view key);

}  // namespace tidemark::sim
