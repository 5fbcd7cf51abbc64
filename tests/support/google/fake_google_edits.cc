// What a test does to the fake's calendars as "the other user".
#include <gtest/gtest.h>

#include <utility>

#include "support/google/event_times.h"
#include "support/google/fake_google.h"

namespace tidemark::test {

using google::EventStore;

void FakeGoogle::add_user(const std::string& email) {
  const std::lock_guard lock(mutex_);
  state_.directory.user(email);
  state_.oauth.add_user(email);
}

void FakeGoogle::add_calendar(const std::string& user, const CalendarSpec& spec) {
  const std::lock_guard lock(mutex_);
  state_.oauth.add_user(user);
  state_.directory.add(user, spec, listing_);
}

void FakeGoogle::remove_calendar(const std::string& id) {
  const std::lock_guard lock(mutex_);
  state_.directory.remove(id);
  state_.channels.changed(id, "not_exists", now_());
}

void FakeGoogle::withdraw_calendar(const std::string& user, const std::string& id) {
  const std::lock_guard lock(mutex_);
  state_.directory.withdraw(user, id);
}

void FakeGoogle::rename_calendar(const std::string& id, const std::string& summary) {
  const std::lock_guard lock(mutex_);
  state_.directory.rename(id, summary);
}

void FakeGoogle::set_forbidden(const std::string& id, bool forbidden) {
  const std::lock_guard lock(mutex_);
  google::Calendar* const found = state_.directory.calendar(id);
  if (found == nullptr) {
    ADD_FAILURE() << "the fake has no calendar " << id;
    return;
  }
  found->forbidden = forbidden;
}

void FakeGoogle::set_access_role(const std::string& user, const std::string& id,
                                 const std::string& role) {
  const std::lock_guard lock(mutex_);
  state_.directory.set_role(user, id, role);
}

void FakeGoogle::set_hidden(const std::string& user, const std::string& id, bool hidden) {
  const std::lock_guard lock(mutex_);
  state_.directory.set_hidden(user, id, hidden);
}

void FakeGoogle::edit(const std::string& calendar,
                      const std::function<bool(EventStore&, WallTime)>& use) {
  google::Calendar* const found = state_.directory.calendar(calendar);
  const WallTime now = now_();
  if (found == nullptr || !use(found->events, now)) {
    ADD_FAILURE() << "the fake has no such event, series or calendar: " << calendar;
    return;
  }
  state_.touched(*found, now);
}

std::string FakeGoogle::insert_event(const std::string& calendar, const Json& event) {
  const std::lock_guard lock(mutex_);
  std::string id;
  edit(calendar, [&](EventStore& events, WallTime now) {
    id = event.value("id", "");
    if (events.find(id) != nullptr) return false;
    id = events.insert(event, id, now);
    return true;
  });
  return id;
}

void FakeGoogle::patch_event(const std::string& calendar, const std::string& id,
                             const Json& changes) {
  const std::lock_guard lock(mutex_);
  edit(calendar, [&](EventStore& events, WallTime now) {
    const google::EventRow* row = events.find(id);
    if (row == nullptr || row->state != google::RowState::live) return false;
    Json after = row->event;
    after.merge_patch(changes);
    events.write(id, std::move(after), now);
    return true;
  });
}

void FakeGoogle::delete_event(const std::string& calendar, const std::string& id) {
  const std::lock_guard lock(mutex_);
  edit(calendar, [&](EventStore& events, WallTime now) {
    const google::EventRow* row = events.find(id);
    if (row == nullptr || row->state != google::RowState::live) return false;
    events.remove(id, now);
    return true;
  });
}

void FakeGoogle::undelete_event(const std::string& calendar, const std::string& id) {
  const std::lock_guard lock(mutex_);
  edit(calendar, [&](EventStore& events, WallTime now) {
    if (events.find(id) == nullptr) return false;
    events.restore(id, now);
    return true;
  });
}

std::string FakeGoogle::change_instance(const std::string& calendar, const std::string& series,
                                        const Json& original_start, const Json& changes) {
  const std::lock_guard lock(mutex_);
  std::string id;
  edit(calendar, [&](EventStore& events, WallTime now) {
    id = events.change_instance(series, original_start, changes, now);
    return !id.empty();
  });
  return id;
}

std::string FakeGoogle::cancel_instance(const std::string& calendar, const std::string& series,
                                        const Json& original_start) {
  return change_instance(calendar, series, original_start, {{"status", "cancelled"}});
}

std::string FakeGoogle::split_series(const std::string& calendar, const std::string& series,
                                     const Json& original_start, const Json& changes,
                                     int occurrences_before) {
  const std::lock_guard lock(mutex_);
  std::string id;
  edit(calendar, [&](EventStore& events, WallTime now) {
    id = events.split_series(series, original_start, changes, occurrences_before, now);
    return !id.empty();
  });
  return id;
}

void FakeGoogle::move_event(const std::string& from, const std::string& id, const std::string& to) {
  const std::lock_guard lock(mutex_);
  google::Calendar* const target = state_.directory.calendar(to);
  edit(from, [&](EventStore& events, WallTime now) {
    const google::EventRow* row = events.find(id);
    if (target == nullptr || from == to || row == nullptr) return false;
    if (row->state != google::RowState::live || google::is_exception(row->event)) return false;
    events.move(id, target->events, now);
    state_.touched(*target, now);
    return true;
  });
}

std::optional<Json> FakeGoogle::event(const std::string& calendar, const std::string& id) {
  const std::lock_guard lock(mutex_);
  google::Calendar* const found = state_.directory.calendar(calendar);
  const google::EventRow* row = found == nullptr ? nullptr : found->events.find(id);
  if (row == nullptr) return std::nullopt;
  return google::whole(*row);
}

std::vector<Json> FakeGoogle::events(const std::string& calendar) {
  const std::lock_guard lock(mutex_);
  std::vector<Json> out;
  google::Calendar* const found = state_.directory.calendar(calendar);
  if (found == nullptr) return out;
  for (const auto& [id, row] : found->events.rows()) {
    if (row.state == google::RowState::live) out.push_back(google::listed(row, false));
  }
  return out;
}

Json timed_event(const std::string& summary, const std::string& start, const std::string& end,
                 const std::string& time_zone) {
  return {{"summary", summary},
          {"start", {{"dateTime", start}, {"timeZone", time_zone}}},
          {"end", {{"dateTime", end}, {"timeZone", time_zone}}}};
}

Json all_day_event(const std::string& summary, const std::string& first_day,
                   const std::string& day_after_the_last) {
  return {{"summary", summary},
          {"start", {{"date", first_day}}},
          {"end", {{"date", day_after_the_last}}}};
}

Json recurring(Json event, const std::string& rule) {
  event["recurrence"] = Json::array({rule});
  return event;
}

}  // namespace tidemark::test
