// Which timers are due. The timers themselves stay on disk, ordered by due time; in memory is only
// when to look next and which ones are on their way. Used by the engine's loop only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/inbox.h"
#include "store/store.h"

namespace tidemark::engine {

class TimerQueue {
 public:
  explicit TimerQueue(const StoreView& store) : store_(store) {}

  Result<void> recover();

  // Those due at `now`, as inputs, each handed out once until settle() is called for it. Bounded.
  Result<std::vector<std::unique_ptr<Work>>> take_due(WallTime now);

  // A timer was set by a batch that is now durable.
  void added(WallTime due);
  void count_changed(std::ptrdiff_t delta);
  // A timer that was handed out has fired or turned out to be replaced or cancelled.
  void settle(const Work& work);
  // One that was handed out is no longer due, the clock having stepped back: it is handed out
  // again.
  void give_back(const Work& work);
  // Its step failed for good: it is tried again later, ever more rarely, up to once an hour.
  void defer(const Work& work, WallTime now);

  // When to call take_due() next.
  std::optional<WallTime> next() const { return wake_at_; }
  std::size_t count() const { return count_; }

 private:
  struct Deferral {
    WallTime until{};
    int failures = 0;
  };
  static std::string key_of(const Work& work);
  void look_from(WallTime due, WallTime wake_at);

  const StoreView& store_;
  std::size_t count_ = 0;
  std::optional<WallTime> wake_at_;
  WallTime scan_from_ = WallTime::max();  // no timer outside in_flight_ is due before this
  std::set<std::string, std::less<>> in_flight_;
  std::map<std::string, Deferral, std::less<>> deferred_;
};

}  // namespace tidemark::engine
