// What a step of a calendar's machine can do: begin and end passes, ask for pulls, wait, confirm,
// remove. Which input leads to which of them is in calendar_machine.cc.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "engine/machine.h"
#include "sync/calendar_inputs.h"
#include "sync/calendar_state.h"
#include "sync/plan.h"

namespace tidemark::sync {

class CalendarStep {
 public:
  CalendarStep(const StepContext& context, CalendarState state);
  CalendarStep(const CalendarStep&) = delete;
  CalendarStep& operator=(const CalendarStep&) = delete;

  const StepContext& context;
  Transition<CalendarState> out;
  CalendarState& state;
  MirrorEdit edit;

  Transition<CalendarState> take();

  // The mode of the next pass when `wanted` is asked for; a due reconcile replaces incremental.
  PassMode choose_mode(PassMode wanted) const;
  Pass make_pass(PassMode mode, bool confirming = false);
  void begin_pass(PassMode mode, bool confirming = false);
  // Asks for the pass's next pull, or waits when the calendar is paused.
  void pull(Pass pass);
  // A pass follows when no more notifications have come for a moment, or enough time has passed.
  void await_news();
  void forget_news();
  // Keeps the strongest of what was asked for while a pass runs.
  void remember(PassMode mode);

  Result<void> apply(Pass& pass, const std::vector<PageItem>& items);
  // One piece of finishing, or more while they are small.
  Result<void> finish(Finishing phase);
  void fail_pass(Pass pass, const Error& error);
  void retry(Pass pass);
  // Nothing runs any more until the account says so.
  void refuse_credentials(const Error& error);

  void ask_account(bool missing);
  void contest_removal();
  void begin_confirmation();
  void confirm_when_ready(Confirming phase);

  void begin_removal(Removing phase);
  Result<void> remove_piece(Removing phase);

  // The timer, when the calendar is scheduled and not paused; otherwise none.
  void wake_after(std::chrono::milliseconds delay);
  void wake_at_next_poll();
  void cancel_timer();
  bool may_run_by_itself() const { return state.schedule.scheduled && state.pause == Pause::none; }

 private:
  void count_events(Pass& pass);
  void conclude(const Pass& pass);
  void plan_reconcile_after(const Pass& pass);
  void report(const Pass& pass);
  void send_report(PassReport report);
  void continue_soon();
  void refuse_cursor(Pass pass, const Error& error);
  void wait_with(Pass pass, Health health, std::chrono::milliseconds delay);
  InstanceId account() const;

  std::size_t counted_ = 0;  // of edit.events, in their pass
};

// Nothing was fetched, nothing changed: logged where it happened, told to nobody.
bool is_quiet(PassMode mode, bool first_pull, bool last_pull, std::uint64_t items,
              bool complete_listing);

}  // namespace tidemark::sync
