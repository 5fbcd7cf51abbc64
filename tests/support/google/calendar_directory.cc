#include "support/google/calendar_directory.h"

#include <utility>

#include "support/google/google_error.h"

namespace tidemark::test::google {

User* CalendarDirectory::user(const std::string& email) {
  return &users_[email];
}

Calendar* CalendarDirectory::calendar(const std::string& id) {
  const auto found = calendars_.find(id);
  return found == calendars_.end() || found->second.removed ? nullptr : &found->second;
}

void CalendarDirectory::add(const std::string& user, const CalendarSpec& spec,
                            const ListingOptions& listing) {
  const auto found = calendars_.find(spec.id);
  if (found == calendars_.end() || found->second.removed) {
    const auto generation = found == calendars_.end() ? 1 : found->second.generation + 1;
    Calendar calendar{spec.id, spec.summary, spec.time_zone, EventStore(spec.id, generation, user),
                      listing};
    calendar.generation = generation;
    calendars_.insert_or_assign(spec.id, std::move(calendar));
  }
  User& owner = users_[user];
  owner.entries[spec.id] = {spec, false, ++owner.version};
}

void CalendarDirectory::withdraw(const std::string& user, const std::string& id) {
  User& owner = users_[user];
  const auto found = owner.entries.find(id);
  if (found == owner.entries.end()) return;
  found->second.deleted = true;
  found->second.version = ++owner.version;
}

void CalendarDirectory::remove(const std::string& id) {
  Calendar* const found = calendar(id);
  if (found == nullptr) return;
  found->removed = true;
  for (auto& [email, user] : users_) withdraw(email, id);
}

void CalendarDirectory::read_only_change(const std::string& id) {
  if (!list_options.read_only_changes_listed) return;
  for (auto& [email, user] : users_) {
    const auto found = user.entries.find(id);
    if (found != user.entries.end() && !found->second.deleted) {
      found->second.version = ++user.version;
    }
  }
}

void CalendarDirectory::rename(const std::string& id, const std::string& summary) {
  if (Calendar* const found = calendar(id)) found->summary = summary;
  read_only_change(id);
}

void CalendarDirectory::set_role(const std::string& user, const std::string& id,
                                 const std::string& role) {
  const auto found = users_[user].entries.find(id);
  if (found == users_[user].entries.end()) return;
  found->second.spec.access_role = role;
  read_only_change(id);
}

void CalendarDirectory::set_hidden(const std::string& user, const std::string& id, bool hidden) {
  User& owner = users_[user];
  const auto found = owner.entries.find(id);
  if (found == owner.entries.end()) return;
  found->second.spec.hidden = hidden;
  found->second.version = ++owner.version;
}

tl::expected<CalendarAccess, HttpResponse> CalendarDirectory::access(const std::string& user,
                                                                     const std::string& id) {
  for (const auto& [calendar_id, entry] : users_[user].entries) {
    const bool meant = calendar_id == id || (id == "primary" && entry.spec.primary);
    Calendar* const found = meant && !entry.deleted ? calendar(calendar_id) : nullptr;
    if (found == nullptr) continue;
    if (found->forbidden) return tl::unexpected(forbidden());
    return CalendarAccess{found, entry.spec.access_role};
  }
  return tl::unexpected(not_found());
}

Json CalendarDirectory::entry(const std::string& user, const std::string& id) {
  const ListEntry& entry = users_[user].entries.at(id);
  Json out = {{"kind", "calendar#calendarListEntry"},
              {"etag", "\"17" + std::to_string(entry.version) + "000\""},
              {"id", id}};
  if (entry.deleted) {
    out["deleted"] = true;
    return out;
  }
  const Calendar& calendar = calendars_.at(id);
  out["summary"] = calendar.summary;
  out["timeZone"] = calendar.time_zone;
  out["colorId"] = entry.spec.color_id;
  out["backgroundColor"] = entry.spec.background_color;
  out["foregroundColor"] = "#000000";
  out["selected"] = !entry.spec.hidden;
  out["accessRole"] = entry.spec.access_role;
  out["defaultReminders"] = Json::array();
  // Google writes these only when they are true.
  if (entry.spec.hidden) out["hidden"] = true;
  if (entry.spec.primary) out["primary"] = true;
  return out;
}

}  // namespace tidemark::test::google
