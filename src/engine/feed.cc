// The event feed: all events in order of their position, or one tenant's.
#include "base/text.h"
#include "engine/journal.h"
#include "engine/journal_codec.h"
#include "engine/keys.h"

namespace tidemark {

using namespace engine;

namespace {

// Of one page: a filter that matches rarely must not turn a request into a scan of everything.
constexpr std::size_t kMaxExamined = 10'000;

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

  // Events of `prefix` that come after the filter's position; false when the page is complete.
  Result<bool> scan(const StoreView& view, const std::string& prefix, const std::string& from) {
    bool go_on = true;
    TM_TRY(view.scan(Table::event, prefix, from, [&](std::string_view key, std::string_view value) {
      const auto position = parse_event_key(key);
      return go_on = position && take(*position, value);
    }));
    if (failure_) return fail(*failure_);
    return go_on;
  }

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
    TM_TRY(builder.scan(view, partition_prefix(), event_key(first)));
    return page;
  }
  const std::string prefix = events_of_tenant_prefix(filter.tenant);
  std::optional<Error> failure;
  TM_TRY(view.scan(Table::journal_index, prefix, index_key(prefix, first.sequence),
                   [&](std::string_view key, std::string_view) {
                     const Sequence sequence = sequence_of_index_key(key).value_or(0);
                     const auto go_on =
                         builder.scan(view, sequence_key(sequence), event_key(first));
                     if (!go_on) failure = go_on.error();
                     return go_on && *go_on;
                   }));
  if (failure) return fail(*std::move(failure));
  return page;
}

}  // namespace tidemark
