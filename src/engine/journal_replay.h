// The whole journal of one store, stepped again into an empty one: does this binary do what was
// done?
//
// Every recorded input is handed to this binary's machines, at the time and place of its record.
// What they would write is compared with the record: the state, every row, event, effect, timer and
// message, by bytes or by hash. The target gets everything that steps write (rows, states, timers,
// outbox, events, indexes, journal), so that after a replay without differences it is the source as
// it was then, and can be opened as a store of its own.
//
// After a difference the instance goes ways of its own: its later records are passed over, and all
// others go on, because each input is the recorded one.
//
// Blocking, single-threaded; memory for some hundred records. The source must not change meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/journal.h"
#include "engine/machine.h"
#include "store/store.h"

namespace tidemark {

struct ReplayOptions {
  std::optional<Sequence> through{};  // the last record to step; nothing: all
  std::optional<WallTime> until{};    // only records of this time or before
  // How many differences are kept in full; the others are counted. The replay goes on.
  std::size_t most_differences = 10;
  // Called now and then; false ends the replay with Errc::cancelled.
  std::function<bool(Sequence done, Sequence last)> progress{};
};

struct ReplayDifference {
  JournalRecord recorded;
  std::string input;
  std::optional<JournalRecord> now{};  // what this binary would record; nothing: it fails
  std::string what;                    // in words: what differs, or how it fails
};

struct ReplayReport {
  Sequence last = 0;              // the last record that was looked at
  std::uint64_t records = 0;      // stepped and the same
  std::uint64_t different = 0;    // stepped and not the same
  std::uint64_t passed_over = 0;  // of an instance that had differed before
  std::vector<ReplayDifference> differences{};
  struct Made {
    std::string kind;
    std::uint32_t version = 0;  // that made them
    std::uint32_t current = 0;  // this binary's; 0: it has no such machine
    std::uint64_t records = 0;
  };
  std::vector<Made> made{};
  // Whether source and target were the same afterwards, table by table (instances, rows, timers,
  // outbox): nothing when that was not looked at, because there were differences or because the
  // source goes on behind `last`.
  std::optional<std::uint64_t> values_compared{};
  std::string first_different_value{};  // empty: none
  // Secrets that a recorded input brought and the source no longer has: the target lacks them.
  std::vector<std::string> missing_secrets{};

  bool same() const { return different == 0 && first_different_value.empty(); }
};

// Errc::corrupt when a record or an input cannot be read back (`audit verify` says more),
// Errc::not_found when the beginning of the journal is not there; Errc::invalid_argument when the
// target is not empty.
Result<ReplayReport> replay_journal(const Store& source, Store& target,
                                    const std::vector<AnyMachine>& machines,
                                    const ReplayOptions& options = {});

}  // namespace tidemark
