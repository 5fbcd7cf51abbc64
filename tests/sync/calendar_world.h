// One calendar's machine stepped by hand: rows in memory, time and sequence owned by the test.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "domain/event.h"
#include "engine/machine.h"
#include "support/memory_rows.h"
#include "sync/account_inputs.h"
#include "sync/calendar_machine.h"
#include "sync/plan.h"

namespace tidemark::test {

using namespace sync;  // NOLINT: the machine's vocabulary is what these tests are written in

inline CalendarEvent make_event(const std::string& href, const std::string& uid,
                                const std::string& title, const std::string& rid = {}) {
  CalendarEvent event;
  event.external_event_id = rid.empty() ? href : href + "#" + rid;
  event.ical_uid = uid;
  event.recurrence_id = rid;
  if (!rid.empty()) event.recurring_event_id = href;
  event.title = title;
  event.start = {CalendarTime::Kind::utc, "2025-12-16T12:00:00", "", false,
                 WallTime{std::chrono::milliseconds{1'765'886'400'000}}};
  event.end = event.start;
  event.source_hash = content_hash(event);
  return event;
}

inline PageItem body_of(const std::string& href, const std::vector<CalendarEvent>& events,
                        const std::string& etag) {
  PageItem item;
  item.kind = PageItem::Kind::body;
  item.href = href;
  item.etag = etag;
  for (auto event : events) {
    event.etag = etag;
    item.bytes += event.ical_uid + event.recurrence_id + event.title + "\n";
    const std::int64_t start = event.start.utc->time_since_epoch().count();
    item.events.push_back({event, start, event.recurrence.empty() ? start : kOpenEnd});
  }
  item.body_hash = std::string(as_bytes(sha256(item.bytes)).substr(0, 16));
  return item;
}

// A single event whose href, UID and ETag follow from its name and title.
inline PageItem body(const std::string& name, const std::string& title) {
  return body_of("/" + name, {make_event("/" + name, "uid-" + name, title)}, "e-" + title);
}

inline PageItem marked(PageItem::Kind kind, const std::string& name, const std::string& etag = {}) {
  PageItem item;
  item.kind = kind;
  item.href = "/" + name;
  item.etag = etag;
  return item;
}
inline PageItem gone(const std::string& name) {
  return marked(PageItem::Kind::deleted, name);
}
inline PageItem unchanged(const std::string& name) {
  return marked(PageItem::Kind::unchanged, name);
}
inline PageItem pending(const std::string& name) {
  return marked(PageItem::Kind::pending, name, "p");
}

class CalendarWorld {
 public:
  explicit CalendarWorld(bool scheduled = true) {
    configured.identity = {"caldav", "work", "cal_1", "http://server/work/", "Work", "", false};
    configured.schedule.scheduled = scheduled;
  }

  // One step; the machine's own messages to itself are not delivered.
  Transition<CalendarState> step_once(const CalendarInput& input) {
    const std::string tenant = "acme";
    const InstanceId instance = calendar_instance("acme", "work", "cal_1");
    const StepContext context{++sequence, now, tenant, instance, "cor_1", rows};
    auto result = CalendarMachine::step(context, state, input);
    EXPECT_TRUE(result.has_value()) << result.error().message;
    if (!result) return {};
    rows.apply(result->rows);
    state = result->end ? CalendarState{} : result->state;
    // Whatever a step makes survives the trip through the store.
    if (!result->end) {
      const auto stored = decode_calendar_state(encode(state));
      EXPECT_TRUE(stored && *stored == state);
    }
    return std::move(*result);
  }

  // One step and the continuations it asks for; what came out is gathered.
  Transition<CalendarState> step(const CalendarInput& input) {
    Transition<CalendarState> all = step_once(input);
    bool again = take_continuation(all);
    while (again) {
      Transition<CalendarState> next = step_once(Continue{});
      again = take_continuation(next);
      ++continuations;
      append(all.events, next.events);
      append(all.effects, next.effects);
      append(all.messages, next.messages);
      append(all.timers, next.timers);
      all.end = next.end;
    }
    all.state = state;
    return all;
  }

  Sequence pull() const {
    const auto* pulling = std::get_if<Pulling>(&state.phase);
    return pulling == nullptr ? 0 : pulling->pull;
  }

  Transition<CalendarState> page(std::vector<PageItem> items) {
    return step(Page{pull(), std::move(items)});
  }
  Transition<CalendarState> more(std::string cursor, std::vector<PageItem> items = {}) {
    return step(PullDone{pull(), std::move(cursor), false, false, false, std::move(items)});
  }
  // The last page of an incremental pass.
  Transition<CalendarState> last(std::string cursor, std::vector<PageItem> items = {}) {
    return step(PullDone{pull(), std::move(cursor), true, false, false, std::move(items)});
  }
  // The last page of a complete listing.
  Transition<CalendarState> listed(std::string cursor, std::vector<PageItem> items = {}) {
    return step(PullDone{pull(), std::move(cursor), true, true, false, std::move(items)});
  }
  Transition<CalendarState> failed(Errc code) {
    return step(PullFailed{pull(), Error{code, "the server said no", std::nullopt}});
  }
  // Configured and mirrored: a mirror holding these.
  void mirror(std::vector<PageItem> items, const std::string& cursor = "t1") {
    step(configured);
    listed(cursor, std::move(items));
  }
  void poll() { step(CalendarTimer{std::string(kSyncTimer)}); }

  PullOrder order(const Transition<CalendarState>& transition) const {
    for (const auto& effect : transition.effects) {
      if (effect.executor != kPullExecutor) continue;
      auto order = decode_pull_order(effect.payload);
      EXPECT_TRUE(order.has_value());
      return *order;
    }
    ADD_FAILURE() << "no pull was ordered";
    return {};
  }

  template <class P>
  bool is() const {
    return std::holds_alternative<P>(state.phase);
  }

  std::vector<std::string> hrefs() const {
    std::vector<std::string> found;
    for (const auto& [key, value] : rows.rows) {
      if (key.front() == kIndexRow) found.push_back(key.substr(1));
    }
    return found;
  }

  CalendarConfigured configured;
  CalendarState state;
  MemoryRows rows;
  Sequence sequence = 0;
  WallTime now{std::chrono::milliseconds{1'765'886'400'000}};
  int continuations = 0;

 private:
  static bool take_continuation(Transition<CalendarState>& transition) {
    return std::erase_if(transition.messages, [](const Message& message) {
             return message.type == input_type::kContinue;
           }) > 0;
  }
  template <class T>
  static void append(std::vector<T>& all, std::vector<T>& more) {
    all.insert(all.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
  }
};

// "created /a", "updated /b", ... in the order told.
inline std::vector<std::string> told(const Transition<CalendarState>& transition) {
  std::vector<std::string> lines;
  for (const auto& event : transition.events) {
    const std::string kind = event.type.substr(event.type.rfind('.') + 1);
    lines.push_back(kind + " " +
                    event.payload.value()["event"]["external_event_id"].get<std::string>());
  }
  return lines;
}

inline bool has_message(const Transition<CalendarState>& transition, std::string_view type) {
  for (const auto& message : transition.messages) {
    if (message.type == type) return true;
  }
  return false;
}

}  // namespace tidemark::test
