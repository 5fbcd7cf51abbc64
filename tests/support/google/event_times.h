// Times as Google's event resource has them: {"date": "2026-01-31"} for whole days, which stay
// days, and {"dateTime": RFC 3339, "timeZone": IANA name}. Everything else in the fake goes through
// here.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/json.h"

namespace tidemark::test::google {

// Whole days count from their midnight UTC, for comparing and subtracting only. Nothing when the
// value is neither a date nor a dateTime with an offset.
std::optional<WallTime> instant(const Json& time);
bool is_all_day(const Json& time);

// The same kind of time, so much later; a dateTime comes out in UTC and keeps its zone's name.
Json shifted(const Json& time, std::chrono::milliseconds by);

// "20260131" or "20260131T090000Z": the second half of an instance's id.
std::string original_start_stamp(const Json& original_start);
std::string instance_id(const std::string& master, const Json& original_start);
// Master and stamp, or nothing when the id does not end as an instance's does.
std::optional<std::pair<std::string, std::string>> split_instance_id(const std::string& id);
// The original start that such a stamp names. A dateTime gets the zone, unless it is empty.
std::optional<Json> original_start_of(const std::string& stamp, const std::string& time_zone);

// The rule up to the last moment before `original_start`: what "this and following" leaves behind.
std::string rule_until(const std::string& rrule, const Json& original_start);
// The rule for what follows; `occurrences_before` are taken off its COUNT, if it has one.
std::string rule_rest(const std::string& rrule, int occurrences_before);
bool has_count(const std::string& rrule);

}  // namespace tidemark::test::google
