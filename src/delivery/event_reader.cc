#include "delivery/event_reader.h"

#include <algorithm>
#include <utility>

namespace tidemark::delivery {
namespace {

constexpr std::size_t kReadAtOnce = 64;

// What lies just before a position: reading on from there begins with it.
Position before(Position position) {
  if (position.index > 0)
    return {position.sequence, static_cast<std::uint16_t>(position.index - 1)};
  if (position.sequence == 0) return {};
  return {position.sequence - 1, kRecordIndex};
}

}  // namespace

void EventReader::restart(Position position) {
  buffer_.clear();
  read_to_ = position;
  at_end_ = false;
}

Result<const FeedLine*> EventReader::peek() {
  if (buffer_.empty() && !at_end_) {
    TM_ASSIGN(auto page, read_feed_lines(
                             store_, {.tenant = tenant_, .after = read_to_, .limit = kReadAtOnce}));
    read_to_ = std::max(read_to_, page.next);
    at_end_ = !page.more;
    for (auto& line : page.items) buffer_.push_back(std::move(line));
  }
  return buffer_.empty() ? nullptr : &buffer_.front();
}

FeedLine EventReader::take() {
  FeedLine line = std::move(buffer_.front());
  buffer_.pop_front();
  return line;
}

Result<FeedLine> EventReader::read(Position position) const {
  TM_ASSIGN(auto page, read_feed_lines(store_, {.after = before(position), .limit = 1}));
  if (page.items.empty() || page.items.front().position != position) {
    return fail(Errc::corrupt, "event " + std::to_string(position.sequence) + "/" +
                                   std::to_string(position.index) + " is not in the feed any more");
  }
  return std::move(page.items.front());
}

}  // namespace tidemark::delivery
