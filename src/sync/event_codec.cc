#include "sync/event_codec.h"

namespace tidemark::sync {
namespace {

constexpr std::uint8_t kFormat = 1;

std::uint8_t code_of(EventStatus status) {
  switch (status) {
    case EventStatus::confirmed: return 0;
    case EventStatus::tentative: return 1;
    case EventStatus::cancelled: return 2;
  }
  return 0;
}

std::uint8_t code_of(CalendarTime::Kind kind) {
  switch (kind) {
    case CalendarTime::Kind::none: return 0;
    case CalendarTime::Kind::date: return 1;
    case CalendarTime::Kind::floating: return 2;
    case CalendarTime::Kind::utc: return 3;
    case CalendarTime::Kind::zoned: return 4;
  }
  return 0;
}

EventStatus status_of(std::uint8_t code, ByteReader& reader) {
  switch (code) {
    case 0: return EventStatus::confirmed;
    case 1: return EventStatus::tentative;
    case 2: return EventStatus::cancelled;
    default: reader.spoil(); return EventStatus::confirmed;
  }
}

CalendarTime::Kind kind_of(std::uint8_t code, ByteReader& reader) {
  switch (code) {
    case 0: return CalendarTime::Kind::none;
    case 1: return CalendarTime::Kind::date;
    case 2: return CalendarTime::Kind::floating;
    case 3: return CalendarTime::Kind::utc;
    case 4: return CalendarTime::Kind::zoned;
    default: reader.spoil(); return CalendarTime::Kind::none;
  }
}

void write_instant(ByteWriter& writer, const std::optional<WallTime>& time) {
  writer.u8(time ? 1 : 0);
  if (time) writer.signed_number(time->time_since_epoch().count());
}

std::optional<WallTime> read_instant(ByteReader& reader) {
  if (reader.u8() == 0) return std::nullopt;
  return WallTime{milliseconds{reader.signed_number()}};
}

void write_time(ByteWriter& writer, const CalendarTime& time) {
  writer.u8(code_of(time.kind));
  if (time.kind == CalendarTime::Kind::none) return;
  writer.text(time.local).text(time.zone).u8(time.zone_unknown ? 1 : 0);
  write_instant(writer, time.utc);
}

CalendarTime read_time(ByteReader& reader) {
  CalendarTime time;
  time.kind = kind_of(reader.u8(), reader);
  if (time.kind == CalendarTime::Kind::none) return time;
  time.local = reader.text();
  time.zone = reader.text();
  time.zone_unknown = reader.u8() != 0;
  time.utc = read_instant(reader);
  return time;
}

void write_attendee(ByteWriter& writer, const Attendee& attendee) {
  writer.text(attendee.email).text(attendee.name).text(attendee.response);
}

Attendee read_attendee(ByteReader& reader) {
  Attendee attendee;
  attendee.email = reader.text();
  attendee.name = reader.text();
  attendee.response = reader.text();
  return attendee;
}

}  // namespace

std::string encode_event(const CalendarEvent& event) {
  ByteWriter writer;
  writer.u8(kFormat);
  writer.text(event.external_event_id).text(event.ical_uid).text(event.recurrence_id);
  writer.text(event.recurring_event_id).text(event.etag);
  write_instant(writer, event.updated_at);
  writer.u8(code_of(event.status));
  writer.text(event.title).text(event.description).text(event.location);
  write_time(writer, event.start);
  write_time(writer, event.end);
  writer.number(event.attendees.size());
  for (const auto& attendee : event.attendees) write_attendee(writer, attendee);
  writer.u8(event.organizer ? 1 : 0);
  if (event.organizer) write_attendee(writer, *event.organizer);
  writer.number(event.recurrence.size());
  for (const auto& line : event.recurrence) writer.text(line);
  writer.text(event.source_hash);
  return std::move(writer).str();
}

CalendarEvent read_event(ByteReader& reader) {
  CalendarEvent event;
  if (reader.u8() != kFormat) reader.spoil();
  event.external_event_id = reader.text();
  event.ical_uid = reader.text();
  event.recurrence_id = reader.text();
  event.recurring_event_id = reader.text();
  event.etag = reader.text();
  event.updated_at = read_instant(reader);
  event.status = status_of(reader.u8(), reader);
  event.title = reader.text();
  event.description = reader.text();
  event.location = reader.text();
  event.start = read_time(reader);
  event.end = read_time(reader);
  const std::size_t attendees = reader.count();
  for (std::size_t i = 0; i < attendees && reader.ok(); ++i) {
    event.attendees.push_back(read_attendee(reader));
  }
  if (reader.u8() != 0) event.organizer = read_attendee(reader);
  const std::size_t lines = reader.count();
  for (std::size_t i = 0; i < lines && reader.ok(); ++i) {
    event.recurrence.emplace_back(reader.text());
  }
  event.source_hash = reader.text();
  return event;
}

Result<CalendarEvent> decode_event(std::string_view bytes) {
  ByteReader reader(bytes);
  CalendarEvent event = read_event(reader);
  if (!reader.done()) return fail(Errc::corrupt, "a stored calendar event cannot be decoded");
  return event;
}

}  // namespace tidemark::sync
