#include "sync/event_notes.h"

#include "base/text.h"
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

EmittedEvent note(std::string_view type, const CalendarIdentity& calendar,
                  const CalendarEvent& event, const std::string& version) {
  EmittedEvent out;
  out.type = type;
  out.source = calendar.provider + ":" + calendar.account;
  out.dedupe_key = "calendar:" + calendar.provider + ":" + calendar.id + ":" +
                   event.external_event_id + ":" + version;
  out.payload = Json{{"calendar",
                      {{"provider", calendar.provider},
                       {"account", calendar.account},
                       {"id", calendar.id},
                       {"name", calendar.name}}},
                     {"event", to_json(event)}};
  return out;
}

}  // namespace

EmittedEvent created_note(const CalendarIdentity& calendar, const CalendarEvent& event) {
  return note(kEventCreated, calendar, event, version_key(event, true));
}

EmittedEvent updated_note(const CalendarIdentity& calendar, const CalendarEvent& before,
                          const CalendarEvent& after, std::vector<std::string> changed) {
  const bool moved = before.external_event_id != after.external_event_id;
  EmittedEvent out =
      note(kEventUpdated, calendar, after, version_key(after, moved || before.etag != after.etag));
  if (moved) out.payload["previous_external_event_id"] = before.external_event_id;
  out.payload["changed"] = std::move(changed);
  return out;
}

// The version that goes is the one that came, so without a suffix both would share one key.
EmittedEvent deleted_note(const CalendarIdentity& calendar, const CalendarEvent& event) {
  return note(kEventDeleted, calendar, event, version_key(event, true) + ":deleted");
}

}  // namespace tidemark::sync
