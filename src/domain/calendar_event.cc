#include "domain/calendar_event.h"

#include <algorithm>

#include "base/sha256.h"
#include "base/text.h"

namespace tidemark {
namespace {

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json to_json(const CalendarTime& time) {
  switch (time.kind) {
    case CalendarTime::Kind::none: return nullptr;
    case CalendarTime::Kind::date: return Json{{"date", time.local}};
    case CalendarTime::Kind::floating: return Json{{"date_time", time.local}, {"zone", nullptr}};
    case CalendarTime::Kind::utc:
    case CalendarTime::Kind::zoned: break;
  }
  Json out{{"date_time", time.local},
           {"zone", time.kind == CalendarTime::Kind::utc ? "UTC" : time.zone}};
  if (time.utc) out["utc"] = format_rfc3339(*time.utc);
  if (time.zone_unknown) out["zone_unknown"] = true;
  return out;
}

Json to_json(const Attendee& attendee) {
  return Json{{"email", text_or_null(attendee.email)},
              {"name", text_or_null(attendee.name)},
              {"response", text_or_null(attendee.response)}};
}

Json attendees_json(const std::vector<Attendee>& attendees) {
  Json list = Json::array();
  for (const auto& attendee : attendees) list.push_back(to_json(attendee));
  return list;
}

// Every part with its length before it, so that no two contents have the same bytes.
class ContentBytes {
 public:
  ContentBytes& add(std::string_view text) {
    bytes_.append(std::to_string(text.size())).append(":").append(text);
    return *this;
  }
  ContentBytes& add(const CalendarTime& time) {
    add(std::to_string(static_cast<int>(time.kind))).add(time.local).add(time.zone);
    add(time.zone_unknown ? "1" : "0");
    return add(time.utc ? std::to_string(time.utc->time_since_epoch().count()) : "");
  }
  ContentBytes& add(const Attendee& attendee) {
    return add(attendee.email).add(attendee.name).add(attendee.response);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Reads the fields of one object; the first error stays.
class Reader {
 public:
  Reader(const Json& value, std::string_view what) : value_(value), what_(what) {
    if (!value.is_object()) error_ = what_ + ": must be an object";
  }

  std::string text(const char* field) {
    const Json* found = find(field);
    if (found == nullptr || found->is_null()) return {};
    if (!found->is_string()) {
      complain(field, "text or null");
      return {};
    }
    return found->get<std::string>();
  }

  const Json* find(const char* field) const {
    if (!error_.empty()) return nullptr;
    const auto found = value_.find(field);
    return found == value_.end() ? nullptr : &*found;
  }

  void complain(const char* field, const char* expected) {
    if (error_.empty()) error_ = what_ + ": \"" + field + "\" must be " + expected;
  }

  void complain(const Error& error) {
    if (error_.empty()) error_ = error.message;
  }

  Result<void> result() const {
    if (error_.empty()) return {};
    return fail(Errc::parse_error, error_);
  }

 private:
  const Json& value_;
  std::string what_;
  std::string error_;
};

Result<std::optional<WallTime>> read_instant(const std::string& text) {
  if (text.empty()) return std::nullopt;
  TM_ASSIGN(const WallTime time, parse_rfc3339(text));
  return time;
}

Result<CalendarTime> time_from_json(const Json* value, const char* what) {
  CalendarTime time;
  if (value == nullptr || value->is_null()) return time;
  Reader reader(*value, what);
  if (reader.find("date") != nullptr) {
    time.kind = CalendarTime::Kind::date;
    time.local = reader.text("date");
    TM_TRY(reader.result());
    return time;
  }
  time.local = reader.text("date_time");
  time.zone = reader.text("zone");
  const Json* unknown = reader.find("zone_unknown");
  time.zone_unknown = unknown != nullptr && unknown->is_boolean() && unknown->get<bool>();
  const std::string utc = reader.text("utc");
  TM_TRY(reader.result());
  TM_ASSIGN(time.utc, read_instant(utc));
  if (time.zone.empty()) {
    time.kind = CalendarTime::Kind::floating;
  } else if (time.zone == "UTC") {
    time.kind = CalendarTime::Kind::utc;
    time.zone.clear();
  } else {
    time.kind = CalendarTime::Kind::zoned;
  }
  return time;
}

Result<Attendee> attendee_from_json(const Json& value) {
  Reader reader(value, "attendee");
  Attendee attendee{reader.text("email"), reader.text("name"), reader.text("response")};
  TM_TRY(reader.result());
  return attendee;
}

Result<std::vector<Attendee>> attendees_from_json(const Json* value) {
  std::vector<Attendee> attendees;
  if (value == nullptr) return attendees;
  if (!value->is_array()) return fail(Errc::parse_error, "event: \"attendees\" must be a list");
  for (const auto& item : *value) {
    TM_ASSIGN(auto attendee, attendee_from_json(item));
    attendees.push_back(std::move(attendee));
  }
  return attendees;
}

Result<std::vector<std::string>> lines_from_json(const Json* value) {
  std::vector<std::string> lines;
  if (value == nullptr) return lines;
  if (!value->is_array()) return fail(Errc::parse_error, "event: \"recurrence\" must be a list");
  for (const auto& item : *value) {
    if (!item.is_string()) return fail(Errc::parse_error, "event: \"recurrence\" must hold text");
    lines.push_back(item.get<std::string>());
  }
  return lines;
}

Result<EventStatus> status_from_text(const std::string& text) {
  if (text == "confirmed" || text.empty()) return EventStatus::confirmed;
  if (text == "tentative") return EventStatus::tentative;
  if (text == "cancelled") return EventStatus::cancelled;
  return fail(Errc::parse_error, "event: unknown status \"" + text + "\"");
}

}  // namespace

std::string_view to_text(EventStatus status) {
  switch (status) {
    case EventStatus::confirmed: return "confirmed";
    case EventStatus::tentative: return "tentative";
    case EventStatus::cancelled: return "cancelled";
  }
  return "confirmed";
}

Json to_json(const CalendarEvent& event) {
  return Json{
      {"external_event_id", text_or_null(event.external_event_id)},
      {"ical_uid", text_or_null(event.ical_uid)},
      {"recurrence_id", text_or_null(event.recurrence_id)},
      {"recurring_event_id", text_or_null(event.recurring_event_id)},
      {"etag", text_or_null(event.etag)},
      {"updated_at", event.updated_at ? Json(format_rfc3339(*event.updated_at)) : Json(nullptr)},
      {"status", to_text(event.status)},
      {"title", text_or_null(event.title)},
      {"description", text_or_null(event.description)},
      {"location", text_or_null(event.location)},
      {"start", to_json(event.start)},
      {"end", to_json(event.end)},
      {"attendees", attendees_json(event.attendees)},
      {"organizer", event.organizer ? to_json(*event.organizer) : Json(nullptr)},
      {"recurrence", event.recurrence},
      {"source_hash", text_or_null(event.source_hash)}};
}

Result<CalendarEvent> calendar_event_from_json(const Json& value) {
  Reader reader(value, "event");
  CalendarEvent event;
  event.external_event_id = reader.text("external_event_id");
  event.ical_uid = reader.text("ical_uid");
  event.recurrence_id = reader.text("recurrence_id");
  event.recurring_event_id = reader.text("recurring_event_id");
  event.etag = reader.text("etag");
  event.title = reader.text("title");
  event.description = reader.text("description");
  event.location = reader.text("location");
  event.source_hash = reader.text("source_hash");
  const std::string updated_at = reader.text("updated_at");
  const std::string status = reader.text("status");
  TM_TRY(reader.result());
  TM_ASSIGN(event.updated_at, read_instant(updated_at));
  TM_ASSIGN(event.status, status_from_text(status));
  TM_ASSIGN(event.start, time_from_json(reader.find("start"), "event start"));
  TM_ASSIGN(event.end, time_from_json(reader.find("end"), "event end"));
  TM_ASSIGN(event.attendees, attendees_from_json(reader.find("attendees")));
  TM_ASSIGN(event.recurrence, lines_from_json(reader.find("recurrence")));
  if (const Json* organizer = reader.find("organizer");
      organizer != nullptr && !organizer->is_null()) {
    TM_ASSIGN(event.organizer, attendee_from_json(*organizer));
  }
  return event;
}

std::string content_hash(const CalendarEvent& event) {
  ContentBytes content;
  content.add(event.ical_uid).add(event.recurrence_id).add(to_text(event.status));
  content.add(event.title).add(event.description).add(event.location);
  content.add(event.start).add(event.end);
  content.add(std::to_string(event.attendees.size()));
  for (const auto& attendee : event.attendees) content.add(attendee);
  content.add(event.organizer ? "1" : "0");
  if (event.organizer) content.add(*event.organizer);
  for (const auto& line : event.recurrence) content.add(line);
  return to_hex(sha256(content.bytes()));
}

std::vector<std::string> changed_fields(const CalendarEvent& before, const CalendarEvent& after) {
  std::vector<std::string> fields;
  const auto compare = [&](const char* field, auto member) {
    if (before.*member != after.*member) fields.emplace_back(field);
  };
  compare("attendees", &CalendarEvent::attendees);
  compare("description", &CalendarEvent::description);
  compare("end", &CalendarEvent::end);
  compare("external_event_id", &CalendarEvent::external_event_id);
  compare("ical_uid", &CalendarEvent::ical_uid);
  compare("location", &CalendarEvent::location);
  compare("organizer", &CalendarEvent::organizer);
  compare("recurrence", &CalendarEvent::recurrence);
  compare("recurrence_id", &CalendarEvent::recurrence_id);
  compare("recurring_event_id", &CalendarEvent::recurring_event_id);
  compare("start", &CalendarEvent::start);
  compare("status", &CalendarEvent::status);
  compare("title", &CalendarEvent::title);
  return fields;
}

}  // namespace tidemark
