// The event feed: all events in order of their position, or one tenant's.
#include <algorithm>
#include <vector>

#include "base/text.h"
#include "engine/journal.h"
#include "engine/journal_codec.h"
#include "engine/keys.h"

namespace tidemark {

using namespace engine;

namespace {

// Of one page: a filter that matches rarely must not turn a request into a scan of everything.
constexpr std::size_t kMaxExamined = 10'000;
// How many of a tenant's records are looked up at once.
constexpr std::size_t kRecordsAtOnce = 256;
// Stepping over so many events of others costs about as much as seeking past them.
constexpr std::size_t kMaxOthersInARow = 32;

std::string where(Position position) {
  return "event " + std::to_string(position.sequence) + "/" + std::to_string(position.index);
}

class PageBuilder {
 public:
  PageBuilder(const FeedFilter& filter, FeedLines& page) : filter_(filter), page_(page) {}

  // False when the page is complete; the event was not looked at then.
  bool take(Position position, std::string_view bytes) {
    if (page_.items.size() >= filter_.limit || examined_ == kMaxExamined) {
      page_.more = true;
      return false;
    }
    ++examined_;
    const auto text = event_text(bytes);
    if (!text) {
      failure_ = in_context(where(position), text.error());
      return false;
    }
    page_.next = position;
    const auto type = envelope_field(*text, "type");
    if (filter_.type_glob.empty() || glob_match(filter_.type_glob, type)) {
      page_.items.push_back({position, std::string(envelope_field(*text, "id")), std::string(type),
                             std::string(*text)});
    }
    return true;
  }

  // All events from `from` on, to the end of the page.
  Result<void> take_all(const StoreView& view, Position from) {
    TM_TRY(view.scan(Table::event, partition_prefix(), event_key(from),
                     [&](std::string_view key, std::string_view value) {
                       const auto position = parse_event_key(key);
                       return position && take(*position, value);
                     }));
    if (failure_) return fail(*failure_);
    return {};
  }

  // The events of `records` (ascending) from `from` on; false when the page is complete.
  Result<bool> take_of(const StoreView& view, const std::vector<Sequence>& records, Position from) {
    bool complete = false;
    auto record = records.begin();
    while (record != records.end() && !complete) {
      std::size_t others = 0;
      const Position start = std::max(from, Position{*record, 0});
      const auto take_next = [&](std::string_view key, std::string_view value) {
        const auto position = parse_event_key(key);
        if (!position) {
          failure_ = Error{Errc::corrupt, "a key of the event table is damaged"};
          complete = true;
          return false;
        }
        while (record != records.end() && *record < position->sequence) ++record;
        if (record == records.end()) return false;
        if (*record != position->sequence) return ++others <= kMaxOthersInARow;
        others = 0;
        complete = !take(*position, value);
        return !complete;
      };
      bool at_end = true;
      TM_TRY(view.scan(Table::event, partition_prefix(), event_key(start),
                       [&](std::string_view key, std::string_view value) {
                         return at_end = take_next(key, value);
                       }));
      if (at_end) break;
    }
    if (failure_) return fail(*failure_);
    return !complete;
  }

  std::size_t room() const { return filter_.limit - page_.items.size(); }

 private:
  const FeedFilter& filter_;
  FeedLines& page_;
  std::size_t examined_ = 0;
  std::optional<Error> failure_;
};

}  // namespace

Result<FeedPage> read_feed(const StoreView& view, const FeedFilter& filter) {
  TM_ASSIGN(const auto lines, read_feed_lines(view, filter));
  FeedPage page{{}, lines.next, lines.more};
  page.items.reserve(lines.items.size());
  for (const auto& line : lines.items) {
    const auto value = parse_json(line.json);
    auto event = value ? event_from_json(*value) : Result<Event>(fail(value.error()));
    if (!event) return fail(in_context(where(line.position), event.error()));
    page.items.push_back({line.position, *std::move(event)});
  }
  return page;
}

Result<FeedLines> read_feed_lines(const StoreView& view, const FeedFilter& filter) {
  FeedLines page;
  page.next = filter.after;
  PageBuilder builder(filter, page);
  const bool whole = filter.after.index == kRecordIndex;
  const Position from{filter.after.sequence + (whole ? 1 : 0),
                      static_cast<std::uint16_t>(whole ? 0 : filter.after.index + 1)};
  const Position first = filter.after == Position{} ? Position{} : from;
  if (filter.tenant.empty()) {
    TM_TRY(builder.take_all(view, first));
    return page;
  }
  const std::string prefix = events_of_tenant_prefix(filter.tenant);
  std::vector<Sequence> records;
  Sequence next = first.sequence;
  while (true) {
    records.clear();
    const std::size_t wanted = std::min(builder.room() + 1, kRecordsAtOnce);
    TM_TRY(view.scan(Table::journal_index, prefix, index_key(prefix, next),
                     [&](std::string_view key, std::string_view) {
                       records.push_back(sequence_of_index_key(key).value_or(0));
                       return records.size() < wanted;
                     }));
    if (records.empty()) break;
    next = records.back() + 1;
    TM_ASSIGN(const bool go_on, builder.take_of(view, records, first));
    if (!go_on) break;
  }
  return page;
}

}  // namespace tidemark
