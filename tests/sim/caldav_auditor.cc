#include "sim/caldav_auditor.h"

#include <algorithm>

#include "domain/event.h"
#include "engine/journal.h"
#include "sync/mirror.h"
#include "sync/rows.h"

namespace tidemark::sim {
namespace {

std::string without_returns(std::string_view text) {
  std::string out(text);
  std::erase(out, '\r');
  return out;
}

}  // namespace

std::string CalDavAuditor::public_id(const ServedCalendar& calendar) const {
  return sync::public_calendar_id(server_.tenant(), std::string(kAccount),
                                  server_.url_of(calendar));
}

const ServedCalendar* CalDavAuditor::calendar_of(const std::string& id) const {
  for (const auto& [name, calendar] : server_.calendars()) {
    if (public_id(calendar) == id) return &calendar;
  }
  return nullptr;
}

std::optional<std::string> CalDavAuditor::difference(const StoreView& view) const {
  const auto listed = list_calendars(view, server_.tenant());
  if (!listed) return listed.error().message;
  for (const auto& [name, calendar] : server_.calendars()) {
    const std::string where = server_.tenant() + "/" + name + " (" + server_.dialect().name + ")";
    const std::string url = server_.url_of(calendar);
    const auto status = std::find_if(listed->begin(), listed->end(),
                                     [&](const auto& one) { return one.remote_id == url; });
    if (!calendar.exists) {
      if (status != listed->end() && status->resources != 0) return where + " is mirrored and gone";
      continue;
    }
    if (status == listed->end()) return where + " is not mirrored";
    std::map<std::string, std::string> mirrored;
    const auto read = for_each_resource(view, *status, [&](auto href, auto, auto bytes) {
      mirrored.emplace(href, without_returns(bytes));
      return true;
    });
    if (!read) return read.error().message;
    std::map<std::string, std::string> served;
    for (const auto& [resource, object] : calendar.objects) {
      served.emplace(server_.path_of(calendar) + resource, without_returns(object.body));
    }
    if (mirrored != served) {
      for (const auto& [href, body] : served) {
        if (!mirrored.contains(href)) return where + " lacks " + href;
        if (mirrored[href] != body) return where + " has an old " + href;
      }
      return where + " has what the server has not, " + std::to_string(mirrored.size()) +
             " resources for " + std::to_string(served.size()) + ", and is " + status->state;
    }
    if (status->events != served.size()) return where + " counts its events wrongly";
  }
  return std::nullopt;
}

void CalDavAuditor::check_tenant(const StoreView& view) const {
  const auto listed = list_calendars(view, server_.tenant());
  if (!listed) return;
  for (const auto& status : *listed) {
    (void)for_each_resource(view, status, [&](auto href, auto, auto bytes) {
      if (bytes.find("SUMMARY:" + server_.tenant() + " v") == std::string_view::npos) {
        stage_.violated("tenants",
                        server_.tenant() + "'s mirror holds a foreign " + std::string(href));
      }
      return true;
    });
  }
}

void CalDavAuditor::check_feed(const StoreView& view) {
  told_.clear();
  read_calendar_events(stage_, view, server_.tenant(),
                       [this](const Event& event) { follow(event.type, event.payload); });
  check_ends();
}

void CalDavAuditor::follow(const std::string& type, const Json& payload) {
  const auto& event = payload.at("event");
  const std::string calendar_id = payload.at("calendar").at("id");
  const std::string uid = event.at("ical_uid");
  const std::uint64_t version = version_of(event.at("title"), server_.tenant());
  const std::string what = type + " of " + uid + " v" + std::to_string(version);
  const ServedCalendar* calendar = calendar_of(calendar_id);
  if (calendar == nullptr || version == 0) {
    return stage_.violated("changes", server_.tenant() + " was told of a foreign " + uid);
  }
  stage_.say("told: " + what + " at " + std::string(event.at("external_event_id")));
  auto& places = told_[{calendar_id, uid}];
  const std::string place = event.at("external_event_id");
  const bool moved = payload.contains("previous_external_event_id");
  if (moved) {
    auto node = places.extract(std::string(payload.at("previous_external_event_id")));
    if (!node.empty()) places.insert_or_assign(place, node.mapped());
  }
  auto& told = places[place];
  const bool is_there = told.version != 0;
  const bool deleted = type == kEventDeleted;
  if (is_there == (type == kEventCreated)) {
    return stage_.violated("changes", what + ", which was " + (is_there ? "" : "not ") + "there");
  }
  if (deleted && version != told.version) {
    return stage_.violated("changes", what + ", which was v" + std::to_string(told.version));
  }
  const bool noted = calendar->noted.contains(uid);
  if (type == kEventUpdated && version == told.version && !moved && !noted) {
    return stage_.violated("changes", what + " tells of no change");
  }
  const auto known = calendar->history.find(uid);
  if (known == calendar->history.end()) {
    return stage_.violated("changes", what + ", which the server never had");
  }
  const auto& history = known->second;
  const auto from = history.begin() + static_cast<std::ptrdiff_t>(told.reached);
  const auto found = std::find(from, history.end(), deleted ? 0 : version);
  if (found == history.end()) {
    for (const auto one : history) stage_.say("history: v" + std::to_string(one));
    return stage_.violated("changes", what + ", which did not happen on the server after v" +
                                          std::to_string(told.version));
  }
  told = {deleted ? 0 : version, static_cast<std::size_t>(found - history.begin())};
}

void CalDavAuditor::check_ends() const {
  for (const auto& lost : server_.lost_notes()) {
    return stage_.violated("edits", server_.tenant() + " has overwritten one: " + lost);
  }
  for (const auto& [name, calendar] : server_.calendars()) {
    for (const auto& [uid, history] : calendar.history) {
      const auto told = told_.find({public_id(calendar), uid});
      std::vector<std::uint64_t> there;
      if (told != told_.end()) {
        for (const auto& [place, of_it] : told->second) {
          if (of_it.version != 0) there.push_back(of_it.version);
        }
      }
      const std::uint64_t last = there.empty() ? 0 : there.front();
      if (last == history.back() && there.size() <= 1) continue;
      return stage_.violated("changes", server_.tenant() + "/" + name + ": " + uid + " is v" +
                                            std::to_string(history.back()) + " (" +
                                            server_.dialect().name + "), and the feed ends at v" +
                                            std::to_string(last));
    }
  }
}

}  // namespace tidemark::sim
