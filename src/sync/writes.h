// The commands that change events, as everyone but their machine sees them. Read-only, thread-safe,
// works on a live store or a snapshot.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "store/store.h"
#include "sync/mirror.h"

namespace tidemark {

struct WriteStatus {
  std::string id;      // "wrt_..."
  std::string status;  // "accepted", "sending", "done", "conflict", "failed"
  std::string kind;    // "create", "update", "delete"
  std::string correlation_id;
  WallTime accepted{};
  std::optional<WallTime> finished{};
  std::string external_event_id{};
  Json ours = nullptr;       // the members that were asked for
  Json event = nullptr;      // done: as the server has it
  Json theirs = nullptr;     // conflict: the server's version; null: it has none
  std::string error_code{};  // also of the last attempt of one that waits
  std::string error{};

  bool ended() const { return finished.has_value(); }
};
Json to_json(const WriteStatus& status);

// Errc::not_found: never accepted, or forgotten (1,000 that have ended are remembered).
Result<WriteStatus> find_write(const StoreView& view, const CalendarStatus& calendar,
                               const std::string& id);
// Those that wait first, each part in the order of acceptance; at most `limit`.
Result<std::vector<WriteStatus>> list_writes(const StoreView& view, const CalendarStatus& calendar,
                                             std::size_t limit);

}  // namespace tidemark
