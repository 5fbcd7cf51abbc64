// States and rows as they were: reading the past without rebuilding it.
//
// Every row says which record gave it its value, and a step of a machine that remembers its rows
// (AnyMachine::remembers) leaves behind, for each row it changes, the row before: kind 8 of the
// journal index, by row and sequence. A row as of record S is what it is now when that is not
// newer, otherwise what the first change after S replaced: a lookup and a seek. A state as of S is
// in the instance's last record up to S.
//
//   TM_ASSIGN(const auto sequence, sequence_as_of(store, time));
//   TM_ASSIGN(const auto then, view_as_of(store, sequence));
//   read_row(*then, instance, key);
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

namespace tidemark {

// The last record at or before that time; 0: there was none. Times grow with sequences as long as
// the clock is not set back; where it was, it is one of the records around that moment.
Result<Sequence> sequence_as_of(const StoreView& view, WallTime time);

// Instances and their rows right after record `sequence`; 0: before the first. Of machines that do
// not remember, and of all other tables, reads fail with Errc::internal. Must not outlive the
// store. Errc::invalid_argument: the journal ends before it; Errc::not_found: no history is kept
// from so long ago.
Result<std::unique_ptr<StoreView>> view_as_of(const Store& store, Sequence sequence);

// Adds to the batch that nothing is known of before record `sequence`, because the records up to it
// are being dropped (audit/retention.h).
Result<void> forget_before(const StoreView& view, Sequence sequence, WriteBatch& batch);

// At open: from here on history is kept, unless it was before.
Result<void> begin_history(Store& store);

}  // namespace tidemark
