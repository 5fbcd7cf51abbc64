// Checks a journal against itself and against its signed checkpoints. Reads only; a part at a time,
// so that a long history can be checked by many short calls.
//
// What is checked of each record: that it is there, that its bytes have its leaf hash, that it is
// the record its key says; of the tree: that each stored node is the hash of what lies below it.
// With `payloads` also that inputs and events have the hashes their record names: those are not in
// the tree themselves. What retention dropped (audit/retention.h) may be missing, and payloads that
// were erased; that is taken from nothing but the decisions in the journal itself. Then the
// checkpoints: their signature, and that the tree has their root.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/signed_note.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "store/store.h"

namespace tidemark::audit {

inline constexpr std::uint64_t kRecordsPerPart = 1U << 16;

struct Finding {
  Sequence sequence = 0;  // the first record that it is about
  std::string what;
};

struct VerifiedPart {
  std::uint64_t records = 0;
  std::uint64_t payloads = 0;  // inputs and events whose bytes were checked
  // Records that are not there because retention dropped them: of this part, and up to which one in
  // all, when that was decided and behind the checkpoint of how many records.
  std::uint64_t dropped = 0;
  Sequence dropped_through = 0;
  WallTime dropped_at{};
  std::uint64_t dropped_behind = 0;
  std::uint64_t explained = 0;       // payloads that retention dropped, or that were erased
  Sequence next = 0;                 // where the next part begins: after this one; 0: that was all
  std::optional<Finding> finding{};  // the first thing that is wrong; nothing after it was checked
};

struct VerifyOptions {
  Sequence after = 0;  // a multiple of kRecordsPerPart
  Sequence last = 0;   // check no further
  bool ends = false;   // and nothing may come behind it
  bool payloads = false;
};

// Errors are those of reading; what is wrong with the journal is a finding.
Result<VerifiedPart> verify_records(const StoreView& view, const VerifyOptions& options);

// The nodes above the parts' own, and the checkpoints: signed notes, in any order.
struct VerifiedCheckpoints {
  std::uint64_t checkpoints = 0;
  std::optional<Finding> finding{};
};
// All stored ones, but for those that were signed after verifying up to `last` began: of more
// records than that, though not of more than `newest`.
Result<std::vector<std::string>> notes_to_verify(const StoreView& view, Sequence last,
                                                 Sequence newest);

Result<VerifiedCheckpoints> verify_checkpoints(const StoreView& view, Sequence last,
                                               const std::vector<std::string>& notes,
                                               const VerifierKey& key);

}  // namespace tidemark::audit
