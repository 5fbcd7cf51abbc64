#include "sync/event_scan.h"

#include <algorithm>

#include "engine/journal.h"
#include "store/key.h"
#include "zones/zone.h"

namespace tidemark::sync {
namespace {

constexpr std::string_view kMastersToken = "m1-";
constexpr std::string_view kInstancesToken = "i1-";
constexpr std::size_t kMaxTokenBytes = 8192;
constexpr std::int64_t kMarginMs =
    std::chrono::duration_cast<std::chrono::milliseconds>(kFloatingMargin).count();

std::string to_hex_text(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    text.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    text.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return text;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::optional<std::string> from_hex_text(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit_of(text[i]);
    const int low = digit_of(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

Result<std::string> read_token(std::string_view token, bool expand) {
  const std::string_view tag = expand ? kInstancesToken : kMastersToken;
  const auto bytes = token.size() <= kMaxTokenBytes && token.starts_with(tag)
                         ? from_hex_text(token.substr(tag.size()))
                         : std::nullopt;
  if (bytes) {
    KeyReader reader(*bytes);
    reader.i64();
    reader.text();
    if (reader.ok()) return *bytes;
  }
  return fail(Errc::invalid_argument,
              "the page token is not one of this query: take next_page as it was given, with the "
              "same from, to and expand");
}

// Saturating: ranges may reach to the ends of time.
std::int64_t minus(std::int64_t value, std::int64_t amount) {
  std::int64_t result = 0;
  if (__builtin_sub_overflow(value, amount, &result)) {
    return std::numeric_limits<std::int64_t>::min();
  }
  return result;
}

}  // namespace

Result<EventRange> read_query(const EventQuery& query) {
  EventRange range;
  if (query.from) range.from_ms = query.from->time_since_epoch().count();
  if (query.to) range.to_ms = query.to->time_since_epoch().count();
  range.expand = query.expand;
  range.limit = std::clamp<std::size_t>(query.limit, 1, kMaxEventPage);
  if (query.from && query.to && *query.to <= *query.from) {
    return fail(Errc::invalid_argument,
                "the range ends before it begins: `to` must be after `from`");
  }
  if (query.expand && (!query.from || !query.to)) {
    return fail(Errc::invalid_argument,
                "expanding recurrences needs a range: give both `from` and `to`");
  }
  const auto zone = resolve_tzid(query.zone);
  if (!zone) {
    return fail(Errc::invalid_argument, "\"" + query.zone.substr(0, 64) +
                                            "\" is no time zone: write an IANA name, for example "
                                            "Europe/Berlin");
  }
  range.zone = *zone;
  if (!query.page.empty()) {
    TM_ASSIGN(range.after, read_token(query.page, query.expand));
  }
  return range;
}

std::string page_token(const EventRange& range, std::string_view key) {
  return std::string(range.expand ? kInstancesToken : kMastersToken) + to_hex_text(key);
}

std::string sort_key_of(std::int64_t start_ms, std::string_view href, std::string_view rid) {
  return std::string(sort_key(encode(TimeKey{0, start_ms, std::string(href), std::string(rid)})));
}

std::int64_t start_of(std::string_view key) {
  return KeyReader(key).i64();
}

Result<std::uint8_t> scan_level(const StoreView& view, const InstanceId& calendar,
                                std::uint8_t level, const EventRange& range,
                                std::optional<std::int64_t> earliest_ms, std::string_view after_key,
                                const std::function<bool(const ScannedEvent&)>& visitor) {
  KeyWriter level_prefix;
  level_prefix.u8(static_cast<std::uint8_t>(kTimeRow)).u8(level);
  const std::string prefix = std::move(level_prefix).str();
  std::string from = prefix;
  auto next = static_cast<std::uint8_t>(kTimeLevels);  // until a row says otherwise
  if (earliest_ms && level + 1 < kTimeLevels) {
    const std::int64_t first = minus(minus(*earliest_ms, level_span_ms(level)), kMarginMs);
    from += KeyWriter().i64(first).str();
  }
  if (!after_key.empty()) from = std::max(from, prefix + std::string(after_key) + '\0');
  std::optional<Error> error;
  const auto visit = [&](std::string_view key, std::string_view value) {
    if (key.size() > 1 && static_cast<std::uint8_t>(key[1]) != level) {
      next = static_cast<std::uint8_t>(key[1]);
      return false;
    }
    const auto head = decode_time_head(value);
    if (!head || key.size() < prefix.size() + 8) {
      error = Error{Errc::corrupt, "a time row cannot be decoded", std::nullopt};
      return false;
    }
    const ScannedEvent event{key, value, start_of(sort_key(key)), *head};
    const bool is_beyond = range.to_ms && minus(event.start_ms, kMarginMs) >= *range.to_ms;
    const bool is_over = range.from_ms && head->end_ms != kOpenEnd &&
                         head->end_ms < minus(*range.from_ms, kMarginMs);
    if (!is_beyond && (is_over || visitor(event))) return true;
    next = static_cast<std::uint8_t>(level + 1);
    return false;
  };
  TM_TRY(scan_rows(view, calendar, prefix.substr(0, 1), from, visit));
  if (error) return fail(*error);
  return next;
}

bool overlaps(const EventRange& range, std::int64_t start_ms, std::int64_t end_ms) {
  if (range.to_ms && start_ms >= *range.to_ms) return false;
  return !range.from_ms || start_ms >= *range.from_ms || end_ms > *range.from_ms;
}

icalendar::TimeRange time_range(const EventRange& range) {
  icalendar::TimeRange out;
  // Without a beginning: far enough back for any calendar, near enough to compute with.
  constexpr std::int64_t kYearOneMs = -62'135'596'800'000;
  out.from = WallTime{milliseconds{range.from_ms.value_or(kYearOneMs)}};
  if (range.to_ms) out.to = WallTime{milliseconds{*range.to_ms}};
  return out;
}

Result<std::optional<std::string>> read_body(const StoreView& view, const InstanceId& calendar,
                                             std::string_view href) {
  TM_ASSIGN(const auto row, read_row(view, calendar, href_key(kBodyRow, href)));
  if (!row) return std::nullopt;
  TM_ASSIGN(const auto bytes, decode_body(*row));
  return std::string(bytes);
}

Result<std::vector<CalendarEvent>> resource_events(const StoreView& view,
                                                   const InstanceId& calendar,
                                                   std::string_view href) {
  std::vector<CalendarEvent> events;
  TM_ASSIGN(const auto bytes, read_row(view, calendar, href_key(kIndexRow, href)));
  if (!bytes) return events;
  TM_ASSIGN(const auto index, decode_index_row(*bytes));
  for (const auto& indexed : index.events) {
    const TimeKey key{indexed.level, indexed.start_ms, std::string(href), indexed.recurrence_id};
    TM_ASSIGN(const auto value, read_row(view, calendar, encode(key)));
    if (!value) continue;  // changed since the scan began
    TM_ASSIGN(auto row, decode_time_row(*value));
    events.push_back(std::move(row.event));
  }
  return events;
}

}  // namespace tidemark::sync
