#include "sync/calendar_step.h"

#include <algorithm>

#include "base/mutation.h"
#include "domain/event.h"
#include "sync/account_inputs.h"
#include "sync/backoff.h"
#include "sync/calendar_machine.h"
#include "sync/finish.h"
#include "sync/write_step.h"

namespace tidemark::sync {
namespace {

// A pass that failed this often is begun anew: a page cursor may be what is wrong with it.
constexpr std::uint32_t kFailuresBeforeRestart = 3;
// A suspicious answer brings the next reconcile forward, but servers that always answer so must not
// be listed twice at each poll.
constexpr std::chrono::hours kReconcileAtMostEvery{1};
constexpr std::size_t kSmallStepRows = 100;
constexpr Backoff kForbiddenBackoff{std::chrono::hours(1), std::chrono::hours(24)};
// A burst of notifications is one pass: so long after the last one, but not later than so long
// after the first.
constexpr std::chrono::milliseconds kNewsPause{15};
constexpr std::chrono::milliseconds kNewsPatience{100};

}  // namespace

CalendarStep::CalendarStep(const StepContext& step_context, CalendarState before)
    : context(step_context),
      out{std::move(before)},
      state(out.state),
      edit(step_context.rows, out.state.identity, out.state.counts) {}

Transition<CalendarState> CalendarStep::take() {
  out.rows = edit.rows.take();
  out.events = std::move(edit.events);
  const auto touches_bytes = [](const RowChange& row) { return row.key.front() == kBodyRow; };
  if (std::any_of(out.rows.begin(), out.rows.end(), touches_bytes)) {
    state.content = context.sequence;
  }
  return std::move(out);
}

InstanceId CalendarStep::account() const {
  return account_instance(context.tenant, state.identity.account);
}

PassMode CalendarStep::choose_mode(PassMode wanted) const {
  if (state.counts.resources == 0 && state.cursor.empty()) return PassMode::initial;
  if (wanted == PassMode::full || wanted == PassMode::reconcile) return wanted;
  if (state.cursor.empty()) return PassMode::reconcile;
  const bool due = state.reconcile_due && *state.reconcile_due <= context.now;
  const bool old =
      state.last_reconcile && *state.last_reconcile + state.schedule.reconcile <= context.now;
  return due || old ? PassMode::reconcile : PassMode::incremental;
}

void CalendarStep::await_news() {
  if (!may_run_by_itself()) return;
  if (!state.news) state.news = context.now;
  const WallTime due = std::min(context.now + kNewsPause, *state.news + kNewsPatience);
  out.timers.push_back({std::string(kNewsTimer), due, false});
}

void CalendarStep::forget_news() {
  if (!state.news) return;
  state.news.reset();
  out.timers.push_back({std::string(kNewsTimer), std::nullopt, false});
}

Pass CalendarStep::make_pass(PassMode mode, bool confirming) {
  forget_news();
  Pass pass;
  pass.mode = mode;
  pass.confirming = confirming;
  pass.generation = ++state.generation;
  if (mode == PassMode::incremental) pass.cursor = state.cursor;
  pass.started = context.now;
  state.last_mode = mode;
  return pass;
}

void CalendarStep::begin_pass(PassMode mode, bool confirming) {
  pull(make_pass(mode, confirming));
}

void CalendarStep::pull(Pass pass) {
  cancel_timer();
  pass.items_in_pull = 0;
  std::string cause = std::exchange(pass.correlation_id, {});
  if (cause == context.correlation_id) cause.clear();
  if (state.pause != Pause::none) {
    state.phase = Waiting{std::move(pass)};
    return;
  }
  const PullOrder order{
      state.identity.account, state.identity.id, state.identity.remote_id, pass.mode, pass.cursor,
      pass.generation,        pass.pulls == 0};
  out.effects.push_back({std::string(kPullExecutor),
                         std::string(context.tenant) + "/" + state.identity.account, encode(order),
                         std::move(cause)});
  state.phase = Pulling{std::move(pass), context.sequence};
}

void CalendarStep::remember(PassMode mode) {
  state.requested = state.requested ? std::max(*state.requested, mode) : mode;
}

Result<void> CalendarStep::apply(Pass& pass, const std::vector<PageItem>& items) {
  for (const auto& item : items) TM_TRY(apply_item(edit, pass, item));
  count_events(pass);
  return {};
}

void CalendarStep::count_events(Pass& pass) {
  for (; counted_ < edit.events.size(); ++counted_) {
    const std::string& type = edit.events[counted_].type;
    if (type == kEventCreated) ++pass.created;
    if (type == kEventUpdated) ++pass.updated;
    if (type == kEventDeleted) ++pass.deleted;
  }
}

void CalendarStep::continue_soon() {
  out.messages.push_back({context.instance, std::string(input_type::kContinue), {}});
}

Result<void> CalendarStep::finish(Finishing phase) {
  const auto one_piece = [&]() -> Result<bool> {
    switch (phase.stage) {
      case FinishStage::sweep: return sweep_unseen(edit, phase.pass, phase.from);
      case FinishStage::deletions: return settle_deletions(edit, phase.pass, phase.from);
      case FinishStage::creations: return settle_creations(edit, phase.from);
      case FinishStage::pending: return drop_stale_pending(edit, phase.pass, phase.from);
      case FinishStage::ahead: return drop_stale_ahead(edit, phase.pass, phase.from);
    }
    return fail(Errc::internal, "a finishing stage of unknown kind");
  };
  for (;;) {
    TM_ASSIGN(const bool done, one_piece());
    if (done) {
      if (phase.stage == FinishStage::sweep && !phase.pass.confirming &&
          would_empty_the_mirror(phase.pass, state.counts)) {
        begin_confirmation();
        return {};
      }
      if (phase.stage == FinishStage::ahead) break;
      phase.stage = static_cast<FinishStage>(static_cast<std::uint8_t>(phase.stage) + 1);
      phase.from.clear();
    }
    if (!done || edit.rows.change_count() > kSmallStepRows) {
      count_events(phase.pass);
      state.phase = std::move(phase);
      continue_soon();
      return {};
    }
  }
  count_events(phase.pass);
  conclude(phase.pass);
  return {};
}

void CalendarStep::plan_reconcile_after(const Pass& pass) {
  if (pass.complete_listing) {
    state.last_reconcile = context.now;
    state.reconcile_due.reset();
  }
  // Bodies that were announced and never came would otherwise stay behind the cursor for good.
  if (!pass.suspicious && state.counts.pending == 0) return;
  const WallTime due =
      std::max(context.now,
               state.last_reconcile ? *state.last_reconcile + kReconcileAtMostEvery : WallTime{});
  state.reconcile_due = state.reconcile_due ? std::min(*state.reconcile_due, due) : due;
}

void CalendarStep::conclude(const Pass& pass) {
  state.cursor = pass.cursor;
  state.last_sync = context.now;
  state.health = Health::ok;
  state.failures = 0;
  state.stale_in_a_row = 0;
  state.error_code.clear();
  state.error.clear();
  state.phase = Idle{};
  plan_reconcile_after(pass);
  if (!is_quiet(pass.mode, pass.pulls <= 1, true, pass.items, pass.complete_listing)) report(pass);

  std::optional<PassMode> next = std::exchange(state.requested, std::nullopt);
  if (!next && state.reconcile_due && *state.reconcile_due <= context.now) {
    next = PassMode::reconcile;
  }
  if (next && state.pause == Pause::none) {
    begin_pass(choose_mode(*next));
  } else {
    wake_at_next_poll();
    if (state.news) await_news();
  }
}

void CalendarStep::report(const Pass& pass) {
  PassReport report;
  report.mode = to_text(pass.mode);
  report.latency_ms =
      static_cast<std::uint64_t>(std::max<std::int64_t>((context.now - pass.started).count(), 0));
  report.fetched = pass.fetched;
  report.created = pass.created;
  report.updated = pass.updated;
  report.deleted = pass.deleted;
  send_report(std::move(report));
}

void CalendarStep::send_report(PassReport report) {
  report.connector = state.identity.provider + ":" + state.identity.account;
  report.calendar = state.identity.id;
  report.name = state.identity.name;
  report.resources = state.counts.resources;
  report.quarantined = state.counts.quarantined;
  out.effects.push_back(
      {std::string(kReportExecutor), std::string(context.tenant), encode(report)});
}

void CalendarStep::wait_with(Pass pass, Health health, std::chrono::milliseconds delay) {
  state.health = health;
  state.phase = Waiting{std::move(pass)};
  wake_after(delay);
}

// Calendar rules 5 and 6 for Google, 8 for CalDAV: the old mirror stays, everything is compared.
void CalendarStep::refuse_cursor(Pass pass, const Error& error) {
  const bool had_cursor = !pass.cursor.empty();
  ++state.stale_in_a_row;
  if (!had_cursor || state.stale_in_a_row > kFailuresBeforeRestart) {
    pass.cursor.clear();
    if (pass.mode == PassMode::incremental) pass.mode = PassMode::reconcile;
    wait_with(
        std::move(pass), Health::failing,
        backoff_delay(kFailingBackoff, ++state.failures, error.retry_after, context.sequence));
    return;
  }
  if (pass.mode == PassMode::incremental) {
    state.cursor.clear();
    begin_pass(choose_mode(PassMode::reconcile));
  } else {
    begin_pass(pass.mode, pass.confirming);
  }
}

void CalendarStep::fail_pass(Pass pass, const Error& error) {
  state.error_code = name(error.code);
  state.error = error.message;
  if (error.code == Errc::stale_cursor) return refuse_cursor(std::move(pass), error);
  ++state.failures;
  const auto delay = [&](const Backoff& backoff) {
    return backoff_delay(backoff, state.failures, error.retry_after, context.sequence);
  };
  if (error.code == Errc::unauthorized) {
    refuse_credentials(error);
    wait_with(std::move(pass), Health::suspended, {});
  } else if (error.code == Errc::forbidden) {
    wait_with(std::move(pass), Health::suspended, delay(kForbiddenBackoff));
  } else if (error.code == Errc::not_found) {
    ask_account(true);
    wait_with(std::move(pass), Health::failing, delay(kFailingBackoff));
  } else if (retryable(error.code) || error.code == Errc::cancelled) {
    wait_with(std::move(pass), Health::retrying, delay(kRetryBackoff));
  } else {
    wait_with(std::move(pass), Health::failing, delay(kFailingBackoff));
  }
}

// Not even a timer: who may try again, and when, is the account's to say.
void CalendarStep::refuse_credentials(const Error& error) {
  state.pause = Pause::credentials;
  state.health = Health::suspended;
  state.error_code = name(error.code);
  state.error = error.message;
  out.messages.push_back(
      {account(), std::string(input_type::kCredentialsRefused), encode(CredentialsRefused{error})});
}

void CalendarStep::retry(Pass pass) {
  const bool give_up_on_it = state.health == Health::failing && !pass.cursor.empty() &&
                             state.failures % kFailuresBeforeRestart == 0;
  if (!give_up_on_it) {
    pull(std::move(pass));
  } else if (pass.mode == PassMode::incremental) {
    begin_pass(choose_mode(PassMode::reconcile));
  } else {
    begin_pass(pass.mode, pass.confirming);
  }
}

void CalendarStep::contest_removal() {
  out.messages.push_back({account(), std::string(input_type::kCalendarCheck),
                          encode(CalendarCheck{state.identity.remote_id, false, true})});
}

void CalendarStep::ask_account(bool missing) {
  out.messages.push_back({account(), std::string(input_type::kCalendarCheck),
                          encode(CalendarCheck{state.identity.remote_id, missing})});
}

// Calendar rule 16, and vdirsyncer's: a side that suddenly is empty is not believed at once.
void CalendarStep::begin_confirmation() {
  state.error_code = "emptied";
  state.error =
      "the server suddenly lists nothing; nothing is deleted until a second look at it agrees";
  state.phase = Confirming{false, !state.schedule.scheduled};
  ask_account(false);
  wake_after(state.schedule.confirm_after);
}

void CalendarStep::confirm_when_ready(Confirming phase) {
  if (phase.present && phase.waited && state.pause == Pause::none) {
    begin_pass(PassMode::reconcile, true);
  } else {
    state.phase = phase;
  }
}

void CalendarStep::begin_removal(Removing phase) {
  cancel_timer();
  state.phase = phase;
  continue_soon();
}

Result<void> CalendarStep::remove_piece(Removing phase) {
  if (phase.reported) {
    state.phase = phase;
    return {};
  }
  TM_ASSIGN(const bool mirror_gone, remove_some(edit));
  phase.deleted += edit.events.size();
  TM_ASSIGN(const bool writes_gone, WriteStep(*this).drop_some());
  const bool done = mirror_gone && writes_gone;
  phase.reported = done;
  state.phase = phase;
  if (!done) {
    continue_soon();
    return {};
  }
  PassReport report;
  report.mode = "removal";
  report.deleted = phase.deleted;
  send_report(std::move(report));
  return {};
}

void CalendarStep::wake_after(std::chrono::milliseconds delay) {
  cancel_timer();
  if (!may_run_by_itself()) return;
  state.next_sync = context.now + delay;
  out.timers.push_back({std::string(kSyncTimer), state.next_sync, true});
}

void CalendarStep::wake_at_next_poll() {
  if (mutated(Mutation::sync_skipped) && context.sequence % 16 == 0) return;
  wake_after(with_jitter(state.schedule.poll, 10, context.sequence));
}

void CalendarStep::cancel_timer() {
  std::erase_if(out.timers, [](const TimerChange& timer) { return timer.name == kSyncTimer; });
  if (!state.next_sync) return;
  state.next_sync.reset();
  out.timers.push_back({std::string(kSyncTimer), std::nullopt, false});
}

bool is_quiet(PassMode mode, bool first_pull, bool last_pull, std::uint64_t items,
              bool complete_listing) {
  return mode == PassMode::incremental && first_pull && last_pull && items == 0 &&
         !complete_listing;
}

}  // namespace tidemark::sync
