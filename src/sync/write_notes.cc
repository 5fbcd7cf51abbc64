#include "sync/write_notes.h"

namespace tidemark::sync {
namespace {

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

}  // namespace

EmittedEvent write_note(const CalendarIdentity& calendar, Sequence write,
                        const FinishedWrite& finished) {
  const std::string id = write_id(finished.accepted, write);
  Json payload{{"calendar",
                {{"provider", calendar.provider},
                 {"account", calendar.account},
                 {"id", calendar.id},
                 {"name", calendar.name}}},
               {"write", id},
               {"kind", to_text(finished.kind)},
               {"external_event_id", text_or_null(finished.event_id)}};
  switch (finished.end) {
    case WriteEnd::done: payload["event"] = finished.event; break;
    case WriteEnd::conflict:
      payload["ours"] = finished.ours;
      payload["theirs"] = finished.event;
      break;
    case WriteEnd::failed: payload["ours"] = finished.ours; break;
  }
  if (finished.end != WriteEnd::done) {
    payload["error"] = {{"code", finished.error_code}, {"message", finished.error}};
  }
  EmittedEvent note;
  note.type = "calendar.write." + std::string(to_text(finished.end));
  note.source = calendar.provider + ":" + calendar.account;
  note.dedupe_key = "write:" + id;
  note.payload = JsonText(payload);
  return note;
}

}  // namespace tidemark::sync
