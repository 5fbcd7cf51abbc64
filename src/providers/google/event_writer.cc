#include "providers/google/event_writer.h"

#include <optional>
#include <utility>

#include "base/mutation.h"
#include "net/url.h"
#include "providers/google/json_members.h"
#include "providers/google/series.h"

namespace tidemark::google {
namespace {

bool is_gone(const Error& error) {
  return error.code == Errc::not_found;
}

std::optional<SeriesPart> part_of(Json item) {
  auto key = read_key(item);
  if (!key) return std::nullopt;
  std::string bytes = dump_json(item);
  return SeriesPart{std::move(*key), std::move(bytes), std::move(item)};
}

std::string compact(std::string_view recurrence_id) {
  std::string out(recurrence_id);
  std::erase(out, '-');
  std::erase(out, ':');
  return out;
}

// The resource with this part in it, as a pull would make it.
RemoteItem resource(const std::string& href, Series series, SeriesPart part) {
  const bool single = part.key.master.empty() && !part.key.recurs;
  const std::string etag = text(part.value, "etag");
  RemoteItem item{.kind = RemoteItem::Kind::body, .href = href};
  if (single) {
    if (part.key.cancelled) return {.kind = RemoteItem::Kind::deleted, .href = href};
    series = Series();
    item.etag = etag;
  }
  series.put(std::move(part));
  item.bytes = series.bytes();
  auto events = series.events();
  if (events) {
    item.events = std::move(*events);
  } else {
    item.kind = RemoteItem::Kind::failed;
    item.reason = events.error().message;
  }
  return item;
}

Result<EventWriter::Base> base_of(const WriteOrder& order) {
  EventWriter::Base base;
  TM_ASSIGN(base.series, Series::parse(order.base_bytes));
  if (const SeriesPart* part = base.series.find(order.recurrence_id)) {
    base.id = part->key.id;
    base.etag = text(part->value, "etag");
    base.stored = part->value;
    return base;
  }
  const SeriesPart* master = base.series.find("");
  if (master == nullptr) return fail(Errc::not_found, "the series has no master");
  base.id = master->key.id + "_" + compact(order.recurrence_id);
  return base;
}

// A cancelled instance as lists show it.
Json cancelled_instance(const WriteOrder& order, const EventWriter::Base& base) {
  const bool date = order.recurrence_id.find('T') == std::string::npos;
  Json original{{date ? "date" : "dateTime", order.recurrence_id}};
  if (!date) original["timeZone"] = "UTC";
  return Json{{"id", base.id},
              {"status", "cancelled"},
              {"recurringEventId", order.href},
              {"originalStartTime", std::move(original)}};
}

bool same_content(const CalendarEvent& one, const CalendarEvent& other) {
  return one.title == other.title && one.description == other.description &&
         one.location == other.location && one.start == other.start && one.end == other.end &&
         one.status == other.status && one.attendees == other.attendees;
}

}  // namespace

ApiRequest EventWriter::request(const WriteOrder& order, std::string method,
                                const std::string& id) const {
  ApiRequest request;
  request.method = std::move(method);
  request.path = "/calendars/" + percent_encode_segment(order.calendar_id) + "/events";
  if (!id.empty()) request.path += "/" + percent_encode_segment(id);
  request.doing = "writing to calendar " + order.calendar_id;
  return request;
}

Result<WriteOutcome> EventWriter::write(const WriteOrder& order) {
  switch (order.kind) {
    case WriteOrder::Kind::create: return insert(order);
    case WriteOrder::Kind::update: return patch(order);
    case WriteOrder::Kind::remove: return remove(order);
  }
  return fail(Errc::internal, "an order of unknown kind");
}

Result<WriteOutcome> EventWriter::insert(const WriteOrder& order) const {
  const std::string id = new_event_name(order.key);
  TM_ASSIGN(Json event, patch_of(nullptr, CalendarEvent{}, *order.after));
  Json body = Json::object();
  body.merge_patch(event);  // without its nulls
  body["id"] = id;
  ApiRequest insert = request(order, "POST", {});
  insert.body = dump_json(body);
  auto answer = api_.call(insert);
  if (!answer && answer.error().code == Errc::conflict) return conflict(order, id);
  if (!answer) return fail(std::move(answer).error());
  auto part = part_of(std::move(*answer));
  if (!part) return fail(Errc::protocol_error, "Google's answer is no event");
  return WriteOutcome{false, resource(id, {}, std::move(*part))};
}

// An instance that nobody has changed is no event of its own yet: its version is asked for. False:
// it is not what the mirror's master says any more.
Result<bool> EventWriter::look_up(const WriteOrder& order, Base& base) const {
  if (!base.etag.empty()) return true;
  TM_ASSIGN(auto part, read(order, base.id));
  if (!part || part->key.cancelled) return false;
  const auto event = read_event(part->value, part->key);
  if (!event || !same_content(*event, *order.before)) return false;
  base.etag = text(part->value, "etag");
  base.stored = std::move(part->value);
  return true;
}

Result<WriteOutcome> EventWriter::patch(const WriteOrder& order) const {
  TM_ASSIGN(Base base, base_of(order));
  TM_ASSIGN(const bool is_base, look_up(order, base));
  if (!is_base) return conflict(order, base.id);
  TM_ASSIGN(const Json changes, patch_of(base.stored, *order.before, *order.after));
  ApiRequest patch = request(order, "PATCH", base.id);
  patch.body = dump_json(changes);
  patch.if_match = mutated(Mutation::write_unconditional) ? std::string("*") : base.etag;
  auto answer = api_.call(patch);
  if (!answer && (answer.error().code == Errc::conflict || is_gone(answer.error()))) {
    return conflict(order, base.id);
  }
  if (!answer) return fail(std::move(answer).error());
  auto part = part_of(std::move(*answer));
  if (!part) return fail(Errc::protocol_error, "Google's answer is no event");
  return WriteOutcome{false, resource(order.href, std::move(base.series), std::move(*part))};
}

Result<WriteOutcome> EventWriter::remove(const WriteOrder& order) const {
  TM_ASSIGN(Base base, base_of(order));
  TM_ASSIGN(const bool is_base, look_up(order, base));
  if (!is_base) return conflict(order, base.id);
  ApiRequest remove = request(order, "DELETE", base.id);
  remove.if_match = base.etag;
  const auto answer = api_.call(remove);
  if (!answer && answer.error().code == Errc::conflict) return conflict(order, base.id);
  if (!answer && !is_gone(answer.error())) return fail(answer.error());
  // Gone already is as good, and may be our own doing.
  if (order.recurrence_id.empty()) {
    return WriteOutcome{false, {.kind = RemoteItem::Kind::deleted, .href = order.href}};
  }
  if (!answer) {
    TM_ASSIGN(WriteOutcome now, conflict(order, base.id));
    now.conflict = false;
    return now;
  }
  auto part = part_of(cancelled_instance(order, base));
  if (!part) return fail(Errc::invalid_argument, "no instance has such a recurrence id");
  return WriteOutcome{false, resource(order.href, std::move(base.series), std::move(*part))};
}

Result<std::optional<SeriesPart>> EventWriter::read(const WriteOrder& order,
                                                    const std::string& id) const {
  auto now = api_.call(request(order, "GET", id));
  if (!now && is_gone(now.error())) return std::nullopt;
  if (!now) return fail(std::move(now).error());
  return part_of(std::move(*now));
}

Result<WriteOutcome> EventWriter::conflict(const WriteOrder& order, const std::string& id) const {
  const std::string href = order.kind == WriteOrder::Kind::create ? id : order.href;
  WriteOutcome outcome{true, {.kind = RemoteItem::Kind::deleted, .href = href}, true};
  TM_ASSIGN(auto part, read(order, id));
  if (id != href && (!part || part->key.cancelled)) {
    // It has gone with its series, or has left that, or an event that recurs no more.
    TM_ASSIGN(auto master, read(order, href));
    if (!master || master->key.cancelled) return outcome;
    if (!part) part = std::move(master);
  }
  if (!part) return outcome;
  Series series;
  if (!order.base_bytes.empty()) {
    TM_ASSIGN(series, Series::parse(order.base_bytes));
  }
  if (part->key.cancelled && part->key.master.empty()) return outcome;
  outcome.item = resource(href, std::move(series), std::move(*part));
  return outcome;
}

}  // namespace tidemark::google
