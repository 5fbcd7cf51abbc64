// The JSON form of event filters.
#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "delivery/event_filter.h"
#include "delivery/json_reader.h"

namespace tidemark::delivery {
namespace {

using Op = Condition::Op;

constexpr std::array<std::pair<std::string_view, Op>, 8> kOps{{{"equals", Op::equals},
                                                               {"not_equals", Op::not_equals},
                                                               {"one_of", Op::one_of},
                                                               {"glob", Op::glob},
                                                               {"exists", Op::exists},
                                                               {"absent", Op::absent},
                                                               {"greater", Op::greater},
                                                               {"less", Op::less}}};
constexpr std::array<std::string_view, 9> kEnvelopeFields{
    "id",     "type",           "version",      "occurred_at", "company_id",
    "source", "correlation_id", "causation_id", "payload"};

std::string_view name_of(Op op) {
  return std::find_if(kOps.begin(), kOps.end(), [&](const auto& one) { return one.second == op; })
      ->first;
}

Result<Op> read_op(const Json* value, std::string_view place) {
  std::string all;
  for (const auto& [name, op] : kOps) all.append(all.empty() ? "" : ", ").append(name);
  if (value == nullptr) return fail(problem_at(place, "is missing; it is one of " + all));
  if (value->is_string()) {
    for (const auto& [name, op] : kOps) {
      if (value->get_ref<const std::string&>() == name) return op;
    }
  }
  return fail(problem_at(place, "must be one of " + all));
}

Result<std::vector<std::string>> read_path(const Json* value, std::string_view place) {
  if (value == nullptr) {
    return fail(problem_at(place, "is missing; write a path such as \"payload.calendar.account\""));
  }
  if (!value->is_string()) return fail(problem_at(place, "must be text"));
  const auto& field = value->get_ref<const std::string&>();
  if (field.size() > kMaxFieldBytes) {
    return fail(limit_at(place, "is longer than " + std::to_string(kMaxFieldBytes) + " bytes"));
  }
  auto path = split(field, '.');
  if (path.size() > kMaxFieldDepth) {
    return fail(limit_at(place, "has more than " + std::to_string(kMaxFieldDepth) + " parts"));
  }
  if (std::any_of(path.begin(), path.end(), [](const auto& part) { return part.empty(); })) {
    return fail(problem_at(place,
                           "has an empty part; write a path such as "
                           "\"payload.calendar.account\""));
  }
  if (std::find(kEnvelopeFields.begin(), kEnvelopeFields.end(), path[0]) == kEnvelopeFields.end()) {
    std::string all;
    for (const auto name : kEnvelopeFields) all.append(all.empty() ? "" : ", ").append(name);
    return fail(problem_at(place, "must begin with a field of the event: " + all));
  }
  if (path.size() > 1 && path[0] != "payload") {
    return fail(problem_at(place, "goes below \"" + path[0] + "\", but only payload has fields"));
  }
  return path;
}

Result<void> check_scalar(const Json& value, std::string_view place) {
  if (value.is_string()) {
    if (value.get_ref<const std::string&>().size() <= kMaxValueBytes) return {};
    return fail(limit_at(place, "is longer than " + std::to_string(kMaxValueBytes) + " bytes"));
  }
  if (value.is_number() || value.is_boolean()) return {};
  return fail(problem_at(place, "must be text, a number, true or false"));
}

Result<void> check_alternatives(const Json& value, std::string_view place) {
  if (!value.is_array() || value.empty()) {
    return fail(problem_at(place, "must be a list of the values that one_of allows"));
  }
  if (value.size() > kMaxAlternatives) {
    return fail(limit_at(place, "has more than " + std::to_string(kMaxAlternatives) + " values"));
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    TM_TRY(check_scalar(value[i], item_place(place, i)));
  }
  return {};
}

Result<void> check_glob(const Json& value, std::string_view place) {
  if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
    return fail(problem_at(place, "must be a pattern; * and ? stand for any characters"));
  }
  if (value.get_ref<const std::string&>().size() <= kMaxGlobBytes) return {};
  return fail(limit_at(place, "is longer than " + std::to_string(kMaxGlobBytes) + " bytes"));
}

Result<void> read_bound(Condition& condition, std::string_view place) {
  if (condition.value.is_number()) return {};
  if (condition.value.is_string()) {
    const auto time = parse_rfc3339(condition.value.get_ref<const std::string&>());
    if (time) {
      condition.instant = *time;
      return {};
    }
  }
  return fail(problem_at(place, "must be a number or a time such as \"2025-12-16T12:00:00Z\""));
}

Result<void> read_value(Condition& condition, const Json* value, std::string_view place) {
  const std::string op = "\"" + std::string(name_of(condition.op)) + "\"";
  if (condition.op == Op::exists || condition.op == Op::absent) {
    if (value == nullptr) return {};
    return fail(problem_at(place, "must be left out: " + op + " takes none"));
  }
  if (value == nullptr) {
    return fail(problem_at(place, "is missing: " + op + " needs one (\"absent\" asks for null)"));
  }
  condition.value = *value;
  switch (condition.op) {
    case Op::one_of: return check_alternatives(*value, place);
    case Op::glob: return check_glob(*value, place);
    case Op::greater:
    case Op::less: return read_bound(condition, place);
    case Op::equals:
    case Op::not_equals:
    case Op::exists:
    case Op::absent: return check_scalar(*value, place);
  }
  return {};
}

Result<Condition> read_condition(const Json& value, const std::string& place) {
  ObjectReader reader(value, place);
  const Json* field = reader.find("field");
  const Json* op = reader.find("op");
  const Json* operand = reader.find("value");
  TM_TRY(reader.finish());
  Condition condition;
  TM_ASSIGN(condition.path, read_path(field, child_place(place, "field")));
  TM_ASSIGN(condition.op, read_op(op, child_place(place, "op")));
  TM_TRY(read_value(condition, operand, child_place(place, "value")));
  return condition;
}

Result<std::vector<Condition>> read_group(const Json& value, const std::string& place) {
  std::vector<Condition> group;
  if (!value.is_object() || !value.contains("any")) {
    TM_ASSIGN(auto condition, read_condition(value, place));
    group.push_back(std::move(condition));
    return group;
  }
  ObjectReader reader(value, place);
  const Json* any = reader.find("any");
  TM_TRY(reader.finish());
  const std::string list = child_place(place, "any");
  if (any == nullptr || !any->is_array() || any->empty()) {
    return fail(problem_at(list, "must be a list of conditions"));
  }
  if (any->size() > kMaxConditions) {
    return fail(limit_at(list, "has more than " + std::to_string(kMaxConditions) + " conditions"));
  }
  for (std::size_t i = 0; i < any->size(); ++i) {
    const std::string here = item_place(list, i);
    if ((*any)[i].is_object() && (*any)[i].contains("any")) {
      return fail(problem_at(here, "groups of conditions do not nest"));
    }
    TM_ASSIGN(auto condition, read_condition((*any)[i], here));
    group.push_back(std::move(condition));
  }
  return group;
}

Json condition_json(const Condition& condition) {
  std::string field;
  for (const auto& part : condition.path) field.append(field.empty() ? "" : ".").append(part);
  Json out{{"field", field}, {"op", name_of(condition.op)}};
  if (!condition.value.is_null()) out["value"] = condition.value;
  return out;
}

bool is_type_glob(std::string_view glob) {
  return !glob.empty() && std::all_of(glob.begin(), glob.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-*?").find(c) != std::string_view::npos;
  });
}

}  // namespace

Result<EventFilter> EventFilter::from_json(const Json& value, std::string_view place) {
  EventFilter filter;
  if (value.is_null()) return filter;
  if (!value.is_array()) return fail(problem_at(place, "must be a list of conditions"));
  std::size_t conditions = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    TM_ASSIGN(auto group, read_group(value[i], item_place(place, i)));
    conditions += group.size();
    if (conditions > kMaxConditions) {
      return fail(
          limit_at(place, "has more than " + std::to_string(kMaxConditions) + " conditions"));
    }
    filter.groups_.push_back(std::move(group));
  }
  return filter;
}

Json EventFilter::to_json() const {
  Json list = Json::array();
  for (const Group& group : groups_) {
    Json conditions = Json::array();
    for (const Condition& condition : group) conditions.push_back(condition_json(condition));
    list.push_back(group.size() == 1 ? conditions[0] : Json{{"any", conditions}});
  }
  return list;
}

Result<std::vector<std::string>> type_globs_from_json(const Json& value, std::string_view place) {
  if (!value.is_array()) {
    return fail(problem_at(place, "must be a list of event types such as [\"calendar.event.*\"]"));
  }
  if (value.empty()) {
    return fail(problem_at(place, "selects nothing; write [\"*\"] for every type"));
  }
  if (value.size() > kMaxGlobs) {
    return fail(limit_at(place, "has more than " + std::to_string(kMaxGlobs) + " patterns"));
  }
  std::vector<std::string> globs;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string here = item_place(place, i);
    if (!value[i].is_string() || !is_type_glob(value[i].get_ref<const std::string&>())) {
      return fail(problem_at(here,
                             "must be an event type such as \"calendar.event.created\"; * and ? "
                             "stand for any characters"));
    }
    globs.push_back(value[i].get<std::string>());
    if (globs.back().size() > kMaxGlobBytes) {
      return fail(limit_at(here, "is longer than " + std::to_string(kMaxGlobBytes) + " bytes"));
    }
  }
  return globs;
}

}  // namespace tidemark::delivery
