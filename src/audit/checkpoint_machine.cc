#include "audit/checkpoint_machine.h"

#include <utility>

#include "base/json.h"
#include "engine/journal.h"
#include "store/key.h"

namespace tidemark::audit {
namespace {

constexpr std::string_view kSchedule = "audit.schedule";
constexpr std::string_view kSigned = "audit.signed";
constexpr std::string_view kTimer = "checkpoint";
constexpr std::string_view kTenant = "~operator";
constexpr char kFormat = 1;

using State = CheckpointMachine::State;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

std::string row_of(std::uint64_t size) {
  return KeyWriter().u64(size).str();
}

TimerChange next_timer(const State& state, WallTime now) {
  TimerChange timer{std::string(kTimer), std::nullopt, true};
  if (state.every.count() > 0) timer.due = now + state.every;
  return timer;
}

Transition<State> schedule(const StepContext& context, State state, milliseconds every) {
  state.every = every;
  return {state, {}, {}, {next_timer(state, context.now)}};
}

Transition<State> due(const StepContext& context, const State& state) {
  Transition<State> transition{state, {}, {}, {next_timer(state, context.now)}};
  transition.effects.push_back({std::string(kSignExecutor), "journal", {}});
  return transition;
}

Transition<State> keep(State state, const CheckpointMachine::Signed& in) {
  if (in.size <= state.size) return {state};
  state.size = in.size;
  ++state.count;
  Transition<State> transition{state};
  transition.rows.push_back({row_of(in.size), std::string(1, kFormat) + in.note});
  EmittedEvent event;
  event.type = kCheckpointEvent;
  event.source = "audit";
  event.dedupe_key = "audit:checkpoint:" + std::to_string(in.size);
  event.payload = JsonText(Json{{"size", in.size}, {"checkpoint", in.note}});
  transition.events.push_back(std::move(event));
  return transition;
}

Result<Json> read_map(std::string_view bytes) {
  TM_ASSIGN(Json map, from_cbor(bytes));
  if (!map.is_object()) return fail(Errc::parse_error, "not a CBOR map");
  return map;
}

std::uint64_t number_of(const Json& map, const char* field) {
  const auto found = map.find(field);
  return found != map.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

}  // namespace

std::string CheckpointMachine::encode(const State& state) {
  return to_cbor({{"v", 1},
                  {"every", static_cast<std::uint64_t>(state.every.count())},
                  {"size", state.size},
                  {"count", state.count}});
}

Result<CheckpointMachine::State> CheckpointMachine::decode_state(std::string_view bytes) {
  TM_ASSIGN(const Json map, read_map(bytes));
  return State{milliseconds{number_of(map, "every")}, number_of(map, "size"),
               number_of(map, "count")};
}

Result<CheckpointMachine::Input> CheckpointMachine::decode_input(std::string_view type,
                                                                 std::string_view payload) {
  if (type == kTimerFired) return Due{};
  TM_ASSIGN(const Json map, read_map(payload));
  if (type == kSchedule) return Schedule{milliseconds{number_of(map, "every")}};
  if (type == kSigned) return Signed{number_of(map, "size"), map.value("note", std::string())};
  return fail(Errc::invalid_argument, "unknown input of the audit: " + std::string(type));
}

Result<Transition<CheckpointMachine::State>> CheckpointMachine::step(const StepContext& context,
                                                                     State state,
                                                                     const Input& input) {
  return std::visit(
      Overloaded{[&](const Schedule& in) { return schedule(context, state, in.every); },
                 [&](const Due&) { return due(context, state); },
                 [&](const Signed& in) { return keep(state, in); }},
      input);
}

InstanceId checkpoint_instance() {
  return make_instance_id(CheckpointMachine::kind, kTenant, "journal");
}

tidemark::Input schedule_input(milliseconds every) {
  return {checkpoint_instance(), std::string(kSchedule),
          to_cbor({{"every", static_cast<std::uint64_t>(every.count())}})};
}

tidemark::Input signed_input(std::uint64_t size, std::string note) {
  return {checkpoint_instance(), std::string(kSigned),
          to_cbor({{"size", size}, {"note", std::move(note)}})};
}

Result<CheckpointMachine::State> read_checkpoint_state(const StoreView& view) {
  TM_ASSIGN(const auto bytes, read_state(view, checkpoint_instance()));
  if (!bytes) return State{};
  return CheckpointMachine::decode_state(*bytes);
}

Result<std::vector<StoredCheckpoint>> read_checkpoints(const StoreView& view, std::uint64_t size,
                                                       std::size_t limit) {
  std::vector<StoredCheckpoint> checkpoints;
  if (limit == 0) return checkpoints;
  TM_TRY(scan_rows(view, checkpoint_instance(), {}, row_of(size),
                   [&](std::string_view key, std::string_view value) {
                     checkpoints.push_back(
                         {KeyReader(key).u64(), std::string(value.substr(value.empty() ? 0 : 1))});
                     return checkpoints.size() < limit;
                   }));
  return checkpoints;
}

}  // namespace tidemark::audit
