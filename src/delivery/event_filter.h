// Which events an endpoint gets: globs over the type, and conditions on the envelope's fields.
//
// A filter is a list, all of whose entries must hold. An entry is a condition, or a group of
// conditions of which any may hold (groups do not nest):
//
//   [ {"field": "payload.calendar.account", "op": "equals", "value": "work"},
//     {"any": [ {"field": "payload.event.title", "op": "glob", "value": "*urgent*"},
//               {"field": "payload.changed", "op": "one_of", "value": ["start", "end"]} ]} ]
//
// A field is a path from the envelope (src/domain/event.h) down. Lists on the way, or at its end,
// stand for their elements: a condition holds when it holds for one of them. What is null counts as
// absent. No field, or one of another kind than the value, makes no condition hold, except that
//   not_equals  is the opposite of equals: it holds when the field is absent, and for a list when
//               none of its elements equals the value;
//   absent      is the opposite of exists.
// greater and less compare numbers with numbers and times (RFC 3339 texts) with times, as instants.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace tidemark::delivery {

inline constexpr std::size_t kMaxConditions = 50;  // in all groups together
inline constexpr std::size_t kMaxFieldBytes = 256;
inline constexpr std::size_t kMaxFieldDepth = 16;
inline constexpr std::size_t kMaxValueBytes = 1024;
inline constexpr std::size_t kMaxAlternatives = 100;  // values of one_of
inline constexpr std::size_t kMaxGlobs = 100;
inline constexpr std::size_t kMaxGlobBytes = 256;
// Longer texts match no glob: what a pattern costs grows with the text's length.
inline constexpr std::size_t kMaxGlobbedBytes = 16U << 10;

struct Condition {
  enum class Op : std::uint8_t { equals, not_equals, one_of, glob, exists, absent, greater, less };

  std::vector<std::string> path;  // {"payload", "calendar", "account"}
  Op op = Op::exists;
  Json value;                       // null for exists and absent
  std::optional<WallTime> instant;  // the value of greater and less, when it is a time

  bool operator==(const Condition&) const = default;
};

// Compiled once, used by any number of threads.
class EventFilter {
 public:
  // Errors name the place, beginning with `place`: `filter[1].any[0].op: ...`.
  static Result<EventFilter> from_json(const Json& value, std::string_view place);
  Json to_json() const;

  // Nothing to check: accepts() needs no event.
  bool empty() const { return groups_.empty(); }
  // The event as its envelope's JSON.
  bool accepts(const Json& event) const;

  bool operator==(const EventFilter&) const = default;

 private:
  using Group = std::vector<Condition>;  // one of them must hold
  std::vector<Group> groups_;            // in all of these
};

// 1 to kMaxGlobs patterns of letters, digits, '.', '_', '-', '*' and '?'.
Result<std::vector<std::string>> type_globs_from_json(const Json& value, std::string_view place);
bool matches_type(const std::vector<std::string>& globs, std::string_view type);

// The whole question, for an event as it is stored. The text is parsed only when the type matches
// and the filter has conditions; Errc::corrupt when it is not JSON then.
Result<bool> selects(const std::vector<std::string>& globs, const EventFilter& filter,
                     std::string_view type, std::string_view wire_text);

}  // namespace tidemark::delivery
