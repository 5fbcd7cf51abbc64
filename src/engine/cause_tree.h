// What led to what: the records of one correlation as a forest. A record hangs below the effect or
// the message that it answers, else below the record that caused it (a timer it set), else it is a
// root: what came from outside. Read-only and thread-safe, as engine/journal.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/journal.h"

namespace tidemark {

inline constexpr std::size_t kMaxCauseRecords = 5000;

struct CauseTree {
  static constexpr std::size_t kNone = ~std::size_t{0};

  // What one record put into the outbox.
  struct Output {
    enum class State {
      done,     // a record has its result
      waiting,  // in the outbox: not begun, or on its way
      dropped,  // its instance ended, and with it the wish for a result
      unknown,  // the records of the tree do not say, because there are more of them
    };
    State state = State::unknown;
    std::vector<std::size_t> records;  // what it led to: progress, results, the message's step
  };
  struct Node {
    JournalRecord record;                // without the bytes of state and payloads
    std::size_t parent = kNone;          // index of a node before this one
    std::vector<Output> outputs{};       // effects, then messages, as the record has them
    std::vector<std::size_t> records{};  // caused by the record itself
    std::size_t below = 0;               // records in its subtree, itself not counted
  };
  std::vector<Node> nodes;         // ascending by sequence
  std::vector<std::size_t> roots;  // indexes of nodes
  Sequence next = 0;               // not 0: the correlation has more records, after this one
};

// The records of a correlation after `after`, at most `most` of them; tenant empty: of all.
Result<CauseTree> read_cause_tree(const StoreView& view, const std::string& tenant,
                                  const std::string& correlation_id, Sequence after = 0,
                                  std::size_t most = kMaxCauseRecords);

}  // namespace tidemark
