#include "providers/caldav/resource_writer.h"

#include <utility>

#include "base/mutation.h"
#include "providers/caldav/href.h"

namespace tidemark::caldav {
namespace {

bool is_missing(int status) {
  return status == 404 || status == 410;
}

bool is_success(int status) {
  return status >= 200 && status <= 299;
}

// Mirrors of before may have either line end.
bool have_same_lines(std::string_view one, std::string_view other) {
  const auto is_return = [](char c) { return c == '\r'; };
  std::string first(one);
  std::string second(other);
  std::erase_if(first, is_return);
  std::erase_if(second, is_return);
  return first == second;
}

// RFC 5545, 3.1. What was mirrored has lost them on its way through XML.
std::string with_line_ends(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 32);
  for (const char c : text) {
    if (c == '\n' && !out.ends_with('\r')) out += '\r';
    out += c;
  }
  return out;
}

}  // namespace

Result<ResourceWriter::Place> ResourceWriter::place_of(const WriteOrder& order) const {
  TM_ASSIGN(Url url, parse_url(order.calendar_id));
  url = normalised_collection(std::move(url));
  std::string key = order.kind == WriteOrder::Kind::create
                        ? decode_path(url.path) + new_event_name(order.key) + ".ics"
                        : order.href;
  url.path = encode_key(key);
  return Place{std::move(url), std::move(key)};
}

Result<RemoteItem> ResourceWriter::read(const Place& place) const {
  RemoteItem item{.kind = RemoteItem::Kind::body, .href = place.key};
  TM_ASSIGN(const DavAnswer answer, dav_.get(place.url, item.bytes, item.etag));
  if (answer.status == 200) return item;
  if (is_missing(answer.status)) {
    return RemoteItem{.kind = RemoteItem::Kind::deleted, .href = place.key};
  }
  return fail(answer.error);
}

Result<WriteOutcome> ResourceWriter::write(const WriteOrder& order) {
  TM_ASSIGN(const Place place, place_of(order));
  HttpHeaders condition;
  if (order.kind == WriteOrder::Kind::create) {
    condition.emplace_back("If-None-Match", "*");
  } else if (!order.base_etag.empty()) {
    const bool any = mutated(Mutation::write_unconditional);
    condition.emplace_back("If-Match", any ? std::string("*") : order.base_etag);
  } else {
    // A server without strong ETags can be asked only what it has now.
    TM_ASSIGN(RemoteItem now, read(place));
    if (now.kind != RemoteItem::Kind::body || !have_same_lines(now.bytes, order.base_bytes)) {
      const bool ours = have_same_lines(now.bytes, order.icalendar);
      return WriteOutcome{true, std::move(now), !ours};
    }
    condition.emplace_back("If-Match", "*");  // what is deleted meanwhile is not made again
  }
  const bool removes = order.icalendar.empty();
  TM_ASSIGN(const DavAnswer answer, dav_.change(removes ? "DELETE" : "PUT", place.url, condition,
                                                with_line_ends(order.icalendar)));
  // Gone already is as good, and may be our own doing.
  if (removes && (is_success(answer.status) || is_missing(answer.status))) {
    return WriteOutcome{false, {.kind = RemoteItem::Kind::deleted, .href = place.key}};
  }
  const bool refused =
      answer.status == 412 || (is_missing(answer.status) && order.kind == WriteOrder::Kind::update);
  if (!refused && !is_success(answer.status)) return fail(answer.error);
  if (refused && !removes && mutated(Mutation::write_makes_again)) {
    TM_TRY(dav_.change("PUT", place.url, {{"If-None-Match", "*"}}, order.icalendar));
  }
  auto now = read(place);
  if (now) {
    const bool ours = (!refused && !now->etag.empty() && now->etag == answer.etag) ||
                      have_same_lines(now->bytes, order.icalendar);
    return WriteOutcome{refused, *std::move(now), !ours};
  }
  if (refused || retryable(now.error().code)) return fail(std::move(now).error());
  // It is done, so it must not end as failed: the next attempt, or a pull, finds it there.
  return fail(Errc::unavailable, "changed, but: " + now.error().message);
}

}  // namespace tidemark::caldav
