// iCalendar (RFC 5545) in, canonical events out: the only place that names libical.
//
// Safe with hostile input: bytes are measured (size, line length, depth, counts) before libical
// sees them, recurrence rules that never produce an instance are recognised before they are
// iterated, and a TZID is resolved by our rules, never by libical's silent UTC. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/calendar_event.h"

namespace tidemark::icalendar {

struct Limits {
  std::size_t resource_bytes = 10U << 20;
  std::size_t line_bytes = 1U << 20;  // one unfolded content line
  std::size_t components = 10'000;    // in one resource
  std::size_t properties = 100'000;   // in one resource
  std::size_t depth = 8;
  std::size_t attendees = 5'000;  // per event
};

struct Address {  // what the provider knows and the bytes do not say
  std::string href;
  std::string etag;
};

// The canonical events of one resource: master or single first, then overrides by recurrence id.
// external_event_id is href, for an override href + "#" + recurrence_id. None when the resource is
// a task, a note or free/busy time. An error is the reason to quarantine the resource (parse_error,
// limit_exceeded): unparsable bytes, nothing in it, more than one UID, an event without DTSTART, an
// impossible date.
Result<std::vector<CalendarEvent>> parse_resource(std::string_view bytes, const Address& address,
                                                  const Limits& limits = {});

// Cuts a calendar file with many UIDs into one resource per UID (VTIMEZONEs it uses included), in
// order of first appearance. Bytes of the components are kept as they are. Components without UID
// get one derived from their content, written into them. A second master of one UID becomes a part
// of its own, its `uid` ending in "#" and a hash of its bytes; an exact copy of it is left out.
// Other components than VEVENT become parts too. Does not need the whole of it to be valid: a
// component that is cut short becomes a part as it is, for parse_resource to refuse. Only
// resource_bytes, components and depth of the limits are measured here, over all of the file.
inline constexpr Limits kFileLimits{.resource_bytes = 256U << 20, .components = 1'000'000};

struct SplitPart {
  std::string uid;
  std::string bytes;
};
Result<void> split_by_uid(std::string_view bytes,
                          const std::function<Result<void>(SplitPart&&)>& visitor,
                          const Limits& limits = kFileLimits);

// Whether a resource's bytes are iCalendar. Providers that read their events themselves send JSON
// objects, which say nothing here: what reads bytes beside events takes all from the events then.
inline bool is_icalendar(std::string_view bytes) {
  return !bytes.starts_with('{');
}

// One resource of these events. parse_resource() gives events of the same content back. Zones are
// named and not defined.
std::string write_events(const std::vector<CalendarEvent>& events);

// One VCALENDAR of many resources: their VEVENTs as they are, each VTIMEZONE once (of two with one
// TZID the first). Bytes that parse_resource refuses as damaged are left out: they would damage
// all.
class CalendarWriter {
 public:
  explicit CalendarWriter(std::string_view calendar_name);
  void add(std::string_view resource_bytes);
  std::string finish() &&;

 private:
  std::string name_;
  std::vector<std::string> zone_ids_;
  std::string zones_;
  std::string events_;
};

// Half-open range of instants; a missing end is open.
struct TimeRange {
  WallTime from{};
  std::optional<WallTime> to{};
};

// When anything of a resource can happen: from the earliest start to the latest end, over the whole
// recurrence; an endless rule has no end. Floating and all-day times are widened by 14 hours on
// both sides, since their instant depends on the reader's zone.
TimeRange span_of(std::string_view resource_bytes, const std::vector<CalendarEvent>& events);

struct Instance {
  CalendarEvent event;  // start and end moved to this instance; recurrence empty
  WallTime start{};     // instants used for ordering; floating and all-day read in `zone`
  WallTime end{};
};

struct ExpandOptions {
  TimeRange range;
  std::string zone = "UTC";           // for floating and all-day times
  std::size_t max_instances = 1'000;  // of this resource
};

// The instances of one resource (all its events) that overlap the range, ascending by start.
// Overrides replace (RANGE=THISANDFUTURE all later instances too), cancelled ones remove, EXDATE
// removes, RDATE adds. A rule that never happens, or that cannot be iterated (RSCALE, INTERVAL
// above 32,767), yields its DTSTART only. Errors: invalid_argument for an unknown zone,
// parse_error.
struct Expansion {
  std::vector<Instance> instances;
  // There are more than max_instances (the earliest are here), or the rule needed more steps or
  // memory than one expansion may take.
  bool truncated = false;
};
Result<Expansion> expand(std::string_view resource_bytes, const std::vector<CalendarEvent>& events,
                         const ExpandOptions& options);

}  // namespace tidemark::icalendar
