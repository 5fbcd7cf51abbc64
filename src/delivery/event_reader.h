// A tenant's events from a position on, read ahead of their sending. Inside src/delivery/ only; on
// the driver's thread.
#pragma once

#include <deque>
#include <string>

#include "engine/journal.h"

namespace tidemark::delivery {

class EventReader {
 public:
  EventReader(const StoreView& store, std::string tenant)
      : store_(store), tenant_(std::move(tenant)) {}

  // Goes on behind `position`, with nothing read.
  void restart(Position position);
  void more_arrived() { at_end_ = false; }
  bool has_buffered() const { return !buffer_.empty(); }

  // The next event, until it is taken; nullptr: there is none yet. Reads at most one page.
  Result<const FeedLine*> peek();
  FeedLine take();
  // It was taken too early: it comes next again.
  void put_back(FeedLine line) { buffer_.push_front(std::move(line)); }

  // One event out of order. Errc::corrupt when it is not there.
  Result<FeedLine> read(Position position) const;

 private:
  const StoreView& store_;
  const std::string tenant_;
  std::deque<FeedLine> buffer_;
  Position read_to_;
  bool at_end_ = false;  // of the feed, as far as is known
};

}  // namespace tidemark::delivery
