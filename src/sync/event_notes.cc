#include "sync/event_notes.h"

#include "base/json.h"
#include "base/text.h"
#include "domain/calendar_event_text.h"
#include "domain/event.h"

namespace tidemark::sync {
namespace {

// An ETag names a version only when the server changes it with the content; one that stayed the
// same over a change (SOGo gives every new resource the same) would make two events one.
std::string version_key(const CalendarEvent& event, bool etag_is_trusted) {
  if (etag_is_trusted && !event.etag.empty()) return event.etag;
  return (event.updated_at ? format_rfc3339(*event.updated_at) : std::string()) + "+" +
         event.source_hash;
}

void append_field(std::string& out, std::string_view name, std::string_view text) {
  out += name;
  append_json_string(out, text);
}

// What only an update has, as members of the payload's object.
struct UpdateFields {
  std::vector<std::string> changed;
  std::string previous_external_event_id{};
};

// Written as text with the keys in order: an initial sync writes tens of thousands of these.
std::string payload_text(const CalendarIdentity& calendar, const CalendarEvent& event,
                         const UpdateFields* update) {
  std::string out;
  out.reserve(1024);
  append_field(out, "{\"calendar\":{\"account\":", calendar.account);
  append_field(out, ",\"id\":", calendar.id);
  append_field(out, ",\"name\":", calendar.name);
  append_field(out, ",\"provider\":", calendar.provider);
  out += '}';
  if (update != nullptr) {
    out += ",\"changed\":[";
    for (const auto& field : update->changed) {
      append_field(out, out.back() == '[' ? "" : ",", field);
    }
    out += ']';
  }
  out += ",\"event\":";
  append_json(out, event);
  if (update != nullptr && !update->previous_external_event_id.empty()) {
    append_field(out, ",\"previous_external_event_id\":", update->previous_external_event_id);
  }
  out += '}';
  return out;
}

EmittedEvent note(std::string_view type, const CalendarIdentity& calendar,
                  const CalendarEvent& event, const std::string& version,
                  const UpdateFields* update = nullptr) {
  EmittedEvent out;
  out.type = type;
  out.source = calendar.provider + ":" + calendar.account;
  out.dedupe_key = "calendar:" + calendar.provider + ":" + calendar.id + ":" +
                   event.external_event_id + ":" + version;
  out.payload = JsonText::of(payload_text(calendar, event, update));
  return out;
}

}  // namespace

EmittedEvent created_note(const CalendarIdentity& calendar, const CalendarEvent& event) {
  return note(kEventCreated, calendar, event, version_key(event, true));
}

EmittedEvent updated_note(const CalendarIdentity& calendar, const CalendarEvent& before,
                          const CalendarEvent& after, std::vector<std::string> changed) {
  const bool moved = before.external_event_id != after.external_event_id;
  UpdateFields update{std::move(changed)};
  if (moved) update.previous_external_event_id = before.external_event_id;
  return note(kEventUpdated, calendar, after,
              version_key(after, moved || before.etag != after.etag), &update);
}

// The version that goes is the one that came, so without a suffix both would share one key.
EmittedEvent deleted_note(const CalendarIdentity& calendar, const CalendarEvent& event) {
  return note(kEventDeleted, calendar, event, version_key(event, true) + ":deleted");
}

}  // namespace tidemark::sync
