#include "support/google/event_store.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/sha256.h"
#include "base/text.h"
#include "support/google/event_times.h"

namespace tidemark::test::google {
namespace {

constexpr std::array kBinding = {"recurringEventId", "originalStartTime"};

bool has_status(const Json& event, const char* status) {
  return event.value("status", "confirmed") == status;
}

}  // namespace

bool is_exception(const Json& event) {
  return event.contains("recurringEventId");
}
bool is_series(const Json& event) {
  return event.contains("recurrence");
}

Json whole(const EventRow& row) {
  Json out = row.event;
  if (row.state != RowState::live) out["status"] = "cancelled";
  return out;
}

Json listed(const EventRow& row, bool bare) {
  if (row.state == RowState::live && !has_status(row.event, "cancelled")) return row.event;
  Json out = {{"id", row.event.at("id")}, {"status", "cancelled"}};
  if (!bare) {
    out["kind"] = row.event.at("kind");
    out["etag"] = row.event.at("etag");
  }
  for (const char* field : kBinding) {
    if (row.event.contains(field)) out[field] = row.event.at(field);
  }
  return out;
}

const EventRow* EventStore::find(const std::string& id) const {
  const auto found = rows_.find(id);
  return found == rows_.end() ? nullptr : &found->second;
}

std::vector<std::string> EventStore::changed_after(std::uint64_t version) const {
  std::vector<std::string> out;
  for (auto at = changes_.upper_bound(version); at != changes_.end(); ++at) {
    out.push_back(at->second);
  }
  return out;
}

std::optional<Json> EventStore::instance(const std::string& id) const {
  const auto parts = split_instance_id(id);
  const EventRow* master = parts ? find(parts->first) : nullptr;
  if (master == nullptr || master->state != RowState::live || !is_series(master->event)) {
    return std::nullopt;
  }
  const Json& series = master->event;
  const auto original =
      original_start_of(parts->second, series.at("start").value("timeZone", std::string()));
  if (!original || is_all_day(*original) != is_all_day(series.at("start"))) return std::nullopt;
  Json out = series;
  out.erase("recurrence");
  out["id"] = id;
  out["recurringEventId"] = parts->first;
  out["originalStartTime"] = *original;
  out["start"] = *original;
  out["end"] = shifted(*original, *instant(series.at("end")) - *instant(series.at("start")));
  if (series.at("end").contains("timeZone")) out["end"]["timeZone"] = series["end"]["timeZone"];
  return out;
}

std::vector<std::string> EventStore::exceptions_of(const std::string& master) const {
  std::vector<std::string> out;
  const std::string prefix = master + "_";
  for (auto at = rows_.lower_bound(prefix); at != rows_.end() && at->first.rfind(prefix, 0) == 0;
       ++at) {
    if (at->second.event.value("recurringEventId", "") == master) out.push_back(at->first);
  }
  return out;
}

void EventStore::stamp(const std::string& id, EventRow& row, WallTime now) {
  if (row.version != 0) changes_.erase(row.version);
  row.version = ++version_;
  changes_[row.version] = id;
  // A clock that stands still must not make two states look alike.
  row.updated = std::max(now, row.updated + std::chrono::milliseconds(1));
  row.event["updated"] = format_rfc3339(row.updated);
  row.event["sequence"] = row.event.value("sequence", -1) + 1;
  std::string count = std::to_string(row.version);
  if (count.size() < 6) count.insert(0, 6 - count.size(), '0');
  row.event["etag"] = "\"" + std::to_string(row.updated.time_since_epoch().count()) + count + "\"";
}

void EventStore::add_standard_fields(Json& event, const std::string& id, WallTime now) const {
  event["kind"] = "calendar#event";
  event["id"] = id;
  event["created"] = format_rfc3339(now);
  event["htmlLink"] = "https://www.google.com/calendar/event?eid=" + id;
  if (!event.contains("status")) event["status"] = "confirmed";
  if (!event.contains("iCalUID")) event["iCalUID"] = id + "@google.com";
  if (!event.contains("eventType")) event["eventType"] = "default";
  if (!event.contains("reminders")) event["reminders"] = {{"useDefault", true}};
  const Json self = {{"email", owner_}, {"self", true}};
  if (!event.contains("creator")) event["creator"] = self;
  if (!event.contains("organizer")) event["organizer"] = self;
}

std::string EventStore::new_id() {
  // Google's alphabet for ids is base32hex; hexadecimal digits are some of it.
  const std::string place = std::to_string(generation_) + "\n" + calendar_id_;
  return to_hex(sha256(place, std::to_string(++made_up_ids_))).substr(0, 26);
}

std::string EventStore::insert(Json event, const std::string& id, WallTime now) {
  const std::string key = id.empty() ? new_id() : id;
  add_standard_fields(event, key, now);
  EventRow& row = rows_[key];
  row.event = std::move(event);
  row.state = RowState::live;
  stamp(key, row, now);
  return key;
}

void EventStore::write(const std::string& id, Json event, WallTime now) {
  const EventRow* stored = find(id);
  const std::optional<Json> fresh = stored == nullptr ? instance(id) : std::nullopt;
  if (stored == nullptr && !fresh) return;
  const Json& before = stored == nullptr ? *fresh : stored->event;
  const Json spelled = event.value("originalStartTime", Json());
  for (const char* field : {"kind", "id", "created", "htmlLink", "iCalUID", "creator", "organizer",
                            "sequence", "recurringEventId", "originalStartTime"}) {
    event.erase(field);
    if (before.contains(field)) event[field] = before.at(field);
  }
  if (stored == nullptr) {
    // An exception counts its own changes.
    event.erase("sequence");
    event["created"] = format_rfc3339(now);
    // The same moment may be spelled with another offset than the id's UTC.
    if (instance_id(before.at("recurringEventId"), spelled) == id) {
      event["originalStartTime"] = spelled;
    }
  }
  if (is_exception(event)) event.erase("recurrence");
  if (!event.contains("status")) event["status"] = "confirmed";
  const bool ends_series = is_series(before) && !is_exception(event) && !is_series(event);
  EventRow& row = rows_[id];
  row.event = std::move(event);
  row.state = RowState::live;
  stamp(id, row, now);
  if (!ends_series) return;
  for (const std::string& exception : exceptions_of(id)) {
    if (rows_.at(exception).state == RowState::live) bury(exception, RowState::deleted, now);
  }
}

std::string EventStore::change_instance(const std::string& master, const Json& original_start,
                                        const Json& changes, WallTime now) {
  const std::string id = instance_id(master, original_start);
  const EventRow* row = find(id);
  auto event = row == nullptr ? instance(id) : std::optional<Json>(row->event);
  if (!event || rows_.at(master).state != RowState::live) return {};
  if (row == nullptr) {
    const auto length = *instant(event->at("end")) - *instant(event->at("start"));
    (*event)["originalStartTime"] = original_start;
    (*event)["start"] = original_start;
    (*event)["end"] = shifted(original_start, length);
  }
  (*event)["status"] = "confirmed";
  event->merge_patch(changes);
  write(id, std::move(*event), now);
  return id;
}

void EventStore::bury(const std::string& id, RowState state, WallTime now) {
  EventRow& row = rows_.at(id);
  row.state = state;
  stamp(id, row, now);
}

void EventStore::remove(const std::string& id, WallTime now) {
  const EventRow* row = find(id);
  if (row == nullptr || is_exception(row->event)) {
    auto event = row == nullptr ? instance(id) : std::optional<Json>(row->event);
    if (!event) return;
    (*event)["status"] = "cancelled";
    write(id, std::move(*event), now);
    return;
  }
  if (row->state != RowState::live) return;
  bury(id, RowState::deleted, now);
  for (const std::string& exception : exceptions_of(id)) {
    if (rows_.at(exception).state == RowState::live) {
      bury(exception, RowState::deleted_with_series, now);
    }
  }
}

void EventStore::restore(const std::string& id, WallTime now) {
  const auto found = rows_.find(id);
  if (found == rows_.end()) return;
  EventRow& row = found->second;
  if (row.state == RowState::live && !has_status(row.event, "cancelled")) return;
  row.state = RowState::live;
  if (has_status(row.event, "cancelled")) row.event["status"] = "confirmed";
  stamp(id, row, now);
  for (const std::string& exception : exceptions_of(id)) {
    EventRow& other = rows_.at(exception);
    if (other.state != RowState::deleted_with_series) continue;
    other.state = RowState::live;
    stamp(exception, other, now);
  }
}

std::string EventStore::split_series(const std::string& master, const Json& original_start,
                                     const Json& changes, int occurrences_before, WallTime now) {
  const auto at = rows_.find(master);
  const auto first = instance(instance_id(master, original_start));
  if (at == rows_.end() || !first) return {};
  Json shortened = at->second.event;
  Json rest = *first;
  rest.erase("recurringEventId");
  rest.erase("originalStartTime");
  rest.erase("iCalUID");
  rest.erase("sequence");
  rest["recurrence"] = Json::array();
  for (Json& line : shortened["recurrence"]) {
    const std::string rule = line.get<std::string>();
    if (rule.rfind("RRULE:", 0) != 0) continue;
    rest["recurrence"].push_back(rule_rest(rule, occurrences_before));
    line = rule_until(rule, original_start);
  }
  write(master, std::move(shortened), now);
  for (const std::string& exception : exceptions_of(master)) {
    const EventRow& row = rows_.at(exception);
    const bool before = *instant(row.event.at("originalStartTime")) < *instant(original_start);
    if (!before && row.state == RowState::live) bury(exception, RowState::deleted, now);
  }
  rest.merge_patch(changes);
  // Google names the rest after the series it was split from: "<base>_R20260131T090000".
  std::string base = master.substr(0, master.rfind("_R"));
  std::string moment = original_start_stamp(original_start);
  if (moment.back() == 'Z') moment.pop_back();
  std::string id = base + "_R" + moment;
  if (rows_.contains(id)) id.clear();
  return insert(std::move(rest), id, now);
}

void EventStore::move(const std::string& id, EventStore& target, WallTime now) {
  const auto take = [&](const std::string& key) {
    Json event = rows_.at(key).event;
    bury(key, RowState::deleted, now);
    EventRow& there = target.rows_[key];
    event["organizer"] = {{"email", target.calendar_id_}, {"self", true}};
    there.event = std::move(event);
    there.state = RowState::live;
    target.stamp(key, there, now);
  };
  const EventRow* row = find(id);
  if (row == nullptr || row->state != RowState::live) return;
  take(id);
  for (const std::string& exception : exceptions_of(id)) {
    if (rows_.at(exception).state == RowState::live) take(exception);
  }
}

void EventStore::purge(WallTime now, std::chrono::milliseconds lifetime) {
  for (auto at = rows_.begin(); at != rows_.end();) {
    const EventRow& row = at->second;
    if (row.state == RowState::live || row.updated + lifetime > now) {
      ++at;
      continue;
    }
    changes_.erase(row.version);
    at = rows_.erase(at);
  }
}

}  // namespace tidemark::test::google
