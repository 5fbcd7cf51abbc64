// What a step of a calendar's machine can do about commands: accept one, begin the next, end the
// one under way. One is under way at a time, in the order they were accepted, and never beside a
// pull: so what it brings can be put into the mirror in the step that ends it.
#pragma once

#include <optional>
#include <string_view>

#include "sync/calendar_step.h"

namespace tidemark::sync {

class WriteStep {
 public:
  explicit WriteStep(CalendarStep& step) : step_(step), state_(step.state) {}

  // forbidden: this calendar is not written; not_found: no such event; conflict: it is another
  // version by now; overloaded: too many wait; invalid_argument.
  Result<void> accept(const WriteRequested& input);

  bool is_due() const;
  // At rest: begins the first one that waits, when it is due.
  Result<void> begin_if_due();
  // Between two pulls of a pass, which goes on afterwards.
  Result<void> begin_before(Pass pass);

  Result<void> succeed(Writing phase, const WriteDone& input);
  Result<void> meet_conflict(Writing phase, const WriteConflicted& input);
  Result<void> meet_failure(Writing phase, const WriteFailed& input);
  // Its time is over; nothing when it has ended already.
  Result<void> give_up(Sequence write);

  // The calendar is gone: fails or forgets some; true once there are none.
  Result<bool> drop_some();

 private:
  Result<WaitingWrite> read(Sequence write) const;
  Result<void> begin(std::optional<Pass> pass, bool resting);
  Result<void> apply(Pass& pass, const PageItem& item);
  Result<void> apply_deletion(Pass& pass, const std::string& href);
  void follow_own_change(const WaitingWrite& made, const std::string& new_hash);
  void doubt_removal(Writing& phase);
  void note_shown(Writing& phase, const PageItem& item);
  void go_on(Writing phase);
  void finish(Sequence write, FinishedWrite finished);
  void forget_oldest();

  CalendarStep& step_;
  CalendarState& state_;
};

}  // namespace tidemark::sync
