// The event envelope: what Tidemark tells the world, exactly as it stands on the wire.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "base/json.h"

namespace tidemark {

inline constexpr std::string_view kEventCreated = "calendar.event.created";
inline constexpr std::string_view kEventUpdated = "calendar.event.updated";
inline constexpr std::string_view kEventDeleted = "calendar.event.deleted";

struct Event {
  std::string id;    // "evt_" + ULID of (time, sequence, index); see base/ids.h
  std::string type;  // dotted, lower case
  int version = 1;   // grows only when the payload changes incompatibly
  WallTime occurred_at{};
  std::string company_id;      // the tenant
  std::string source;          // "<provider>:<account>"
  std::string correlation_id;  // shared by everything that one cause set off
  std::string causation_id;    // the direct cause; empty is null on the wire
  Json payload = Json::object();

  bool operator==(const Event&) const = default;
};

// The wire form: one JSON object, fields in the order of the struct.
std::string to_json_text(const Event& event);
// The same with a payload that is text already; the event's own is not looked at.
std::string to_json_text(const Event& envelope, std::string_view payload);
// The same fields as a value, for CBOR and for embedding in lists.
Json to_json(const Event& event);
// Extra fields are ignored; a missing or ill-typed one is Errc::parse_error naming it.
Result<Event> event_from_json(const Json& value);

}  // namespace tidemark
