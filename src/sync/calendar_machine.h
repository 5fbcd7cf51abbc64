// The machine of one calendar: keeps its mirror in step with the server.
//
//        SyncNow, timer, news              last page              all settled
//   Idle ------------------> Pulling --------------> Finishing -----------------> Idle
//                             |   ^                     |
//                     failure v   | timer, SyncNow      | everything would be deleted
//                            Waiting                    v
//                                                   Confirming --(account has seen it,
//                                                       ^          and time has passed)--> Pulling
//
// From Idle, from Waiting and between two pulls of a pass it goes to Writing while a command
// changes the server (write_step.h), and back to where it was. From any phase it goes to Removing
// when the account says that the calendar is gone; from Writing once the command has ended. A pass
// that was interrupted goes on where it was: its cursor and generation are in its state, what it
// has seen is in the rows. The cursor of the next pass is replaced only when a pass has ended.
#pragma once

#include <string>
#include <string_view>

#include "engine/machine.h"
#include "sync/calendar_inputs.h"
#include "sync/calendar_state.h"
#include "sync/rows.h"

namespace tidemark::sync {

inline constexpr std::string_view kPullExecutor = "pull";
inline constexpr std::string_view kReportExecutor = "sync_report";
inline constexpr std::string_view kSyncTimer = "sync";

struct CalendarMachine {
  static constexpr std::string_view kind = kCalendarKind;
  static constexpr std::uint32_t version = 3;
  // What the mirror shows can be read as it was: events, their bodies and times, the quarantine.
  static bool remembers(std::string_view row_key) {
    const char letter = row_key.empty() ? '\0' : row_key.front();
    return letter == kIndexRow || letter == kBodyRow || letter == kTimeRow ||
           letter == kQuarantineRow;
  }
  using State = CalendarState;
  using Input = CalendarInput;

  static std::string encode(const State& state) { return sync::encode(state); }
  static Result<State> decode_state(std::string_view bytes) { return decode_calendar_state(bytes); }
  static Result<Input> decode_input(std::string_view type, std::string_view payload) {
    return decode_calendar_input(type, payload);
  }
  static Result<Transition<State>> step(const StepContext& context, State state,
                                        const Input& input);
};

}  // namespace tidemark::sync
