// A calendar's machine that takes commands, stepped by hand.
#pragma once

#include "sync/calendar_world.h"
#include "sync/write_inputs.h"

namespace tidemark::test {

class WriteWorld : public CalendarWorld {
 public:
  explicit WriteWorld(bool scheduled = true) : CalendarWorld(scheduled) {
    configured.identity.write = true;
  }

  Result<Transition<CalendarState>> try_step(const CalendarInput& input) {
    const InstanceId instance = calendar_instance("acme", "work", "cal_1");
    const StepContext context{sequence + 1, now, "acme", instance, "cor_1", rows};
    return CalendarMachine::step(context, state, input);
  }

  static EventChanges titled(const std::string& title) {
    auto changes = read_changes(Json{{"title", title}});
    return changes.value_or(EventChanges{});
  }
  static EventChanges made(const std::string& title) {
    auto changes = read_changes(
        Json{{"title", title}, {"start", {{"date_time", "2025-12-16T12:00:00"}, {"zone", "UTC"}}}});
    EXPECT_TRUE(changes.has_value());
    return changes.value_or(EventChanges{});
  }

  Transition<CalendarState> create(const std::string& title) {
    return step(WriteRequested{WriteKind::create, "", "", made(title)});
  }
  Transition<CalendarState> update(const std::string& event, const std::string& title,
                                   const std::string& if_match = "") {
    return step(WriteRequested{WriteKind::update, event, if_match, titled(title)});
  }
  Transition<CalendarState> remove(const std::string& event) {
    return step(WriteRequested{WriteKind::remove, event, "", {}});
  }

  std::optional<WriteTask> task(const Transition<CalendarState>& transition) const {
    for (const auto& effect : transition.effects) {
      if (effect.executor != kWriteExecutor) continue;
      auto task = decode_write_task(effect.payload);
      EXPECT_TRUE(task.has_value());
      return *task;
    }
    return std::nullopt;
  }

  Sequence under_way() const {
    const auto* writing = std::get_if<Writing>(&state.phase);
    return writing == nullptr ? 0 : writing->effect;
  }
  Transition<CalendarState> done(PageItem item) {
    return step(WriteDone{under_way(), std::move(item)});
  }
  Transition<CalendarState> conflict(PageItem item) {
    return step(WriteConflicted{under_way(), std::move(item)});
  }
  Transition<CalendarState> fail_write(Errc code) {
    return step(WriteFailed{under_way(), Error{code, "the server said no", std::nullopt}});
  }
};

}  // namespace tidemark::test
