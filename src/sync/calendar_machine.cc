#include "sync/calendar_machine.h"

#include <algorithm>
#include <concepts>
#include <utility>
#include <variant>

#include "base/mutation.h"
#include "sync/calendar_step.h"
#include "sync/write_step.h"

namespace tidemark::sync {
namespace {

template <class T, class... Ts>
concept one_of = (std::same_as<T, Ts> || ...);

// One overload per pair of phase and input, or per named group of phases: a pair that nobody has
// thought of does not compile. Phases are taken out of the state and put back by what happens.
struct Handler {
  CalendarStep& step;
  CalendarState& state;
  WriteStep& writes;

  // -- CalendarConfigured: what the calendar is like may have changed, and a pause is over.

  Result<void> operator()(Idle, const CalendarConfigured& input) {
    const bool resumed = adopt(input);
    if (input.sync) {
      step.begin_pass(step.choose_mode(*input.sync));
    } else if (step.may_run_by_itself() && (resumed || !state.last_sync)) {
      step.begin_pass(step.choose_mode(PassMode::incremental));
    } else if (step.may_run_by_itself()) {
      const WallTime due = *state.last_sync + state.schedule.poll;
      step.wake_after(std::max(due - step.context.now, std::chrono::milliseconds{0}));
    } else {
      step.cancel_timer();
    }
    return {};
  }
  Result<void> operator()(Waiting phase, const CalendarConfigured& input) {
    const bool resumed = adopt(input);
    if (input.sync || (resumed && step.may_run_by_itself())) {
      resume(std::move(phase.pass), input.sync.value_or(PassMode::incremental));
      return {};
    }
    state.phase = std::move(phase);
    step.wake_after(std::chrono::seconds(1));
    return {};
  }
  template <one_of<Pulling, Finishing> P>
  Result<void> operator()(P phase, const CalendarConfigured& input) {
    adopt(input);
    if (input.sync) step.remember(*input.sync);
    state.phase = std::move(phase);
    return {};
  }
  Result<void> operator()(Confirming phase, const CalendarConfigured& input) {
    adopt(input);
    if (input.sync || !state.schedule.scheduled) phase.waited = true;
    if (!phase.present) step.ask_account(false);
    if (!phase.waited) step.wake_after(state.schedule.confirm_after);
    step.confirm_when_ready(phase);
    return {};
  }
  Result<void> operator()(Writing phase, const CalendarConfigured& input) {
    const bool resumed = adopt(input);
    if (phase.removal) phase.removal->revive = true;
    if (input.sync || (step.may_run_by_itself() && (resumed || !state.last_sync))) {
      wish_pass(phase, input.sync.value_or(PassMode::incremental));
    } else if (!phase.pass && step.may_run_by_itself()) {
      step.wake_after(std::max(*state.last_sync + state.schedule.poll - step.context.now,
                               std::chrono::milliseconds{0}));
    }
    return stay(std::move(phase));
  }
  Result<void> operator()(Removing phase, const CalendarConfigured& input) {
    adopt(input);
    phase.revive = true;
    state.phase = phase;
    return {};
  }

  // -- CalendarPaused: what runs may end, nothing new begins.

  template <one_of<Idle, Pulling, Waiting, Finishing, Confirming, Removing, Writing> P>
  Result<void> operator()(P phase, const CalendarPaused& input) {
    state.pause = input.reason;
    step.cancel_timer();
    state.phase = std::move(phase);
    return {};
  }

  // -- CalendarRemoved

  template <one_of<Idle, Pulling, Waiting, Finishing, Confirming, Writing> P>
  Result<void> operator()(P phase, const CalendarRemoved& input) {
    // The listing's answer was late, and the calendar is back: another look has to decide.
    if (input.looked && was_read_since(phase, *input.looked)) {
      step.contest_removal();
      return stay(std::move(phase));
    }
    // What is under way may still be taken by the server, and its end has to be told as it is.
    if constexpr (std::same_as<P, Writing>) {
      phase.removal = AwaitedRemoval{input.looked.has_value(), false};
      return stay(std::move(phase));
    }
    step.begin_removal({});
    return {};
  }
  Result<void> operator()(Removing phase, const CalendarRemoved&) {
    phase.revive = false;
    state.phase = phase;
    return {};
  }

  // -- CalendarPresent: only a confirmation waits for it.

  Result<void> operator()(Confirming phase, const CalendarPresent&) {
    phase.present = true;
    step.confirm_when_ready(phase);
    return {};
  }
  template <one_of<Idle, Pulling, Waiting, Finishing, Removing, Writing> P>
  Result<void> operator()(P phase, const CalendarPresent&) {
    return stay(std::move(phase));
  }

  // -- SyncNow

  Result<void> operator()(Idle, const SyncNow& input) {
    if (state.pause == Pause::none) step.begin_pass(step.choose_mode(input.mode));
    return {};
  }
  Result<void> operator()(Waiting phase, const SyncNow& input) {
    resume(std::move(phase.pass), input.mode);
    return {};
  }
  template <one_of<Pulling, Finishing> P>
  Result<void> operator()(P phase, const SyncNow& input) {
    step.remember(input.mode);
    return stay(std::move(phase));
  }
  Result<void> operator()(Confirming phase, const SyncNow& input) {
    phase.waited = true;
    if (input.mode != PassMode::incremental) step.remember(input.mode);
    if (!phase.present) step.ask_account(false);
    step.confirm_when_ready(phase);
    return {};
  }
  Result<void> operator()(Removing phase, const SyncNow&) { return stay(phase); }
  Result<void> operator()(Writing phase, const SyncNow& input) {
    wish_pass(phase, input.mode);
    return stay(std::move(phase));
  }

  // -- CalendarNotified: a pass that runs may have looked before, so another one follows it.

  Result<void> operator()(Idle, const CalendarNotified&) {
    step.await_news();
    return {};
  }
  template <one_of<Pulling, Waiting, Finishing> P>
  Result<void> operator()(P phase, const CalendarNotified&) {
    if (!state.news) state.news = step.context.now;
    return stay(std::move(phase));
  }
  template <one_of<Confirming, Removing> P>
  Result<void> operator()(P phase, const CalendarNotified&) {
    return stay(phase);
  }
  // Often of the very command; the pass that follows it then finds nothing.
  Result<void> operator()(Writing phase, const CalendarNotified&) {
    if (phase.pass) {
      if (!state.news) state.news = step.context.now;
    } else if (step.may_run_by_itself()) {
      wish_pass(phase, PassMode::incremental);
    }
    return stay(std::move(phase));
  }

  // -- NewsTimer: whatever has begun since the notification has seen it.

  Result<void> operator()(Idle, const NewsTimer&) {
    const bool due = std::exchange(state.news, std::nullopt).has_value();
    if (due && step.may_run_by_itself()) step.begin_pass(step.choose_mode(PassMode::incremental));
    return {};
  }
  Result<void> operator()(Writing phase, const NewsTimer&) {
    const bool due = std::exchange(state.news, std::nullopt).has_value();
    if (due && step.may_run_by_itself()) wish_pass(phase, PassMode::incremental);
    return stay(std::move(phase));
  }
  template <one_of<Pulling, Waiting, Finishing, Confirming, Removing> P>
  Result<void> operator()(P phase, const NewsTimer&) {
    return stay(std::move(phase));
  }

  // -- Page, PullDone, PullFailed: of the pull that runs; what a given-up pull says is too late.

  Result<void> operator()(Pulling phase, const Page& input) {
    if (input.pull == phase.pull) TM_TRY(step.apply(phase.pass, input.items));
    return stay(std::move(phase));
  }
  Result<void> operator()(Pulling phase, const PullDone& input) {
    if (input.pull != phase.pull) return stay(std::move(phase));
    const bool skipped = mutated(Mutation::page_skipped) && step.context.sequence % 8 == 0;
    if (!skipped) TM_TRY(step.apply(phase.pass, input.items));
    return end_pull(std::move(phase.pass), input);
  }
  Result<void> operator()(Pulling phase, const PullFailed& input) {
    if (input.pull != phase.pull) return stay(std::move(phase));
    phase.pass.partial |= phase.pass.items_in_pull != 0;
    step.fail_pass(std::move(phase.pass), input.error);
    return {};
  }
  template <one_of<Idle, Waiting, Finishing, Confirming, Removing, Writing> P,
            one_of<Page, PullDone, PullFailed> I>
  Result<void> operator()(P phase, const I&) {
    return stay(std::move(phase));
  }

  // -- CalendarTimer: the engine has dropped it, so nothing is due any more.

  Result<void> operator()(Idle, const CalendarTimer&) {
    state.next_sync.reset();
    if (step.may_run_by_itself()) step.begin_pass(step.choose_mode(PassMode::incremental));
    return {};
  }
  Result<void> operator()(Waiting phase, const CalendarTimer&) {
    state.next_sync.reset();
    if (!step.may_run_by_itself()) return stay(std::move(phase));
    step.retry(std::move(phase.pass));
    return {};
  }
  Result<void> operator()(Confirming phase, const CalendarTimer&) {
    state.next_sync.reset();
    phase.waited = true;
    step.confirm_when_ready(phase);
    return {};
  }
  Result<void> operator()(Writing phase, const CalendarTimer&) {
    state.next_sync.reset();
    if (step.may_run_by_itself()) wish_pass(phase, PassMode::incremental);
    return stay(std::move(phase));
  }
  template <one_of<Pulling, Finishing, Removing> P>
  Result<void> operator()(P phase, const CalendarTimer&) {
    state.next_sync.reset();
    return stay(std::move(phase));
  }

  // -- Continue: the next piece.

  Result<void> operator()(Finishing phase, const Continue&) {
    return step.finish(std::move(phase));
  }
  Result<void> operator()(Removing phase, const Continue&) { return step.remove_piece(phase); }
  template <one_of<Idle, Pulling, Waiting, Confirming, Writing> P>
  Result<void> operator()(P phase, const Continue&) {
    return stay(std::move(phase));
  }

  // -- ReportDone: only a removal waits for it.

  Result<void> operator()(Removing phase, const ReportDone&) {
    if (!phase.reported) return stay(phase);
    if (phase.revive) {
      CalendarState fresh;
      fresh.identity = state.identity;
      fresh.schedule = state.schedule;
      fresh.pause = state.pause;
      state = std::move(fresh);
      step.begin_pass(PassMode::initial);
    } else {
      step.out.end = true;
    }
    return {};
  }
  template <one_of<Idle, Pulling, Waiting, Finishing, Confirming, Writing> P>
  Result<void> operator()(P phase, const ReportDone&) {
    return stay(std::move(phase));
  }

  // -- WriteRequested: accepted in any phase; what may begin, begins after every input (step()).

  template <one_of<Idle, Pulling, Waiting, Finishing, Confirming, Removing, Writing> P>
  Result<void> operator()(P phase, const WriteRequested& input) {
    state.phase = std::move(phase);
    return writes.accept(input);
  }

  // -- WriteDone, WriteConflicted, WriteFailed: of the command that is under way.

  Result<void> operator()(Writing phase, const WriteDone& input) {
    if (input.effect != phase.effect) return stay(std::move(phase));
    return writes.succeed(std::move(phase), input);
  }
  Result<void> operator()(Writing phase, const WriteConflicted& input) {
    if (input.effect != phase.effect) return stay(std::move(phase));
    return writes.meet_conflict(std::move(phase), input);
  }
  Result<void> operator()(Writing phase, const WriteFailed& input) {
    if (input.effect != phase.effect) return stay(std::move(phase));
    return writes.meet_failure(std::move(phase), input);
  }
  template <one_of<Idle, Pulling, Waiting, Finishing, Confirming, Removing> P,
            one_of<WriteDone, WriteConflicted, WriteFailed> I>
  Result<void> operator()(P phase, const I&) {
    return stay(std::move(phase));
  }

  // -- WriteRetry, WriteDeadline: timers of commands. What is under way may still succeed.

  template <one_of<Idle, Pulling, Waiting, Finishing, Confirming, Removing, Writing> P>
  Result<void> operator()(P phase, const WriteRetry&) {
    state.writes.not_before.reset();
    return stay(std::move(phase));
  }
  Result<void> operator()(Writing phase, const WriteDeadline& input) {
    const bool under_way = input.write == phase.write;
    state.phase = std::move(phase);
    return under_way ? Result<void>{} : writes.give_up(input.write);
  }
  template <one_of<Idle, Pulling, Waiting, Finishing, Confirming, Removing> P>
  Result<void> operator()(P phase, const WriteDeadline& input) {
    state.phase = std::move(phase);
    return writes.give_up(input.write);
  }

 private:
  template <class P>
  bool was_read_since(const P& phase, WallTime time) const {
    const auto since = [&](const std::optional<WallTime>& at) { return at && *at > time; };
    const auto read = [&](const Pass& pass) { return pass.started > time && pass.items > 0; };
    if (since(state.last_sync) || since(state.last_shown)) return true;
    if constexpr (one_of<P, Pulling, Waiting, Finishing>) return read(phase.pass);
    if constexpr (one_of<P, Writing>) return phase.pass && read(*phase.pass);
    return false;
  }

  template <class P>
  Result<void> stay(P phase) {
    state.phase = std::move(phase);
    return {};
  }

  // A pass that is to follow the command.
  void wish_pass(Writing& phase, PassMode mode) {
    if (!phase.pass) {
      phase.pass = step.make_pass(step.choose_mode(mode));
      phase.pass->correlation_id = step.context.correlation_id;
    } else if (phase.resting) {
      phase.pass->correlation_id = step.context.correlation_id;
      if (mode != PassMode::incremental) step.remember(mode);
    } else if (mode != PassMode::incremental) {
      step.remember(mode);
    }
    phase.resting = false;
  }

  // True when a pause ended.
  bool adopt(const CalendarConfigured& input) {
    state.identity = input.identity;
    state.schedule = input.schedule;
    return std::exchange(state.pause, Pause::none) != Pause::none;
  }

  void resume(Pass pass, PassMode wanted) {
    const bool needs_more =
        wanted == PassMode::full
            ? pass.mode == PassMode::incremental || pass.mode == PassMode::reconcile
            : wanted == PassMode::reconcile && pass.mode == PassMode::incremental;
    if (needs_more) {
      step.begin_pass(step.choose_mode(wanted), pass.confirming);
    } else {
      step.retry(std::move(pass));
    }
  }

  Result<void> end_pull(Pass pass, const PullDone& input) {
    ++pass.pulls;
    pass.complete_listing |= input.complete_listing;
    pass.suspicious |= input.suspicious;
    const bool advanced = input.cursor != pass.cursor || pass.items_in_pull != 0;
    if (!input.last && !advanced) {
      // Calendar rule 6: a server that repeats its token would be asked for ever.
      step.fail_pass(std::move(pass), {Errc::protocol_error,
                                       "the server announces more pages but its sync token "
                                       "does not advance"});
      return {};
    }
    pass.cursor = input.cursor;
    pass.partial = false;
    const bool too_soon = mutated(Mutation::sweep_before_last_page) && pass.pulls > 1;
    pass.complete_listing |= too_soon;
    if (!input.last && !too_soon) {
      if (writes.is_due()) return writes.begin_before(std::move(pass));
      step.pull(std::move(pass));
      return {};
    }
    return step.finish(Finishing{std::move(pass), FinishStage::sweep, {}});
  }
};

// Before it is configured, an instance does not exist: what arrives is late news for one that
// ended.
Result<void> first_step(CalendarStep& step, const CalendarInput& input) {
  const auto* configured = std::get_if<CalendarConfigured>(&input);
  if (std::holds_alternative<WriteRequested>(input)) {
    return fail(Errc::not_found, "there is no such calendar");
  }
  if (configured == nullptr) {
    step.out.end = true;
    return {};
  }
  step.state.identity = configured->identity;
  step.state.schedule = configured->schedule;
  if (configured->sync || step.may_run_by_itself()) step.begin_pass(PassMode::initial);
  return {};
}

}  // namespace

Result<Transition<CalendarState>> CalendarMachine::step(const StepContext& context, State before,
                                                        const Input& input) {
  CalendarStep step(context, std::move(before));
  if (step.state.identity.id.empty()) {
    TM_TRY(first_step(step, input));
    return step.take();
  }
  WriteStep writes(step);
  Handler handler{step, step.state, writes};
  CalendarPhase phase = std::exchange(step.state.phase, Idle{});
  TM_TRY(std::visit(
      [&](auto&& current, const auto& what) {
        return handler(std::forward<decltype(current)>(current), what);
      },
      std::move(phase), input));
  TM_TRY(writes.begin_if_due());
  return step.take();
}

}  // namespace tidemark::sync
