#include "sim/write_auditor.h"

#include <algorithm>
#include <set>

#include "engine/journal.h"
#include "sim/edit_auditor.h"
#include "sync/rows.h"

namespace tidemark::sim {
namespace {

// A command for an account whose credentials are refused waits for as long as that lasts.
constexpr milliseconds kGivesUpAfter = std::chrono::hours(24);

}  // namespace

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
        check_same_commit(event);
      } else if (event.type != kEventDeleted && event.payload.contains("event")) {
        const Json& title = event.payload["event"].value("title", Json());
        const bool created =
            event.type == kEventCreated || event.payload.contains("previous_external_event_id");
        if (title.is_string()) {
          const std::string calendar = event.payload.at("calendar").at("id");
          first_told_[title].try_emplace(calendar, Told{created, event.correlation_id});
        }
      }
      if (event.type.starts_with("calendar.event.")) follow(event);
    }
    filter.after = page->next;
    more = page->more;
  }
}

void WriteAuditor::follow(const Event& event) {
  const std::string calendar = event.payload.at("calendar").at("id");
  const Json& told = event.payload.at("event");
  const auto named = [&](const Json& id) { return calendar + " " + id.get<std::string>(); };
  if (event.payload.contains("previous_external_event_id")) {
    titles_[named(event.payload["previous_external_event_id"])] = nullptr;
  }
  titles_[named(told.at("external_event_id"))] =
      event.type == kEventDeleted ? Json(nullptr) : told.at("title");
}

// Whoever hears that a command is done has heard what it did.
void WriteAuditor::check_same_commit(const Event& end) const {
  const Json& id = end.payload.at("external_event_id");
  if (end.type != "calendar.write.done" || !id.is_string()) return;
  const Json& event = end.payload.at("event");
  const auto told = titles_.find(end.payload.at("calendar").at("id").get<std::string>() + " " +
                                 id.get<std::string>());
  // A first sync that has not told it yet, maybe of a calendar that has come back, tells it as it
  // now is.
  if (told == titles_.end() || (told->second.is_null() && !event.is_null())) return;
  const Json title = event.is_null() ? Json(nullptr) : event.at("title");
  if (told->second == title) return;
  stage_.violated("writes", end.payload.at("write").get<std::string>() + " is done with " +
                                title.dump() + " at " + id.dump() + ", and the feed has told " +
                                told->second.dump());
}

void WriteAuditor::check(const StoreView& view) {
  for (const auto& tenant : tenants_) {
    ends_.clear();
    first_told_.clear();
    titles_.clear();
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
    EditAuditor(stage_, tenant, commands_, ends_).check();
  }
}

void WriteAuditor::check(const Tenant& tenant, const Command& command) {
  const auto found = ends_.find(command.id);
  if (found == ends_.end()) return wrong(command, "its end is not told");
  const Event& end = found->second;
  stage_.say("told: " + command.id + " is " + end.type + " " +
             end.payload.value("error", Json()).dump());
  if (end.correlation_id.empty()) return wrong(command, "its end has no correlation");
  if (end.type == "calendar.write.done") return check_done(tenant, command);
  // What is heard to have been taken has not come to nothing.
  const auto& server = *tenant.upstream;
  if (command.version != 0 && server.was_sent_once(command.version) &&
      !server.appearances(command.version).empty()) {
    wrong(command, "ends as " + end.type + ", and the server has taken it");
  }
  if (end.type == "calendar.write.failed") check_failure(tenant, command, end);
}

// Nothing comes to nothing by itself.
void WriteAuditor::check_failure(const Tenant& tenant, const Command& command, const Event& end) {
  const Json& error = end.payload.at("error");
  const std::string code = error.at("code");
  const auto& server = *tenant.upstream;
  const bool closed =
      std::any_of(server.closed().begin(), server.closed().end(), [&](const std::string& calendar) {
        return sync::public_calendar_id(tenant.name, std::string(kAccount), calendar) ==
               command.request.calendar;
      });
  if (closed && (code == name(Errc::not_found) || code == name(Errc::forbidden))) return;
  if (code == name(Errc::protocol_error) && server.was_unwilling()) return;
  if (code == name(Errc::timeout) && stage_.clock.world() > kGivesUpAfter) return;
  // A series that has been changed may have no such instance any more.
  if (is_instance(command.request.event) && code == name(Errc::not_found)) return;
  // An attempt whose answer was lost has made it, and somebody has given it another address.
  const bool made = command.request.kind == WriteRequest::Kind::create &&
                    !server.appearances(command.version).empty();
  if (made && code == name(Errc::forbidden)) return;
  wrong(command, "has failed without a cause: " + error.dump());
}

void WriteAuditor::check_done(const Tenant& tenant, const Command& command) {
  if (command.version == 0) return;  // that it is gone, or was, the mirror's auditor knows
  check_place(tenant, command);
  check_told(tenant, command);
}

// It is on the server, and in one place.
void WriteAuditor::check_place(const Tenant& tenant, const Command& command) {
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
}

// As what the command did, not as somebody else's change that a sync has found.
void WriteAuditor::check_told(const Tenant& tenant, const Command& command) {
  if (!tenant.upstream->was_sent_once(command.version)) return;
  const auto found = first_told_.find(title_of(tenant.name, command.version));
  if (found == first_told_.end()) {
    // What is read back may be what somebody has made of it already.
    if (tenant.upstream->changes().went_on_from(command.version)) return;
    return wrong(command, "is done, and the feed does not tell it");
  }
  const auto here = found->second.find(command.request.calendar);
  if (here == found->second.end()) {
    // Somebody has moved it to another one already.
    if (tenant.upstream->changes().was_touched_after(command.version)) return;
    return wrong(command, "is done, and the feed of its calendar does not tell it");
  }
  const auto& told = here->second;
  // What has not told the event yet, a first sync or one that looks for where it has come from,
  // tells it as it now is.
  const bool belated = told.as_created && command.request.kind != WriteRequest::Kind::create;
  if (belated || told.correlation_id == command.correlation_id) return;
  // Read back after somebody's undoing, and told when that was undone, too.
  if (tenant.upstream->changes().was_put_back(command.version)) return;
  wrong(command, "is told as somebody else's: " + told.correlation_id + " instead of " +
                     command.correlation_id);
}

}  // namespace tidemark::sim
