#include "sync/write_step.h"

#include <algorithm>
#include <utility>

#include "base/mutation.h"
#include "base/text.h"
#include "sync/account_inputs.h"
#include "sync/backoff.h"
#include "sync/write_inputs.h"
#include "sync/write_notes.h"
#include "sync/write_target.h"

namespace tidemark::sync {
namespace {

constexpr std::chrono::hours kGiveUpAfter{24};
constexpr std::size_t kDroppedPerStep = 50;

// The event a command was about, of what the server has: nothing where there is none.
const CalendarEvent* event_of(const PageItem& item, const std::string& rid) {
  const auto found = std::find_if(item.events.begin(), item.events.end(), [&](const auto& placed) {
    return placed.event.recurrence_id == rid;
  });
  return found == item.events.end() ? nullptr : &found->event;
}

FinishedWrite ended(WriteEnd end, const WaitingWrite& row) {
  FinishedWrite finished;
  finished.end = end;
  finished.kind = row.kind;
  finished.accepted = row.accepted;
  finished.correlation_id = row.correlation_id;
  finished.event_id = row.event_id;
  if (row.kind != WriteKind::remove) finished.ours = to_json(row.changes);
  return finished;
}

FinishedWrite failed(const WaitingWrite& row, const Error& error) {
  FinishedWrite finished = ended(WriteEnd::failed, row);
  finished.error_code = name(error.code);
  finished.error = error.message;
  return finished;
}

Error gave_up(const WaitingWrite& row) {
  Error error{Errc::timeout, "given up after 24 hours", std::nullopt};
  if (!row.error.empty()) error.message += "; the last error was: " + row.error;
  return error;
}

Result<void> may_be_written(const CalendarState& state) {
  const auto* writing = std::get_if<Writing>(&state.phase);
  const bool soon_gone = writing != nullptr && writing->removal;
  if (soon_gone || std::holds_alternative<Removing>(state.phase)) {
    return fail(Errc::not_found, "the calendar is gone from its server");
  }
  if (!state.identity.write) {
    return fail(Errc::forbidden, "account " + state.identity.account +
                                     " is read-only here; set `write = true` in its [[account]] "
                                     "and restart to let events be changed");
  }
  if (state.identity.read_only) {
    return fail(Errc::forbidden, "calendar \"" + state.identity.name +
                                     "\" is read-only: its server does not let account " +
                                     state.identity.account + " change it; get the right there");
  }
  if (state.pause == Pause::deselected) {
    return fail(
        Errc::forbidden,
        "calendar \"" + state.identity.name +
            "\" is not selected by the configuration any more; see `calendars` of account " +
            state.identity.account);
  }
  return {};
}

}  // namespace

Result<void> WriteStep::accept(const WriteRequested& input) {
  TM_TRY(may_be_written(state_));
  if (state_.writes.waiting >= kMaxWaitingWrites) {
    return fail(Errc::overloaded, std::to_string(kMaxWaitingWrites) +
                                      " commands wait for this calendar already; try again later");
  }
  WaitingWrite row;
  row.kind = input.kind;
  row.accepted = step_.context.now;
  row.correlation_id = step_.context.correlation_id;
  row.changes = input.changes;
  if (input.kind == WriteKind::create) {
    TM_TRY(check_times(changed({}, input.changes)));
  } else {
    TM_ASSIGN(const WriteTarget target, find_write_target(step_.edit.rows, input.event));
    TM_TRY(check_version(target, input.if_match));
    if (input.kind == WriteKind::update && target.event) {
      TM_TRY(check_times(changed(*target.event, input.changes)));
    }
    row.event_id = input.event;
    row.href = target.href;
    row.recurrence_id = target.recurrence_id;
    row.base_hash = target.index.body_hash;
    row.pinned = !input.if_match.empty() && trim(input.if_match) != "*";
  }
  const Sequence write = step_.context.sequence;
  step_.edit.rows.put(write_key(kWaitingWriteRow, write), encode(row));
  ++state_.writes.waiting;
  step_.out.timers.push_back(
      {write_deadline_timer(write), step_.context.now + kGiveUpAfter, false});
  return {};
}

bool WriteStep::is_due() const {
  const auto& writes = state_.writes;
  return writes.waiting > 0 && state_.pause == Pause::none &&
         (!writes.not_before || *writes.not_before <= step_.context.now);
}

Result<void> WriteStep::begin_if_due() {
  if (step_.out.end || !is_due()) return {};
  if (std::holds_alternative<Idle>(state_.phase)) return begin(std::nullopt, false);
  auto* waiting = std::get_if<Waiting>(&state_.phase);
  return waiting == nullptr ? Result<void>{} : begin(std::move(waiting->pass), true);
}

Result<void> WriteStep::begin_before(Pass pass) {
  return begin(std::move(pass), false);
}

Result<void> WriteStep::begin(std::optional<Pass> pass, bool resting) {
  const std::string prefix(1, kWaitingWriteRow);
  Sequence write = 0;
  step_.edit.rows.scan(prefix, prefix, [&](std::string_view key, std::string_view) {
    write = sequence_of_write_key(key);
    return false;
  });
  TM_ASSIGN(const WaitingWrite row, read(write));
  const WriteTask task{state_.identity.account,
                       state_.identity.id,
                       state_.identity.remote_id,
                       write_id(row.accepted, write),
                       row.kind,
                       row.accepted,
                       row.href,
                       row.recurrence_id,
                       row.base_hash,
                       row.changes};
  step_.out.effects.push_back(
      {std::string(kWriteExecutor),
       std::string(step_.context.tenant) + "/" + state_.identity.account, encode(task),
       row.correlation_id == step_.context.correlation_id ? std::string() : row.correlation_id});
  if (pass && !resting && pass->correlation_id.empty()) {
    pass->correlation_id = step_.context.correlation_id;
  }
  state_.phase = Writing{step_.context.sequence, write, std::move(pass), resting};
  return {};
}

Result<WaitingWrite> WriteStep::read(Sequence write) const {
  const auto bytes = step_.edit.rows.get(write_key(kWaitingWriteRow, write));
  if (!bytes) return fail(Errc::corrupt, "a command that waits has no row");
  return decode_waiting_write(*bytes);
}

// The mirror takes what the server now has, as if a pull had brought it; a deletion at once.
Result<void> WriteStep::apply(Pass& pass, const PageItem& item) {
  TM_ASSIGN(auto cursor, cursor_view(step_.edit, pass, item.href));
  if (item.kind != PageItem::Kind::deleted) {
    TM_TRY(apply_item(step_.edit, pass, item));
  } else {
    TM_TRY(apply_deletion(pass, item.href));
  }
  if (!mutated(Mutation::write_trusted_to_stay)) {
    note_ahead(step_.edit, pass, item.href, std::move(cursor));
  }
  return {};
}

Result<void> WriteStep::apply_deletion(Pass& pass, const std::string& href) {
  TM_ASSIGN(const auto index, read_index(step_.edit.rows, href));
  if (!index) return {};
  if (index->deleted_in == pass.generation && pass.deferred_deletions > 0) {
    --pass.deferred_deletions;
  } else if (index->generation == pass.generation && pass.seen > 0) {
    --pass.seen;
  }
  return remove_resource(step_.edit, href, *index, true);
}

// Commands that were accepted for the version which this one has just replaced mean the new one,
// but nothing that others have made of it: nobody had seen that.
void WriteStep::follow_own_change(const WaitingWrite& made, const std::string& new_hash) {
  if (made.href.empty() || new_hash.empty() || new_hash == made.base_hash) return;
  std::vector<std::pair<std::string, WaitingWrite>> followers;
  const std::string prefix(1, kWaitingWriteRow);
  step_.edit.rows.scan(prefix, prefix, [&](std::string_view key, std::string_view value) {
    auto row = decode_waiting_write(value);
    if (row && !row->pinned && row->href == made.href && row->base_hash == made.base_hash) {
      followers.emplace_back(key, std::move(*row));
    }
    return true;
  });
  for (auto& [key, row] : followers) {
    row.base_hash = new_hash;
    step_.edit.rows.put(key, encode(row));
  }
}

// A listing lacked the calendar, and it may well be there: it is looked for again.
void WriteStep::doubt_removal(Writing& phase) {
  if (!phase.removal || !phase.removal->listed) return;
  phase.removal.reset();
  step_.contest_removal();
}

void WriteStep::note_shown(Writing& phase, const PageItem& item) {
  if (item.kind == PageItem::Kind::deleted) return;
  state_.last_shown = step_.context.now;
  doubt_removal(phase);
}

Result<void> WriteStep::succeed(Writing phase, const WriteDone& input) {
  TM_ASSIGN(const WaitingWrite row, read(phase.write));
  note_shown(phase, input.item);
  Pass alone;
  alone.generation = state_.generation;
  Pass& pass = phase.pass ? *phase.pass : alone;
  // The pass has met the resource; what a pull fetched and told, it did not.
  const Pass before = pass;
  if (!mutated(Mutation::echo_taken_for_foreign)) TM_TRY(apply(pass, input.item));
  pass.items = before.items;
  pass.items_in_pull = before.items_in_pull;
  pass.fetched = before.fetched;

  FinishedWrite finished = ended(WriteEnd::done, row);
  if (const auto* event = event_of(input.item, row.recurrence_id)) {
    finished.event = to_json(*event);
    finished.event_id = event->external_event_id;
  }
  finish(phase.write, std::move(finished));
  if (!input.mixed) follow_own_change(row, input.item.body_hash);
  go_on(std::move(phase));
  return {};
}

Result<void> WriteStep::meet_conflict(Writing phase, const WriteConflicted& input) {
  TM_ASSIGN(const WaitingWrite row, read(phase.write));
  note_shown(phase, input.item);
  FinishedWrite finished = ended(WriteEnd::conflict, row);
  finished.error_code = name(Errc::conflict);
  if (const auto* theirs = event_of(input.item, row.recurrence_id)) {
    finished.event = to_json(*theirs);
    finished.error = "the server has another version of the event; nothing was changed there";
  } else {
    finished.error =
        input.item.kind == PageItem::Kind::deleted
            ? "the server has no such event any more; nothing was changed there"
            : "the server has another version of the series; nothing was changed there";
  }
  finish(phase.write, std::move(finished));
  go_on(std::move(phase));
  // The mirror is behind: whoever reads it to decide anew should see what is there now.
  if (std::holds_alternative<Idle>(state_.phase)) step_.wake_after(std::chrono::milliseconds{0});
  return {};
}

Result<void> WriteStep::meet_failure(Writing phase, const WriteFailed& input) {
  const Error& error = input.error;
  TM_ASSIGN(WaitingWrite row, read(phase.write));
  if (error.code == Errc::unauthorized) {
    // Who may try again, and when, is the account's to say; the command waits.
    row.error_code = name(error.code);
    row.error = error.message;
    step_.edit.rows.put(write_key(kWaitingWriteRow, phase.write), encode(row));
    step_.refuse_credentials(error);
    go_on(std::move(phase));
    return {};
  }
  bool may_help = retryable(error.code) || error.code == Errc::cancelled;
  if (mutated(Mutation::write_fails_at_once)) may_help = false;
  if (!may_help || step_.context.now >= row.accepted + kGiveUpAfter) {
    row.error = error.message;
    finish(phase.write, failed(row, may_help ? gave_up(row) : error));
    go_on(std::move(phase));
    return {};
  }
  // The server may have taken it all the same.
  doubt_removal(phase);
  row.error_code = name(error.code);
  row.error = error.message;
  step_.edit.rows.put(write_key(kWaitingWriteRow, phase.write), encode(row));
  const auto delay = backoff_delay(kRetryBackoff, ++state_.writes.failures, error.retry_after,
                                   step_.context.sequence);
  state_.writes.not_before = step_.context.now + delay;
  step_.out.timers.push_back({std::string(kWriteRetryTimer), state_.writes.not_before, false});
  go_on(std::move(phase));
  return {};
}

Result<void> WriteStep::give_up(Sequence write) {
  const auto bytes = step_.edit.rows.get(write_key(kWaitingWriteRow, write));
  if (!bytes) return {};
  TM_ASSIGN(const WaitingWrite row, decode_waiting_write(*bytes));
  finish(write, failed(row, gave_up(row)));
  return {};
}

Result<bool> WriteStep::drop_some() {
  std::vector<std::pair<Sequence, WaitingWrite>> waiting;
  std::vector<std::string> finished;
  std::optional<Error> error;
  const auto full = [&] { return waiting.size() + finished.size() >= kDroppedPerStep; };
  const std::string of_waiting(1, kWaitingWriteRow);
  step_.edit.rows.scan(of_waiting, of_waiting, [&](std::string_view key, std::string_view value) {
    if (full()) return false;
    auto row = decode_waiting_write(value);
    if (!row) {
      error = row.error();
      return false;
    }
    waiting.emplace_back(sequence_of_write_key(key), std::move(*row));
    return true;
  });
  if (error) return fail(*error);
  for (const auto& [write, row] : waiting) {
    finish(write,
           failed(row, {Errc::not_found, "the calendar is gone from its server", std::nullopt}));
  }
  const std::string of_finished(1, kFinishedWriteRow);
  step_.edit.rows.scan(of_finished, of_finished, [&](std::string_view key, std::string_view) {
    if (full()) return false;
    finished.emplace_back(key);
    return true;
  });
  for (auto& key : finished) step_.edit.rows.erase(std::move(key));
  state_.writes.finished -= std::min<std::uint64_t>(state_.writes.finished, finished.size());
  return state_.writes.waiting == 0 && state_.writes.finished == 0;
}

void WriteStep::go_on(Writing phase) {
  if (phase.removal) {
    step_.begin_removal({.revive = phase.removal->revive});
  } else if (!phase.pass) {
    state_.phase = Idle{};
  } else if (phase.resting) {
    state_.phase = Waiting{std::move(*phase.pass)};
  } else {
    step_.pull(std::move(*phase.pass));
  }
}

void WriteStep::finish(Sequence write, FinishedWrite finished) {
  finished.finished = step_.context.now;
  step_.edit.rows.erase(write_key(kWaitingWriteRow, write));
  step_.edit.rows.put(write_key(kFinishedWriteRow, write), encode(finished));
  if (!mutated(Mutation::write_end_not_told) || write % 8 != 0) {
    step_.edit.events.push_back(write_note(state_.identity, write, finished));
  }
  --state_.writes.waiting;
  ++state_.writes.finished;
  step_.out.timers.push_back({write_deadline_timer(write), std::nullopt, false});
  if (state_.writes.not_before) {
    step_.out.timers.push_back({std::string(kWriteRetryTimer), std::nullopt, false});
  }
  state_.writes.not_before.reset();
  state_.writes.failures = 0;
  if (state_.writes.finished > kMaxFinishedWrites) forget_oldest();
}

void WriteStep::forget_oldest() {
  const std::string prefix(1, kFinishedWriteRow);
  std::string oldest;
  step_.edit.rows.scan(prefix, prefix, [&](std::string_view key, std::string_view) {
    oldest = key;
    return false;
  });
  step_.edit.rows.erase(oldest);
  --state_.writes.finished;
}

}  // namespace tidemark::sync
