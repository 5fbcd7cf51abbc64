#include "delivery/event_filter.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace tidemark::delivery {
namespace {

using Op = Condition::Op;

// Calls `holds` for every value that the path leads to, until it says yes. Lists are walked through
// at every level; how deep is limited by kMaxJsonDepth, beyond which events are not read.
template <class Holds>
bool any_value(const Json& value, const std::vector<std::string>& path, std::size_t depth,
               const Holds& holds) {
  if (value.is_array()) {
    return std::any_of(value.begin(), value.end(),
                       [&](const Json& element) { return any_value(element, path, depth, holds); });
  }
  if (depth == path.size()) return !value.is_null() && holds(value);
  if (!value.is_object()) return false;
  const auto found = value.find(path[depth]);
  return found != value.end() && any_value(*found, path, depth + 1, holds);
}

// JSON's whole numbers come as signed or unsigned; comparing the two as they are would turn a
// negative one into a huge one.
int compare_numbers(const Json& a, const Json& b) {
  const auto order = [](const auto& left, const auto& right) {
    return left < right ? -1 : left > right ? 1 : 0;
  };
  if (a.is_number_float() || b.is_number_float()) return order(a.get<double>(), b.get<double>());
  const bool a_negative = !a.is_number_unsigned() && a.get<std::int64_t>() < 0;
  const bool b_negative = !b.is_number_unsigned() && b.get<std::int64_t>() < 0;
  if (a_negative != b_negative) return a_negative ? -1 : 1;
  if (a_negative) return order(a.get<std::int64_t>(), b.get<std::int64_t>());
  return order(a.get<std::uint64_t>(), b.get<std::uint64_t>());
}

bool equal(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) return compare_numbers(a, b) == 0;
  return a.type() == b.type() && a == b;
}

bool matches_glob(const Json& pattern, const Json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return text.size() <= kMaxGlobbedBytes && glob_match(pattern.get_ref<const std::string&>(), text);
}

// -1, 0 or 1 as the event's value is below, at or above the condition's; nothing when they cannot
// be compared.
std::optional<int> compare(const Condition& condition, const Json& value) {
  if (!condition.instant) {
    if (!value.is_number()) return std::nullopt;
    return compare_numbers(value, condition.value);
  }
  if (!value.is_string()) return std::nullopt;
  const auto time = parse_rfc3339(value.get_ref<const std::string&>());
  if (!time) return std::nullopt;
  return *time < *condition.instant ? -1 : *time > *condition.instant ? 1 : 0;
}

bool holds_for(const Condition& condition, const Json& value) {
  switch (condition.op) {
    case Op::equals:
    case Op::not_equals: return equal(value, condition.value);
    case Op::one_of:
      return std::any_of(condition.value.begin(), condition.value.end(),
                         [&](const Json& one) { return equal(value, one); });
    case Op::glob: return matches_glob(condition.value, value);
    case Op::exists:
    case Op::absent: return true;
    case Op::greater: return compare(condition, value) == 1;
    case Op::less: return compare(condition, value) == -1;
  }
  return false;
}

bool holds(const Condition& condition, const Json& event) {
  const bool found = any_value(event, condition.path, 0,
                               [&](const Json& value) { return holds_for(condition, value); });
  const bool opposite = condition.op == Op::not_equals || condition.op == Op::absent;
  return found != opposite;
}

}  // namespace

bool EventFilter::accepts(const Json& event) const {
  return std::all_of(groups_.begin(), groups_.end(), [&](const Group& group) {
    return std::any_of(group.begin(), group.end(),
                       [&](const Condition& condition) { return holds(condition, event); });
  });
}

bool matches_type(const std::vector<std::string>& globs, std::string_view type) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return glob_match(glob, type); });
}

Result<bool> selects(const std::vector<std::string>& globs, const EventFilter& filter,
                     std::string_view type, std::string_view wire_text) {
  if (!matches_type(globs, type)) return false;
  if (filter.empty()) return true;
  const auto event = parse_json(wire_text);
  if (!event) return fail(Errc::corrupt, "a stored event: " + event.error().message);
  return filter.accepts(*event);
}

}  // namespace tidemark::delivery
