#include "providers/caldav/resource_writer.h"

#include <utility>

#include "providers/caldav/href.h"

namespace tidemark::caldav {
namespace {

bool is_missing(int status) {
  return status == 404 || status == 410;
}

bool is_success(int status) {
  return status >= 200 && status <= 299;
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
    condition.emplace_back("If-Match", order.base_etag);
  } else {
    // A server without strong ETags can be asked only what it has now.
    TM_ASSIGN(RemoteItem now, read(place));
    if (now.kind != RemoteItem::Kind::body || now.bytes != order.base_bytes) {
      return WriteOutcome{true, std::move(now)};
    }
  }
  const bool removes = order.icalendar.empty();
  TM_ASSIGN(const DavAnswer answer,
            dav_.change(removes ? "DELETE" : "PUT", place.url, condition, order.icalendar));
  // Gone already is as good, and may be our own doing.
  if (removes && (is_success(answer.status) || is_missing(answer.status))) {
    return WriteOutcome{false, {.kind = RemoteItem::Kind::deleted, .href = place.key}};
  }
  const bool refused =
      answer.status == 412 || (is_missing(answer.status) && order.kind == WriteOrder::Kind::update);
  if (!refused && !is_success(answer.status)) return fail(answer.error);
  TM_ASSIGN(RemoteItem now, read(place));
  return WriteOutcome{refused, std::move(now)};
}

}  // namespace tidemark::caldav
