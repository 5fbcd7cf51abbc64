#include "sync/item_decoder.h"

#include <algorithm>
#include <set>

#include "base/sha256.h"
#include "base/text.h"

namespace tidemark::sync {
namespace {

constexpr std::size_t kMaxHrefBytes = 2000;
// An input may have 16 MiB; the bytes and the events made of them go into one.
constexpr std::size_t kMaxItemBytes = 14U << 20;
constexpr std::chrono::hours kAroundInstance{36};

std::string short_hash(std::string_view bytes) {
  return std::string(as_bytes(sha256(bytes)).substr(0, 16));
}

std::string hex_hash(std::string_view bytes) {
  return to_hex(sha256(bytes)).substr(0, 32);
}

PageItem quarantined(const RemoteItem& item, std::string reason) {
  PageItem out;
  out.kind = PageItem::Kind::quarantined;
  out.href = item.href;
  out.etag = item.etag;
  out.reason = std::move(reason);
  if (item.bytes.size() <= kMaxItemBytes) out.bytes = item.bytes;
  return out;
}

PageItem mark(PageItem::Kind kind, RemoteItem&& item) {
  PageItem out;
  out.kind = kind;
  out.href = std::move(item.href);
  out.etag = std::move(item.etag);
  return out;
}

std::size_t weight(const CalendarEvent& event) {
  std::size_t bytes = 500 + event.title.size() + event.description.size() + event.location.size();
  for (const auto& attendee : event.attendees) {
    bytes += 50 + attendee.email.size() + attendee.name.size();
  }
  for (const auto& line : event.recurrence) bytes += line.size();
  return bytes;
}

// "2025-12-16", "2025-12-16T12:00:00" or with Z: only near enough to look for the instance there.
std::optional<WallTime> around(const std::string& recurrence_id) {
  std::string text = recurrence_id;
  if (text.find('T') != std::string::npos && !text.ends_with('Z')) text += "Z";
  auto time = parse_rfc3339(text);
  if (!time) return std::nullopt;
  return *time;
}

}  // namespace

std::optional<std::int64_t> instant_ms(const CalendarTime& time) {
  if (time.utc) return time.utc->time_since_epoch().count();
  if (time.kind == CalendarTime::Kind::none) return std::nullopt;
  std::string text = time.local;
  if (text.find('T') != std::string::npos && !text.ends_with('Z')) text += "Z";
  const auto parsed = parse_rfc3339(text);
  if (!parsed) return std::nullopt;
  return parsed->time_since_epoch().count();
}

std::vector<PlacedEvent> place_events(std::string_view bytes, std::vector<CalendarEvent> events) {
  std::optional<icalendar::TimeRange> whole;
  for (const auto& event : events) {
    if (!event.recurrence.empty() && !whole) whole = icalendar::span_of(bytes, events);
  }
  std::vector<PlacedEvent> placed;
  placed.reserve(events.size());
  for (auto& event : events) {
    PlacedEvent out;
    out.start_ms = instant_ms(event.start).value_or(0);
    out.end_ms = std::max(instant_ms(event.end).value_or(out.start_ms), out.start_ms);
    if (!event.recurrence.empty()) {
      out.start_ms = std::min(out.start_ms, whole->from.time_since_epoch().count());
      out.end_ms =
          whole->to ? std::max(out.end_ms, whole->to->time_since_epoch().count()) : kOpenEnd;
    }
    out.event = std::move(event);
    placed.push_back(std::move(out));
  }
  return placed;
}

ItemDecoder::ItemDecoder(const KnownRows& known, std::uint64_t max_resource_bytes, Taker taker)
    : known_(known), taker_(std::move(taker)) {
  limits_.resource_bytes = max_resource_bytes;
}

Result<void> ItemDecoder::decode(RemoteItem&& item) {
  if (item.href.empty())
    return fail(Errc::protocol_error, "the server lists a resource without address");
  if (item.href.size() > kMaxHrefBytes) {
    item.href = to_valid_utf8(item.href.substr(0, 200)) + "..." + hex_hash(item.href);
    return taker_(quarantined(item, "its address is longer than 2000 bytes"));
  }
  switch (item.kind) {
    case RemoteItem::Kind::deleted: return taker_(mark(PageItem::Kind::deleted, std::move(item)));
    case RemoteItem::Kind::unchanged:
      return taker_(mark(PageItem::Kind::unchanged, std::move(item)));
    case RemoteItem::Kind::pending: return taker_(mark(PageItem::Kind::pending, std::move(item)));
    case RemoteItem::Kind::failed: return taker_(quarantined(item, item.reason));
    case RemoteItem::Kind::body: break;
  }
  if (item.many_uids) return decode_file(item);
  TM_ASSIGN(auto body, decode_body(std::move(item)));
  return taker_(std::move(body));
}

// Each part's ETag is its own content's hash: the file's would change with every other part.
Result<void> ItemDecoder::decode_file(const RemoteItem& file) {
  std::size_t parts = 0;
  std::set<std::string> hrefs;
  const auto take_part = [&](icalendar::SplitPart&& part) -> Result<void> {
    ++parts;
    RemoteItem item;
    const bool too_long = file.href.size() + part.uid.size() + 1 > kMaxHrefBytes;
    item.href = file.href + "#" + (too_long ? hex_hash(part.uid) : to_valid_utf8(part.uid));
    if (!hrefs.insert(item.href).second) item.href += "#" + hex_hash(part.bytes);
    item.etag = hex_hash(part.bytes);
    item.bytes = std::move(part.bytes);
    TM_ASSIGN(const auto known, known_.find(item.href));
    if (known && known->etag == item.etag) {
      return taker_(mark(PageItem::Kind::unchanged, std::move(item)));
    }
    TM_ASSIGN(auto body, decode_body(std::move(item)));
    return taker_(std::move(body));
  };
  TM_TRY(icalendar::split_by_uid(file.bytes, take_part));
  if (parts > 0 ||
      to_lower_ascii(std::string_view(file.bytes).substr(0, 4096)).find("begin:vcalendar") !=
          std::string::npos) {
    return {};
  }
  return fail(Errc::parse_error, file.href +
                                     " is no iCalendar file: it does not begin with "
                                     "BEGIN:VCALENDAR; check the address");
}

Result<PageItem> ItemDecoder::decode_body(RemoteItem&& item) const {
  auto events = item.events
                    ? std::move(*item.events)
                    : icalendar::parse_resource(item.bytes, {item.href, item.etag}, limits_);
  if (!events) return quarantined(item, events.error().message);
  std::size_t size = item.bytes.size();
  for (const auto& event : *events) size += weight(event);
  if (size > kMaxItemBytes) {
    return quarantined(item, "with its events it is larger than " + format_size(kMaxItemBytes));
  }
  PageItem out;
  out.kind = PageItem::Kind::body;
  if (!item.events) {
    TM_ASSIGN(out.reverted, reverted_instances(item.href, item.bytes, *events));
  }
  out.events = place_events(item.bytes, std::move(*events));
  out.body_hash = short_hash(item.bytes);
  out.href = std::move(item.href);
  out.etag = std::move(item.etag);
  out.bytes = std::move(item.bytes);
  return out;
}

// Calendar rule 14: an override that is gone reverts to what its master says, unless the instance
// itself is gone. Only what the mirror holds can revert, so most resources cost one look.
Result<std::vector<CalendarEvent>> ItemDecoder::reverted_instances(
    const std::string& href, std::string_view bytes,
    const std::vector<CalendarEvent>& events) const {
  std::vector<CalendarEvent> reverted;
  const bool recurs = std::any_of(events.begin(), events.end(), [](const CalendarEvent& event) {
    return event.recurrence_id.empty() && !event.recurrence.empty();
  });
  if (!recurs) return reverted;
  TM_ASSIGN(const auto before, known_.find_index(href));
  if (!before || before->uid != events.front().ical_uid) return reverted;
  for (const auto& old : before->events) {
    const bool stays = std::any_of(events.begin(), events.end(), [&](const CalendarEvent& event) {
      return event.recurrence_id == old.recurrence_id;
    });
    const auto when = around(old.recurrence_id);
    if (old.recurrence_id.empty() || stays || !when) continue;
    const auto expansion = icalendar::expand(
        bytes, events,
        {.range = {*when - kAroundInstance, *when + kAroundInstance}, .zone = "UTC"});
    if (!expansion) continue;
    for (const auto& instance : expansion->instances) {
      if (instance.event.recurrence_id != old.recurrence_id) continue;
      reverted.push_back(instance.event);
      reverted.back().recurring_event_id = href;
      reverted.back().source_hash = content_hash(reverted.back());
      break;
    }
  }
  return reverted;
}

}  // namespace tidemark::sync
