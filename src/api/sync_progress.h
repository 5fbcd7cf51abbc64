// How far a sync has come: what one correlation id has set off, added up from its journal records.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/result.h"
#include "engine/journal.h"
#include "store/store.h"
#include "sync/rows.h"

namespace tidemark {

struct SyncProgress {
  struct Counts {
    sync::InstanceParts parts;
    std::uint64_t created = 0;
    std::uint64_t updated = 0;
    std::uint64_t deleted = 0;
  };
  Sequence last = 0;
  bool known = false;  // there is at least one record
  WallTime started{};  // of the first
  std::int64_t asked = 0;
  std::int64_t ended = 0;
  std::map<std::string, Counts> calendars{};              // by instance
  std::map<std::string, sync::InstanceParts> accounts{};  // likewise

  // Effects and messages that were asked for and have not come back: each leaves the outbox with
  // the record that `completes` it, so the difference is how much is still to be done.
  std::int64_t outstanding() const { return asked - ended; }
};

Json to_json(const SyncProgress& progress);  // the list of calendars

// Adds the records after progress.last that the filter lets through (its position is not used).
Result<void> add_records(const StoreView& view, RecordFilter filter, SyncProgress& progress);

// Remembers the sums of the latest few, so that asking again reads only what is new. Thread-safe.
class SyncProgressReader {
 public:
  // tenant empty: all.
  Result<SyncProgress> read(const StoreView& view, const std::string& tenant,
                            const std::string& correlation);

 private:
  using Key = std::pair<std::string, std::string>;
  std::mutex mutex_;
  std::list<std::pair<Key, SyncProgress>> latest_;  // the most recently asked for in front
};

}  // namespace tidemark
