// Canonical events as Google's members.
#include <algorithm>

#include "providers/google/event_writer.h"
#include "providers/google/json_members.h"
#include "zones/local_time.h"

namespace tidemark::google {
namespace {

tl::unexpected<Error> impossible(const std::string& what) {
  return fail(Errc::invalid_argument, "Google Calendar " + what);
}

// The members that are not given must go: a patch merges times, too.
Result<Json> time_json(const CalendarTime& time) {
  Json out{{"date", nullptr}, {"dateTime", nullptr}, {"timeZone", nullptr}};
  switch (time.kind) {
    case CalendarTime::Kind::none: return impossible("needs a start and an end");
    case CalendarTime::Kind::floating:
      return impossible("has no floating times; give \"zone\" a name");
    case CalendarTime::Kind::date: out["date"] = time.local; return out;
    case CalendarTime::Kind::utc:
      out["dateTime"] = time.local + "Z";
      out["timeZone"] = "UTC";
      return out;
    case CalendarTime::Kind::zoned: break;
  }
  if (!time.utc) return impossible("does not know the zone " + time.zone);
  const auto instant = to_seconds(*time.utc);
  out["dateTime"] = format_date_time(instant) + "Z";
  out["timeZone"] = time.zone;
  return out;
}

std::string response_text(const Attendee& person) {
  return person.response == "needs-action" || person.response.empty() ? "needsAction"
                                                                      : person.response;
}

// A list is replaced as a whole, so whoever stays brings along what else Google said of them.
Json attendees_json(const Json& stored, const std::vector<Attendee>& people) {
  Json list = Json::array();
  const Json* old = stored.is_object() ? member(stored, "attendees") : nullptr;
  for (const auto& person : people) {
    Json one = Json::object();
    if (old != nullptr && old->is_array()) {
      for (const Json& known : *old) {
        if (known.is_object() && text(known, "email") == person.email) one = known;
      }
    }
    one["email"] = person.email;
    if (person.name.empty()) {
      one.erase("displayName");
    } else {
      one["displayName"] = person.name;
    }
    one["responseStatus"] = response_text(person);
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace

Result<Json> patch_of(const Json& stored, const CalendarEvent& before, const CalendarEvent& after) {
  Json patch = Json::object();
  const auto set_text = [&](const char* name, const std::string& was, const std::string& is) {
    if (was != is) patch[name] = is.empty() ? Json(nullptr) : Json(is);
  };
  set_text("summary", before.title, after.title);
  set_text("description", before.description, after.description);
  set_text("location", before.location, after.location);
  if (before.status != after.status) {
    if (after.status == EventStatus::cancelled) {
      return impossible("deletes what is cancelled; delete the event instead");
    }
    patch["status"] = to_text(after.status);
  }
  // Both together: Google wants them to be of one kind.
  if (before.start != after.start || before.end != after.end) {
    TM_ASSIGN(patch["start"], time_json(after.start));
    TM_ASSIGN(patch["end"], time_json(after.end));
  }
  if (before.attendees != after.attendees) {
    patch["attendees"] = attendees_json(stored, after.attendees);
  }
  if (before.recurrence != after.recurrence) {
    patch["recurrence"] = after.recurrence.empty() ? Json(nullptr) : Json(after.recurrence);
  }
  if (before.organizer != after.organizer && after.organizer) {
    return impossible("names the organizer itself: it is the calendar that the event is made in");
  }
  return patch;
}

}  // namespace tidemark::google
