#include "sim/caldav_editors.h"

#include <iterator>

namespace tidemark::sim {
namespace {

const std::string& any_resource(const ServedCalendar& calendar, Random& random) {
  auto object = calendar.objects.begin();
  std::advance(object, static_cast<std::ptrdiff_t>(random.below(calendar.objects.size())));
  return object->first;
}

}  // namespace

void CalDavEditors::fill() {
  for (auto& [name, calendar] : server_.calendars()) {
    for (auto count = stage_.random.below(14); count > 0; --count) add(calendar);
  }
}

void CalDavEditors::edit() {
  auto& calendars = server_.calendars();
  auto calendar = calendars.begin();
  std::advance(calendar, static_cast<std::ptrdiff_t>(stage_.random.below(calendars.size())));
  if (calendar->second.exists) edit(calendar->second);
}

void CalDavEditors::undo() {
  for (auto& [name, calendar] : server_.calendars()) {
    if (calendar.exists) server_.put_back(calendar, calendar.last_changed);
  }
}

void CalDavEditors::add(ServedCalendar& calendar) {
  ++resource_;
  const std::string number = std::to_string(resource_);
  const std::string resource = (resource_ % 4 == 0   ? "an event@"
                                : resource_ % 4 == 1 ? "é"
                                                     : "e") +
                               number + ".ics";
  server_.put(calendar, resource, "uid" + number, ++version_);
}

void CalDavEditors::edit(ServedCalendar& calendar) {
  auto& random = stage_.random;
  const auto dice = random.below(100);
  if (calendar.objects.empty() || dice < 35) return add(calendar);
  const std::string resource = any_resource(calendar, random);
  const auto& object = calendar.objects.at(resource);
  if (dice < 40) {  // as it had been, which is what a user's "undo" does
    return server_.put_back(calendar, random.chance(700) ? calendar.last_changed : resource);
  }
  if (dice < 62) return server_.put(calendar, resource, object.uid, ++version_);
  if (dice < 76) return server_.erase(calendar, resource);
  if (dice < 82)
    return server_.move(calendar, resource, "m" + std::to_string(++resource_) + ".ics");
  if (dice < 84) return server_.touch(calendar, resource);
  if (dice < 87) return server_.note(calendar, resource, ++note_);
  if (dice < 90) {  // away and back, as another one at the same address
    const std::string uid = object.uid;
    server_.erase(calendar, resource);
    return server_.put(calendar, resource, random.chance(500) ? uid : uid + "x", ++version_);
  }
  if (dice < 94) return server_.forget_tokens(calendar);
  if (dice < 97) {
    for (auto count = 5 + random.below(70); count > 0; --count) add(calendar);
    return;
  }
  if (dice < 98) {
    while (!calendar.objects.empty()) server_.erase(calendar, calendar.objects.begin()->first);
    return;
  }
  drop(calendar);
}

void CalDavEditors::drop(ServedCalendar& calendar) {
  server_.drop(calendar);
  ++away_;
  const auto again = stage_.random.delay(std::chrono::minutes(40));
  stage_.agenda.after(again, Agenda::Of::world, [this, &calendar] {
    --away_;
    server_.make_again(calendar);
    if (!stopped_) add(calendar);
  });
}

}  // namespace tidemark::sim
