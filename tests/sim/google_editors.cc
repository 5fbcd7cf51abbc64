#include "sim/google_editors.h"

#include <iterator>

#include "base/text.h"
#include "sim/mirror_auditor.h"
#include "support/google/event_times.h"

namespace tidemark::sim {
namespace {

using std::chrono::hours;

bool is_instance(const Json& item) {
  return item.contains("recurringEventId");
}
bool is_series(const Json& item) {
  return item.contains("recurrence");
}
bool is_whole(const Json& item) {
  return !is_instance(item);
}
bool is_cancelled(const Json& item) {
  return item.value("status", "") == "cancelled";
}

Json time_in(const std::string& zone, const std::string& utc) {
  return {{"dateTime", utc}, {"timeZone", zone}};
}

std::string two_digits(std::uint64_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

}  // namespace

std::string GoogleEditors::title() {
  return title_of(site_.tenant(), ++version_);
}

Json GoogleEditors::any_event() {
  auto& random = stage_.random;
  static const std::vector<std::string> kZones{"UTC", "Asia/Kolkata", "America/Phoenix"};
  const std::string day = "2026-03-" + two_digits(1 + random.below(27));
  Json event{{"summary", title()}};
  if (random.chance(200)) {
    event["start"] = {{"date", day}};
    event["end"] = test::google::shifted(event["start"], hours(24 * (1 + random.below(3))));
  } else {
    const auto start =
        time_in(random.pick(kZones), day + "T" + two_digits(random.below(24)) + ":00:00Z");
    event["start"] = spelled(start);
    event["end"] = spelled(test::google::shifted(start, hours(1 + random.below(5))));
  }
  if (random.chance(200)) event["description"] = std::string(random.below(300), 'x');
  return event;
}

// Google writes a time with whichever offset it likes.
Json GoogleEditors::spelled(const Json& time) const {
  if (!time.contains("dateTime") || stage_.random.chance(500)) return time;
  const auto instant = test::google::instant(time);
  Json out = time;
  out["dateTime"] = format_rfc3339(*instant + std::chrono::minutes(330)).substr(0, 19) + "+05:30";
  return out;
}

Json GoogleEditors::occurrence(const Json& series) const {
  const bool weekly =
      series["recurrence"][0].get<std::string>().find("WEEKLY") != std::string::npos;
  const auto number = stage_.random.below(8);
  return spelled(test::google::shifted(series["start"], hours(24 * number * (weekly ? 7 : 1))));
}

std::optional<Json> GoogleEditors::any(const GoogleCalendar& calendar,
                                       const std::function<bool(const Json&)>& wanted) const {
  auto items = site_.items(calendar);
  std::erase_if(items, [&](const Json& item) { return !wanted(item); });
  if (items.empty()) return std::nullopt;
  return stage_.random.pick(items);
}

GoogleCalendar* GoogleEditors::other_than(const GoogleCalendar& calendar) {
  for (auto& [id, other] : site_.calendars()) {
    if (other.listed && &other != &calendar) return &other;
  }
  return nullptr;
}

void GoogleEditors::fill() {
  for (auto& [id, calendar] : site_.calendars()) {
    for (auto count = stage_.random.below(12); count > 0; --count) {
      stage_.random.chance(300) ? add_series(calendar) : add(calendar);
    }
  }
}

void GoogleEditors::edit() {
  auto& calendars = site_.calendars();
  auto calendar = calendars.begin();
  std::advance(calendar, static_cast<std::ptrdiff_t>(stage_.random.below(calendars.size())));
  if (!calendar->second.listed) return;
  stage_.random.chance(600) ? edit_events(calendar->second) : edit_series(calendar->second);
  site_.record(calendar->second);
}

void GoogleEditors::edit_events(GoogleCalendar& calendar) {
  const auto dice = stage_.random.below(100);
  if (dice < 28) return add(calendar);
  if (dice < 54) return change(calendar);
  if (dice < 69) return remove(calendar);
  if (dice < 77) return restore(calendar);
  if (dice < 83) return move(calendar);
  if (dice < 87) return recreate(calendar);
  if (dice < 93) {
    for (auto count = 5 + stage_.random.below(30); count > 0; --count) add(calendar);
    return;
  }
  if (dice < 95) return remove_all(calendar);
  if (dice < 98) return rearrange(calendar);
  take_away(calendar);
}

void GoogleEditors::edit_series(GoogleCalendar& calendar) {
  auto& google = site_.google();
  const auto dice = stage_.random.below(100);
  const auto series = any(calendar, is_series);
  if (!series || dice < 15) return add_series(calendar);
  const std::string id = series->at("id");
  if (dice < 40) {
    Json changes{{"summary", title()}};
    const Json original = occurrence(*series);
    if (stage_.random.chance(500)) {
      const auto later = hours(24 * (1 + stage_.random.below(3)));
      changes["start"] = test::google::shifted(original, later);
      changes["end"] = test::google::shifted(original, 2 * later);
    }
    google.change_instance(calendar.id, id, original, changes);
  } else if (dice < 65) {
    google.cancel_instance(calendar.id, id, occurrence(*series));
  } else if (dice < 77) {
    const auto cancelled =
        any(calendar, [](const Json& item) { return is_instance(item) && is_cancelled(item); });
    if (cancelled) google.undelete_event(calendar.id, cancelled->at("id"));
  } else if (dice < 90) {
    // What has been split already may have ended before that.
    const std::string rule = (*series)["recurrence"][0];
    if (rule.find("UNTIL=") != std::string::npos) return change(calendar);
    google.split_series(calendar.id, id, occurrence(*series), {{"summary", title()}},
                        static_cast<int>(stage_.random.below(2)));
  } else {
    change_kind(calendar);
  }
}

void GoogleEditors::insert(GoogleCalendar& calendar, const Json& event) {
  site_.google().insert_event(calendar.id, event);
}

void GoogleEditors::add(GoogleCalendar& calendar) {
  Json event = any_event();
  // An iCalUID may be in a calendar twice.
  if (stage_.random.chance(50)) {
    if (const auto other = any(calendar, is_whole)) event["iCalUID"] = other->at("iCalUID");
  }
  insert(calendar, event);
  site_.record(calendar);
}

void GoogleEditors::add_series(GoogleCalendar& calendar) {
  static const std::vector<std::string> kRules{"RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY;COUNT=9",
                                               "RRULE:FREQ=DAILY;COUNT=12"};
  insert(calendar, test::recurring(any_event(), stage_.random.pick(kRules)));
  site_.record(calendar);
}

void GoogleEditors::change(GoogleCalendar& calendar) {
  const auto item = any(calendar, [](const Json& one) { return !is_cancelled(one); });
  if (!item) return;
  Json changes = Json::object();  // none at all: only its etag is another
  if (stage_.random.chance(850)) changes["summary"] = title();
  if (stage_.random.chance(300) && is_whole(*item)) {
    const auto later = hours(24 * (1 + stage_.random.below(3)));
    for (const char* time : {"start", "end"}) {
      changes[time] = test::google::shifted(item->at(time), later);
    }
  }
  site_.google().patch_event(calendar.id, item->at("id"), changes);
}

void GoogleEditors::change_kind(GoogleCalendar& calendar) {
  const auto item = any(calendar, is_whole);
  if (!item) return;
  const Json rule =
      is_series(*item) ? Json() : Json::array({std::string("RRULE:FREQ=DAILY;COUNT=7")});
  site_.google().patch_event(calendar.id, item->at("id"),
                             {{"summary", title()}, {"recurrence", rule}});
}

void GoogleEditors::remove(GoogleCalendar& calendar) {
  const auto item = any(calendar, is_whole);
  if (!item) return;
  site_.google().delete_event(calendar.id, item->at("id"));
  deleted_.emplace_back(calendar.id, item->at("id"));
}

void GoogleEditors::remove_all(GoogleCalendar& calendar) {
  for (const Json& item : site_.items(calendar)) {
    if (is_whole(item)) site_.google().delete_event(calendar.id, item.at("id"));
  }
}

void GoogleEditors::restore(GoogleCalendar& calendar) {
  if (deleted_.empty()) return;
  const auto [calendar_id, id] = deleted_.back();
  deleted_.pop_back();
  // Its tombstone may have vanished.
  if (calendar_id != calendar.id || !site_.google().event(calendar_id, id)) return;
  site_.google().undelete_event(calendar_id, id);
}

// Away, and there again as another event with the same iCalUID.
void GoogleEditors::recreate(GoogleCalendar& calendar) {
  const auto item = any(calendar, is_whole);
  if (!item) return;
  site_.google().delete_event(calendar.id, item->at("id"));
  site_.record(calendar);
  Json event = any_event();
  event["iCalUID"] = item->at("iCalUID");
  insert(calendar, event);
}

void GoogleEditors::move(GoogleCalendar& calendar) {
  GoogleCalendar* const target = other_than(calendar);
  const auto item = any(calendar, is_whole);
  if (!item || target == nullptr) return;
  site_.google().move_event(calendar.id, item->at("id"), target->id);
  site_.record(*target);
}

void GoogleEditors::rearrange(GoogleCalendar& calendar) {
  if (stage_.random.chance(500)) {
    calendar.name = "Calendar " + std::to_string(++version_);
    site_.google().rename_calendar(calendar.id, calendar.name);
  } else {
    calendar.role = calendar.role == "reader" ? "writer" : "reader";
    site_.google().set_access_role(site_.user(), calendar.id, calendar.role);
    site_.note_closed(calendar.id);
  }
}

// Deleted, no longer shared, or hidden; and mostly back after a while, empty or as it was.
void GoogleEditors::take_away(GoogleCalendar& calendar) {
  auto& google = site_.google();
  const auto how = stage_.random.below(3);
  if (how == 0) google.remove_calendar(calendar.id);
  if (how == 1) google.withdraw_calendar(site_.user(), calendar.id);
  if (how == 2) google.set_hidden(site_.user(), calendar.id, true);
  calendar.listed = false;
  site_.note_closed(calendar.id);
  site_.record(calendar);
  if (stage_.random.chance(250)) return;
  ++away_;
  stage_.agenda.after(stage_.random.delay(std::chrono::minutes(40)), Agenda::Of::world,
                      [this, &calendar] {
                        --away_;
                        site_.show(calendar);
                        if (!stopped_) add(calendar);
                      });
}

}  // namespace tidemark::sim
