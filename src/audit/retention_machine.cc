#include "audit/retention_machine.h"

#include <algorithm>
#include <utility>

#include "audit/retention_codec.h"
#include "base/json.h"

namespace tidemark::audit {
namespace {

constexpr std::string_view kTimer = "retention";
constexpr std::size_t kMaxWhyBytes = 1024;

using State = RetentionMachine::State;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

TimerChange next_timer(const State& state, WallTime now) {
  TimerChange timer{std::string(kTimer), std::nullopt, true};
  if (state.every.count() > 0) timer.due = now + state.every;
  return timer;
}

EffectRequest effect(std::string_view executor, std::string payload) {
  return {std::string(executor), "journal", std::move(payload)};
}

Transition<State> begin(const StepContext& context, State state) {
  state.running = true;
  Transition<State> transition{state};
  transition.effects.push_back(effect(kPlanExecutor, encode_plan_effect(context.now)));
  return transition;
}

Transition<State> due(const StepContext& context, const State& state) {
  // One that runs, or waits for the next start because the disk failed it, goes on by itself.
  Transition<State> transition = state.running ? Transition<State>{state} : begin(context, state);
  transition.timers.push_back(next_timer(state, context.now));
  return transition;
}

Transition<State> decide(const StepContext& context, State state, const RetentionPlan& plan) {
  if (plan.empty()) {
    state.running = false;
    return {state};
  }
  Transition<State> transition;
  if (plan.through > state.through) {
    state.through = plan.through;
    state.at = context.now;
    state.by = context.sequence;
    state.size = plan.size;
  }
  for (const Cut& cut : plan.cuts) {
    if (cut.kind == Cut::Kind::records) continue;
    const char letter = cut.kind == Cut::Kind::events ? kEventsRow : kInputsRow;
    const PayloadsDropped row{cut.through, cut.last_event, context.sequence};
    transition.rows.push_back({payload_row_key(letter, cut.scope.tenant), encode_payload_row(row)});
    state.last_event = std::max(state.last_event, cut.last_event);
  }
  transition.effects.push_back(effect(kDropExecutor, encode_drop_effect(plan.cuts)));
  transition.state = state;
  return transition;
}

Result<Transition<State>> erase_payloads(const StepContext& context, const State& state,
                                         const RetentionMachine::Erase& in) {
  const auto& scope = in.scope;
  if (scope.tenant.empty() && scope.instance.empty() && scope.correlation.empty()) {
    return fail(Errc::invalid_argument,
                "an erasure names a tenant, an instance or a correlation: never everything");
  }
  if (in.why.empty() || in.why.size() > kMaxWhyBytes) {
    return fail(Errc::invalid_argument, "why: say in 1 to 1024 bytes why the payloads are erased");
  }
  Transition<State> transition{state};
  transition.rows.push_back({erasure_row_key(context.sequence), encode_erasure(scope, in.why)});
  const Cut cut{Cut::Kind::payloads, scope, 0, context.sequence - 1, 0};
  transition.effects.push_back(effect(kDropExecutor, encode_drop_effect({cut})));
  return transition;
}

Transition<State> finish(State state, const RetentionMachine::Dropped& in) {
  if (!in.erasure) state.running = false;
  Transition<State> transition{state};
  EmittedEvent event;
  event.type = in.erasure ? kErasedEvent : kDroppedEvent;
  event.source = "audit";
  Json payload{
      {"records", in.counts.records}, {"inputs", in.counts.inputs}, {"events", in.counts.events}};
  if (!in.erasure) {
    payload["through"] = state.through;
    payload["checkpoint"] = state.size;
  }
  event.payload = JsonText(payload);
  transition.events.push_back(std::move(event));
  return transition;
}

}  // namespace

Result<Transition<State>> RetentionMachine::step(const StepContext& context, State state,
                                                 const Input& input) {
  return std::visit(
      Overloaded{[&](const Schedule& in) -> Result<Transition<State>> {
                   state.every = in.every;
                   return Transition<State>{state, {}, {}, {next_timer(state, context.now)}};
                 },
                 [&](const Due&) -> Result<Transition<State>> { return due(context, state); },
                 [&](const Run&) -> Result<Transition<State>> {
                   if (state.running) return fail(Errc::conflict, "retention is already running");
                   return begin(context, state);
                 },
                 [&](const Decided& in) -> Result<Transition<State>> {
                   return decide(context, state, in.plan);
                 },
                 [&](const Dropped& in) -> Result<Transition<State>> { return finish(state, in); },
                 [&](const Erase& in) { return erase_payloads(context, state, in); }},
      input);
}

}  // namespace tidemark::audit
