#include "sim/change_log.h"

#include <algorithm>

namespace tidemark::sim {

void ChangeLog::claim(const std::string& event, std::uint64_t thought) {
  auto& change = changes_.at(event).back();
  change.ours = true;
  change.before = thought;
}

const std::vector<EventChange>& ChangeLog::of(const std::string& event) const {
  static const std::vector<EventChange> kNone;
  const auto found = changes_.find(event);
  return found == changes_.end() ? kNone : found->second;
}

bool ChangeLog::went_on_from(std::uint64_t version) const {
  return std::any_of(changes_.begin(), changes_.end(), [&](const auto& event) {
    const auto& own = event.second;
    const auto became = std::find_if(
        own.begin(), own.end(), [&](const EventChange& change) { return change.after == version; });
    return became != own.end() && own.back().after != version;
  });
}

bool ChangeLog::was_put_back(std::uint64_t version) const {
  return std::any_of(changes_.begin(), changes_.end(), [&](const auto& event) {
    return std::count_if(event.second.begin(), event.second.end(), [&](const EventChange& change) {
             return change.after == version && change.before != version;
           }) > 1;
  });
}

bool ChangeLog::was_touched_after(std::uint64_t version) const {
  return std::any_of(changes_.begin(), changes_.end(), [&](const auto& event) {
    const auto& own = event.second;
    const auto became = std::find_if(
        own.begin(), own.end(), [&](const EventChange& change) { return change.after == version; });
    return became != own.end() && std::next(became) != own.end();
  });
}

bool ChangeLog::went_on_after(const std::string& event,
                              const std::set<std::uint64_t>& versions) const {
  const auto& own = of(event);
  const auto became = std::find_if(own.begin(), own.end(), [&](const EventChange& change) {
    return versions.contains(change.after);
  });
  if (became == own.end() || std::next(became) != own.end()) return true;
  // A series' instances have its id in theirs.
  const auto next = changes_.upper_bound(event);
  return next != changes_.end() && next->first.starts_with(event + "_");
}

}  // namespace tidemark::sim
