#include "sim/write_auditor.h"

#include <algorithm>
#include <set>

#include "engine/journal.h"

namespace tidemark::sim {

void WriteAuditor::wrong(const Command& command, const std::string& what) const {
  stage_.violated("writes", command.request.tenant + "'s " + command.request.idempotency_key +
                                " (" + command.id + ", v" + std::to_string(command.version) +
                                "): " + what);
}

void WriteAuditor::read(const StoreView& view, const std::string& tenant) {
  FeedFilter filter{.tenant = tenant, .type_glob = "calendar.*", .limit = 500};
  for (bool more = true; more && !stage_.violation;) {
    const auto page = read_feed(view, filter);
    if (!page) return stage_.violated("feed", page.error().message);
    for (const auto& item : page->items) {
      const Event& event = item.event;
      if (event.type.starts_with("calendar.write.")) {
        const std::string id = event.payload.at("write");
        if (!ends_.emplace(id, event).second) {
          stage_.violated("writes", tenant + "'s " + id + " ended twice");
        }
      } else if (event.type != kEventDeleted && event.payload.contains("event")) {
        const Json& title = event.payload["event"].value("title", Json());
        const bool created = event.type == kEventCreated;
        if (title.is_string()) first_told_.emplace(title, Told{created, event.correlation_id});
      }
    }
    filter.after = page->next;
    more = page->more;
  }
}

void WriteAuditor::check(const StoreView& view) {
  for (const auto& tenant : tenants_) {
    ends_.clear();
    first_told_.clear();
    read(view, tenant.name);
    std::set<std::string> accepted;
    for (const auto& command : commands_) {
      if (command.request.tenant != tenant.name || command.refused) continue;
      accepted.insert(command.id);
      check(tenant, command);
    }
    for (const auto& [id, end] : ends_) {
      if (accepted.contains(id)) continue;
      stage_.violated("writes", tenant.name + "'s " + id + " ended, and nobody asked for it");
    }
  }
}

void WriteAuditor::check(const Tenant& tenant, const Command& command) {
  const auto found = ends_.find(command.id);
  if (found == ends_.end()) return wrong(command, "its end is not told");
  const Event& end = found->second;
  stage_.say("told: " + command.id + " is " + end.type);
  if (end.correlation_id.empty()) return wrong(command, "its end has no correlation");
  if (end.type == "calendar.write.done") return check_done(tenant, command, end);
  // What was sent once only, and refused, did nothing.
  const auto& server = *tenant.upstream;
  if (command.version != 0 && server.was_sent_once(command.version) &&
      !server.appearances(command.version).empty()) {
    wrong(command, "ends as " + end.type + ", and the server has taken it");
  }
}

void WriteAuditor::check_done(const Tenant& tenant, const Command& command, const Event& end) {
  if (command.version == 0) return;  // that it is gone, or was, the mirror's auditor knows
  check_place(tenant, command, end);
  check_told(tenant, command);
}

// It is on the server, in one place, and followed what it was to follow.
void WriteAuditor::check_place(const Tenant& tenant, const Command& command, const Event& end) {
  const auto seen = tenant.upstream->appearances(command.version);
  if (seen.empty()) return wrong(command, "is done, and the server never had it");
  if (command.request.kind == WriteRequest::Kind::create) {
    const std::string& first = seen.front().id;
    for (const auto& other : seen) {
      // A series' parts have its id in theirs, and an event that is moved keeps its own.
      if (!other.id.starts_with(first) && !first.starts_with(other.id)) {
        return wrong(command, "made " + first + " and " + other.id);
      }
    }
  }
  if (!command.based || end.payload.at("event").is_null()) return;
  const auto& before = seen.front().before;
  if (before == 0 || before == *command.based) return;
  wrong(command, "was to change v" + std::to_string(*command.based) + ", and changed v" +
                     std::to_string(before));
}

// As what the command did, not as somebody else's change that a sync has found.
void WriteAuditor::check_told(const Tenant& tenant, const Command& command) {
  if (!tenant.upstream->was_sent_once(command.version)) return;
  const auto found = first_told_.find(title_of(tenant.name, command.version));
  if (found == first_told_.end()) return wrong(command, "is done, and the feed does not tell it");
  const auto& told = found->second;
  // A first sync that has not told the event yet tells it as it now is.
  const bool belated = told.as_created && command.request.kind != WriteRequest::Kind::create;
  if (belated || told.correlation_id == command.correlation_id) return;
  wrong(command, "is told as somebody else's: " + told.correlation_id + " instead of " +
                     command.correlation_id);
}

}  // namespace tidemark::sim
