// A machine that does what its inputs say, so that tests can ask for any transition.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/json.h"
#include "engine/machine.h"

namespace tidemark::test {

// Input "do": a JSON object, all keys optional:
//   rows     {"key": "value" or null}      copy  {"from": key, "to": key} (reads a row)
//   effects  [{"executor", "host", "payload"}]
//   timers   [{"name", "in_ms" (absent: cancel), "new_cause"}]
//   messages [{"to", "input"}]             events ["type", ...]
//   refuse   "why"                         end    true
//   drop_secrets ["name", ...]
// Any other type is only remembered. The state is the list of inputs, as "type payload" lines.
struct Scripted {
  static constexpr std::string_view kind = "scripted";
  static constexpr std::uint32_t version = 3;

  struct State {
    std::vector<std::string> log;
  };
  struct Do {
    Json script;
    std::string text;
  };
  struct Note {
    std::string text;
  };
  using Input = std::variant<Do, Note>;

  static std::string encode(const State& state) {
    std::string bytes = ".";
    for (const auto& line : state.log) bytes.append(line).append("\n");
    return bytes;
  }
  static Result<State> decode_state(std::string_view bytes) {
    State state;
    bytes.remove_prefix(1);
    while (!bytes.empty()) {
      const auto end = bytes.find('\n');
      state.log.emplace_back(bytes.substr(0, end));
      bytes.remove_prefix(end + 1);
    }
    return state;
  }
  static Result<Input> decode_input(std::string_view type, std::string_view payload) {
    const std::string text = std::string(type) + " " + std::string(payload);
    if (type != "do") return Note{text};
    TM_ASSIGN(auto script, parse_json(payload));
    return Do{std::move(script), text};
  }
  static Result<Transition<State>> step(const StepContext& context, State state,
                                        const Input& input);
};

inline Json list_in(const Json& script, const char* key) {
  return script.contains(key) ? script.at(key) : Json::array();
}

inline Result<Transition<Scripted::State>> Scripted::step(const StepContext& context, State state,
                                                          const Input& input) {
  Transition<State> transition;
  if (const auto* note = std::get_if<Note>(&input)) {
    state.log.push_back(note->text);
    transition.state = std::move(state);
    return transition;
  }
  const auto& [script, text] = std::get<Do>(input);
  if (script.contains("refuse")) {
    return fail(Errc::invalid_argument, script.at("refuse").get<std::string>());
  }
  state.log.push_back(script.value("note", "do"));
  const Json rows = script.value("rows", Json::object());
  for (const auto& [key, value] : rows.items()) {
    transition.rows.push_back(
        {key, value.is_null() ? std::nullopt : std::optional(value.get<std::string>())});
  }
  if (script.contains("copy")) {
    const auto& copy = script.at("copy");
    transition.rows.push_back(
        {copy.at("to").get<std::string>(), context.rows.get(copy.at("from").get<std::string>())});
  }
  if (script.contains("gather")) {
    std::string all;
    context.rows.scan(script.at("gather").get<std::string>(), {}, [&](auto key, auto value) {
      all.append(key).append("=").append(value).append(";");
      return true;
    });
    state.log.push_back(all);
  }
  for (const auto& effect : list_in(script, "effects")) {
    transition.effects.push_back({effect.at("executor"), effect.value("host", ""),
                                  effect.value("payload", ""), effect.value("correlation_id", "")});
  }
  for (const auto& timer : list_in(script, "timers")) {
    TimerChange change{timer.at("name"), std::nullopt, timer.value("new_cause", false)};
    if (timer.contains("in_ms"))
      change.due = context.now + milliseconds{timer.at("in_ms").get<int>()};
    transition.timers.push_back(change);
  }
  for (const auto& message : list_in(script, "messages")) {
    transition.messages.push_back({InstanceId{message.at("to")}, message.value("type", "do"),
                                   message.value("input", Json::object()).dump()});
  }
  for (const auto& type : list_in(script, "events")) {
    transition.events.push_back({type, 1, "test", "key:" + type.get<std::string>(),
                                 JsonText(Json{{"sequence", context.sequence}})});
  }
  for (const auto& name : list_in(script, "drop_secrets")) {
    transition.dropped_secrets.push_back(name.get<std::string>());
  }
  transition.end = script.value("end", false);
  transition.state = std::move(state);
  return transition;
}

}  // namespace tidemark::test
