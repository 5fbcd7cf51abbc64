#include "sim/google_auditor.h"

#include <algorithm>

#include "base/text.h"
#include "engine/journal.h"
#include "sync/rows.h"
#include "sync/watch_machine.h"

namespace tidemark::sim {
namespace {

// What a mirror that is in step with these items holds.
std::map<std::string, ToldReading> expected_of(const std::vector<Json>& items) {
  std::map<std::string, ToldReading> expected;
  for (const Json& item : items) {
    const std::string state = reading_of_item(item);
    if (state != kTakenOut) expected[item.at("id")].state = state;
  }
  for (const Json& item : items) {
    const auto master = expected.find(item.value("recurringEventId", ""));
    if (master == expected.end() || reading_of_item(item) != kTakenOut) continue;
    master->second.taken_out.insert(item.at("id").get<std::string>());
  }
  return expected;
}

std::string text_of(const ToldReading& told) {
  std::string text = told.state;
  for (const auto& id : told.taken_out) text += " without " + id;
  return text;
}

std::vector<Json> items_in(std::string_view bytes) {
  const auto value = parse_json(bytes);
  if (!value || !value->is_object()) return {};
  return value->value("items", std::vector<Json>());
}

}  // namespace

std::string GoogleAuditor::public_id(const GoogleCalendar& calendar) const {
  return sync::public_calendar_id(site_.tenant(), std::string(kAccount), calendar.id);
}

const GoogleCalendar* GoogleAuditor::calendar_of(const std::string& id) const {
  for (const auto& [remote, calendar] : site_.calendars()) {
    if (public_id(calendar) == id) return &calendar;
  }
  return nullptr;
}

// The answers of two channels in turn were lost: they are left until a week is over, however long
// they live, and cannot be stopped.
bool GoogleAuditor::has_lost_channels(const StoreView& view, const GoogleCalendar& calendar) const {
  const auto bytes = read_state(
      view, sync::watch_instance(site_.tenant(), std::string(kAccount), public_id(calendar)));
  if (!bytes || !*bytes) return false;
  const auto state = sync::decode_watch_state(**bytes);
  return state && state->resource.empty();
}

std::optional<std::string> GoogleAuditor::difference(const StoreView& view) const {
  const auto listed = list_calendars(view, site_.tenant());
  if (!listed) return listed.error().message;
  for (const auto& [id, calendar] : site_.calendars()) {
    const std::string where = site_.tenant() + "/" + id + " (google)";
    const auto status =
        std::find_if(listed->begin(), listed->end(),
                     [&one = calendar](const auto& other) { return other.remote_id == one.id; });
    auto gap = site_.push().difference(id, calendar.listed);
    if (gap && !has_lost_channels(view, calendar)) return where + ": " + *gap;
    if (!calendar.listed) {
      if (status != listed->end() && status->resources != 0) return where + " is mirrored and gone";
      continue;
    }
    if (status == listed->end()) return where + " is not mirrored";
    if (status->name != calendar.name) return where + " has its old name";
    if (status->read_only != (calendar.role == "reader")) return where + " has its old role";
    auto differs = difference(view, calendar, *status);
    if (!differs) differs = raw_difference(view, calendar, *status);
    if (differs) return where + " " + *differs + ", and is " + status->state;
  }
  return std::nullopt;
}

std::optional<std::string> GoogleAuditor::difference(const StoreView& view,
                                                     const GoogleCalendar& calendar,
                                                     const CalendarStatus& status) const {
  auto expected = expected_of(site_.items(calendar));
  if (status.events != expected.size()) {
    return "counts " + std::to_string(status.events) + " events for " +
           std::to_string(expected.size());
  }
  EventQuery query;
  do {
    const auto page = query_events(view, status, query);
    if (!page) return page.error().message;
    for (const auto& event : page->events) {
      const auto told = reading_of_told(to_json(event));
      const auto found = expected.find(told.id);
      if (found == expected.end()) return "has " + told.id + ", which the server has not";
      if (text_of(told) != text_of(found->second)) {
        return "has " + text_of(told) + " for " + text_of(found->second);
      }
      expected.erase(found);
    }
    query.page = page->next_page;
  } while (!query.page.empty());
  if (!expected.empty()) return "lacks " + expected.begin()->first;
  return std::nullopt;
}

// What is kept of each event is what Google sent last, to the letter.
std::optional<std::string> GoogleAuditor::raw_difference(const StoreView& view,
                                                         const GoogleCalendar& calendar,
                                                         const CalendarStatus& status) const {
  std::map<std::string, Json> served;
  std::set<std::string> resources;
  for (const Json& item : site_.items(calendar)) {
    const std::string id = item.at("id");
    resources.insert(item.value("recurringEventId", id));
    if (item.value("status", "") != "cancelled") served[id] = item;
  }
  std::optional<std::string> differs;
  std::size_t count = 0;
  const auto read = for_each_resource(view, status, [&](auto href, auto, auto bytes) {
    ++count;
    if (!resources.contains(std::string(href))) differs = "keeps " + std::string(href);
    for (const Json& item : items_in(bytes)) {
      if (item.value("status", "") == "cancelled") continue;
      const auto found = served.find(item.value("id", ""));
      if (found == served.end() || found->second != item) differs = "keeps an old " + item.dump();
    }
    return !differs;
  });
  if (!read) return read.error().message;
  if (!differs && count != resources.size()) return "has lost a resource";
  return differs;
}

void GoogleAuditor::check_tenant(const StoreView& view) const {
  const auto listed = list_calendars(view, site_.tenant());
  if (!listed) return;
  for (const auto& status : *listed) {
    (void)for_each_resource(view, status, [&](auto href, auto, auto bytes) {
      for (const Json& item : items_in(bytes)) {
        if (item.contains("summary") && version_of(item["summary"], site_.tenant()) == 0) {
          stage_.violated("tenants",
                          site_.tenant() + "'s mirror holds a foreign " + std::string(href));
        }
      }
      return true;
    });
  }
}

void GoogleAuditor::check_feed(const StoreView& view) {
  believed_.clear();
  read_calendar_events(stage_, view, site_.tenant(), [this](const Event& event) { follow(event); });
  if (!stage_.violation) check_ends();
}

// Onwards in the history of an id, to what fits.
bool GoogleAuditor::advance(Believed& believed, const GoogleCalendar& calendar,
                            const std::string& id,
                            const std::function<bool(const std::string&)>& fits) const {
  const auto known = calendar.history.find(id);
  if (known == calendar.history.end()) return false;
  auto& reached = believed.reached[id];
  const auto& states = known->second;
  const auto found =
      std::find_if(states.begin() + static_cast<std::ptrdiff_t>(reached), states.end(), fits);
  if (found == states.end()) return false;
  reached = static_cast<std::size_t>(found - states.begin());
  return true;
}

void GoogleAuditor::follow(const Event& event) {
  const std::string& type = event.type;
  const Json& payload = event.payload;
  const auto told = reading_of_told(payload.at("event"));
  const GoogleCalendar* calendar = calendar_of(payload.at("calendar").at("id"));
  const std::string what = type + " of " + told.id + " as " + text_of(told);
  stage_.say("told at " + format_rfc3339(event.occurred_at) + ": " + what);
  if (calendar == nullptr || version_of(told.state, site_.tenant()) == 0) {
    return wrong(site_.tenant() + " was told of a foreign " + told.id);
  }
  auto& believed = believed_[calendar->id];
  const bool deleted = type == kEventDeleted;
  const bool moved = payload.contains("previous_external_event_id");
  if (moved) {
    const std::string previous = payload["previous_external_event_id"];
    believed.events.erase(previous);
    if (!advance(believed, *calendar, previous, [](const auto& s) { return s.empty(); })) {
      return wrong(what + ", from " + previous + ", which is still there");
    }
  }
  const auto before = believed.events.find(told.id);
  const bool is_there = before != believed.events.end();
  if (!moved && is_there == (type == kEventCreated)) {
    return wrong(what + ", which was " + (is_there ? "" : "not ") + "there");
  }
  const bool same =
      is_there && before->second.state == told.state && before->second.taken_out == told.taken_out;
  if (deleted && !same) return wrong(what + ", which was " + before->second.state);
  if (type == kEventUpdated && same) return wrong(what + " tells of no change");
  const auto gone = [](const std::string& state) { return state.empty() || state == kTakenOut; };
  if (deleted) {
    if (!advance(believed, *calendar, told.id, gone)) {
      return wrong(what + ", which did not happen on the server");
    }
    believed.events.erase(told.id);
    return;
  }
  const auto as_told = [&](const std::string& state) { return state == told.state; };
  if (!advance(believed, *calendar, told.id, as_told)) {
    return wrong(what + ", which did not happen on the server after " +
                 (is_there ? before->second.state : "nothing"));
  }
  take_out(believed, *calendar, told);
}

void GoogleAuditor::take_out(Believed& believed, const GoogleCalendar& calendar,
                             const ToldReading& told) {
  auto& event = believed.events[told.id];
  const auto out = [](const std::string& state) { return state.empty() || state == kTakenOut; };
  const auto in = [](const std::string& state) { return state != kTakenOut; };
  for (const auto& id : told.taken_out) {
    if (event.taken_out.contains(id) || advance(believed, calendar, id, out)) continue;
    return wrong(told.id + " is told without " + id + ", which was not taken out on the server");
  }
  for (const auto& id : event.taken_out) {
    if (told.taken_out.contains(id) || advance(believed, calendar, id, in)) continue;
    return wrong(told.id + " is told with " + id + " again, which is out on the server");
  }
  event = {told.state, told.taken_out};
}

void GoogleAuditor::check_ends() const {
  for (const auto& [calendar_id, calendar] : site_.calendars()) {
    const auto expected = expected_of(site_.items(calendar));
    const auto found = believed_.find(calendar_id);
    const auto told = found == believed_.end() ? Believed{} : found->second;
    for (const auto& [id, reading] : expected) {
      const auto event = told.events.find(id);
      const std::string end = event == told.events.end()
                                  ? "nothing"
                                  : text_of({id, {}, event->second.state, event->second.taken_out});
      if (end == text_of(reading)) continue;
      return wrong(site_.tenant() + "/" + calendar_id + ": " + id + " is " + text_of(reading) +
                   ", and the feed ends at " + end);
    }
    for (const auto& [id, event] : told.events) {
      if (expected.contains(id)) continue;
      return wrong(site_.tenant() + "/" + calendar_id + ": " + id + " is gone, and the feed has " +
                   event.state);
    }
  }
}

}  // namespace tidemark::sim
